package settings

import (
	"strings"
	"unicode"
)

func deliverySection(always string, badNetworks func(string) string) Section {
	return Section{
		Name:  SectionDelivery,
		Title: "Delivery",
		Summary: "Which private addresses can receive messages. Loopback, private and link-local addresses are " +
			"refused unless they are allowed here or by GATECRIER_ALLOW_NETWORKS.",
		Fields: []Field{
			{
				Name:        "allow_networks",
				Label:       "Allowed private addresses",
				Constant:    "ALLOW_NETWORKS",
				Kind:        KindLines,
				Guarded:     true,
				Default:     "",
				MaxLength:   4000,
				Placeholder: "10.20.0.0/16, mattermost.internal:8065",
				Help: "Separated by commas or lines: 10.20.0.0/16, 10.1.2.3, host.internal, host.internal:8443. " +
					"A name allows all addresses that it resolves to.",
				Fixed:    Networks(always),
				FixedWhy: "Always allowed by GATECRIER_ALLOW_NETWORKS; change it in the environment of the server",
				check:    func(list string) string { return badNetworks(Networks(list)) },
			},
		},
	}
}

// Networks returns a list of networks with commas between them.
func Networks(list string) string {
	separator := func(r rune) bool { return r == ',' || unicode.IsSpace(r) }
	return strings.Join(strings.FieldsFunc(list, separator), ",")
}
