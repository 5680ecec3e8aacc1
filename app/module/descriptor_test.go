package module

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
)

func sample() Descriptor {
	return Descriptor{
		Name: "sample", Title: "Sample", Icon: "bell", Limits: Limits{Parallel: 1},
		Fields: []Field{
			{Name: "url", Label: "URL", Kind: FieldURL, Required: true, Secret: true, MaxLen: 30},
			{Name: "channel", Label: "Channel", Kind: FieldText},
			{Name: "key", Label: "Key", Kind: FieldSecret, Required: true, Secret: true, Generated: true},
		},
	}
}

func TestDescriptorClean(t *testing.T) {
	long := strings.Repeat("ä", 201)
	tests := []struct {
		name        string
		give, clean Config
		wrong       fault.Fields
	}{
		{"fine", Config{"url": " https://x.example\n", "channel": " "}, Config{"url": "https://x.example"}, nil},
		{"as long as may be", Config{"url": "u", "channel": long[2:]}, Config{"url": "u", "channel": long[2:]}, nil},
		{"missing", nil, Config{}, fault.Fields{{Name: "url", Message: "is required"}}},
		{
			"too long",
			Config{"url": "u", "channel": long},
			Config{"url": "u", "channel": long},
			fault.Fields{{Name: "channel", Message: "can have at most 200 characters"}},
		},
		{
			"limit of its own",
			Config{"url": long},
			Config{"url": long},
			fault.Fields{{Name: "url", Message: "can have at most 30 characters"}},
		},
		{
			"line break",
			Config{"url": "a\r\nb"},
			Config{"url": "a\r\nb"},
			fault.Fields{{Name: "url", Message: "has a character that is not allowed"}},
		},
		{
			"not UTF-8",
			Config{"url": "a\xffb"},
			Config{"url": "a\xffb"},
			fault.Fields{{Name: "url", Message: "has a character that is not allowed"}},
		},
		{
			"unknown",
			Config{"url": "u", "uri": "u"},
			Config{"url": "u"},
			fault.Fields{{Name: "uri", Message: "this field does not exist"}},
		},
	}
	for _, tt := range tests {
		clean, fieldErrs := sample().Clean(tt.give)
		if diff := cmp.Diff(tt.clean, clean); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if len(fieldErrs) != len(tt.wrong) || len(fieldErrs) > 0 && fieldErrs[0] != tt.wrong[0] {
			t.Errorf("%s: wrong = %v, want %v", tt.name, fieldErrs, tt.wrong)
		}
	}
}

func TestDescriptorVisibleAndSecrets(t *testing.T) {
	c := Config{"url": "https://x.example", "channel": "general", "key": ""}
	if diff := cmp.Diff(Config{"channel": "general"}, sample().Visible(c)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"https://x.example"}, sample().Secrets(c)); diff != "" {
		t.Error(diff)
	}
}

// bare is a module with only a descriptor.
type bare struct{ d Descriptor }

func (b bare) Descriptor() Descriptor         { return b.d }
func (bare) Prepare(c Config) (Config, error) { return c, nil }
func (bare) Hint(Config) string               { return "" }

func TestRegistry(t *testing.T) {
	first, second := sample(), sample()
	second.Name = "another"
	r, err := NewRegistry(bare{first}, bare{second})
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := r.Get("another"); !ok || m.Descriptor().Name != "another" {
		t.Errorf("Get = %v, %v", m, ok)
	}
	if m, ok := r.Get("missing"); ok || m != nil {
		t.Errorf("Get of a missing one = %v", m)
	}
	all := r.All()
	if len(all) != 2 || all[0].Descriptor().Name != "sample" || all[1].Descriptor().Name != "another" {
		t.Errorf("All = %v", all)
	}
	all[0] = nil
	if r.All()[0] == nil {
		t.Error("the registry can be changed from outside")
	}
}

func TestRegistry_Refuses(t *testing.T) {
	bad := map[string]func(*Descriptor){
		"no name":   func(d *Descriptor) { d.Name = "" },
		"no title":  func(d *Descriptor) { d.Name = "x"; d.Title = "" },
		"no limits": func(d *Descriptor) { d.Name = "x"; d.Limits = Limits{} },
		"no icon":   func(d *Descriptor) { d.Name = "x"; d.Icon = "" },
		"key for any URL": func(d *Descriptor) {
			d.Name, d.Fields[0].Secret, d.Fields[2].Generated = "x", false, false
		},
		"unknown icon":    func(d *Descriptor) { d.Name = "x"; d.Icon = "no-such-icon" },
		"same name":       func(*Descriptor) {},
		"field twice":     func(d *Descriptor) { d.Name = "x"; d.Fields[1].Name = "url" },
		"unknown kind":    func(d *Descriptor) { d.Name = "x"; d.Fields[1].Kind = "color" },
		"field, no label": func(d *Descriptor) { d.Name = "x"; d.Fields[1].Label = "" },
		"field, no name":  func(d *Descriptor) { d.Name = "x"; d.Fields[1].Name = "" },
	}
	for name, spoil := range bad {
		d := sample()
		spoil(&d)
		if _, err := NewRegistry(bare{sample()}, bare{d}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
