package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gatecrier/app/vex"
	"gatecrier/models"
)

// csaf reads CSAF 2.0 and 2.1: documents of the VEX profile, and security advisories that say which
// products are affected.
type csaf struct {
	doc                *document
	made               vex.Document
	head               csafHead
	tree               csafTree
	vulnerabilities    []csafVulnerability
	hasVulnerabilities bool
	listed             int // products of all statements
}

type csafHead struct {
	Category  string `json:"category"`
	Version   string `json:"csaf_version"`
	Publisher struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"publisher"`
	Tracking struct {
		ID      string `json:"id"`
		Version string `json:"version"`
		Status  string `json:"status"`
		Current string `json:"current_release_date"`
	} `json:"tracking"`
}

type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Status       csafStatus `json:"product_status"`
	Flags        []csafSaid `json:"flags"`
	Threats      []csafSaid `json:"threats"`
	Remediations []csafSaid `json:"remediations"`
}

type csafStatus struct {
	FirstAffected      []string `json:"first_affected"`
	KnownAffected      []string `json:"known_affected"`
	LastAffected       []string `json:"last_affected"`
	FirstFixed         []string `json:"first_fixed"`
	Fixed              []string `json:"fixed"`
	KnownNotAffected   []string `json:"known_not_affected"`
	UnderInvestigation []string `json:"under_investigation"`
}

// csafSaid is a flag, a threat or a remediation of products.
type csafSaid struct {
	Label    string   `json:"label"`
	Category string   `json:"category"`
	Details  string   `json:"details"`
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

// maxVEXProducts bounds the products of all statements of a document.
const maxVEXProducts = 200_000

// The categories of documents whose products have a status.
const (
	csafVEX      = "csaf_vex"
	csafAdvisory = "csaf_security_advisory"
)

func (c *csaf) member(key string) (err error) {
	switch key {
	case "document":
		_, err = c.doc.decodeStrict(&c.head)
	case "product_tree":
		_, err = c.doc.decodeStrict(&c.tree)
	case "vulnerabilities":
		c.hasVulnerabilities, err = c.doc.given(nil, func() error {
			var v csafVulnerability
			_, err := c.doc.decodeStrict(&v)
			c.vulnerabilities = append(c.vulnerabilities, v)
			return err
		})
	default:
		err = c.doc.skip()
	}
	return err
}

func (c *csaf) end() (*vex.Document, error) {
	if c.doc.typeErrs.first != nil {
		return nil, c.doc.typeErrs.first
	}
	if err := c.readHead(); err != nil {
		return nil, err
	}
	if !c.hasVulnerabilities {
		return nil, wrongVEX("vulnerabilities", "the document has no list of vulnerabilities")
	}
	products, err := c.tree.products()
	if err != nil {
		return nil, err
	}
	for i, v := range c.vulnerabilities {
		if err := c.statements(fmt.Sprintf("vulnerabilities[%d]", i), v, products); err != nil {
			return nil, err
		}
	}
	if len(c.made.Statements) == 0 && c.head.Category == csafAdvisory {
		return nil, wrongVEX("vulnerabilities", "the advisory has no product_status, so that it has no statements")
	}
	return &c.made, nil
}

// csafVersions are the versions of the format that are read, and csafVersion matches the versions of a
// document.
var (
	csafVersions = []string{"2.0", "2.1"}
	csafVersion  = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18}\.[0-9]{1,18}([-+][0-9A-Za-z.+-]+)?)?$`)
)

func (c *csaf) readHead() (err error) {
	h, d := c.head, &c.made
	if h.Category != csafVEX && h.Category != csafAdvisory {
		return wrongVEX("document.category", "expected csaf_vex, or csaf_security_advisory with a product_status")
	}
	if !slices.Contains(csafVersions, h.Version) {
		return wrongVEX("document.csaf_version", "CSAF 2.0 and 2.1 are read. Let its publisher write one of these")
	}
	if status := h.Tracking.Status; status != "final" && status != "interim" {
		return wrongVEX("document.tracking.status", "expected final or interim: a draft does not count yet. Send the "+
			"document when it is published")
	}
	if d.ID, err = vexID("document.tracking.id", h.Tracking.ID); err != nil {
		return err
	}
	namespace := strings.TrimRight(strings.TrimSpace(h.Publisher.Namespace), "/")
	if namespace == "" {
		return wrongVEX("document.publisher.namespace", "the ID of a document needs the namespace of its publisher")
	}
	if d.ID, err = vexID("document.publisher.namespace", namespace+"/"+d.ID); err != nil {
		return err
	}
	if d.Version = clean(h.Tracking.Version, 100); !csafVersion.MatchString(d.Version) {
		return wrongVEX("document.tracking.version", "expected a whole number or a semantic version, such as 1 or 1.0.2")
	}
	if d.At, err = vexTime("document.tracking.current_release_date", h.Tracking.Current); err != nil {
		return err
	}
	d.Author = clean(first(h.Publisher.Name, namespace), maxTitle)
	return nil
}

// csafWhy is what a document says of a product and a vulnerability beside the status.
type csafWhy struct {
	status                        models.Status
	justification, impact, action string
}

// statements adds the statements of a vulnerability: one for the products of which it says the same.
func (c *csaf) statements(place string, v csafVulnerability, products csafFound) error {
	var ids []string
	for _, id := range v.IDs {
		ids = append(ids, id.Text)
	}
	names := vexNames(v.CVE, ids)
	if len(names) == 0 {
		return wrongVEX(place, "the vulnerability has neither cve nor ids")
	}
	flags, impacts := c.tree.said(v.Flags, ""), c.tree.said(v.Threats, "impact")
	actions := c.tree.said(v.Remediations, "")
	byWhy := map[csafWhy]int{}
	for _, group := range v.Status.groups() {
		for i, id := range group.products {
			at := fmt.Sprintf("%s.product_status.%s[%d]", place, group.name, i)
			known, ok := products[id]
			if !ok {
				return wrongVEX(at, "the product tree has no product "+clean(id, 100))
			}
			if c.listed += len(known); c.listed > maxVEXProducts {
				return wrongVEX(at, "more than 200,000 products in all statements: split the document")
			}
			why := csafWhy{status: group.status}
			switch group.status {
			case models.StatusNotAffected:
				why.justification, why.impact = flags.of(id).Label, impacts.of(id).Details
			case models.StatusResolved:
				why.justification = "fixed"
			default:
				why.action = actions.of(id).Details
			}
			n, ok := byWhy[why]
			if !ok {
				if n = len(c.made.Statements); n == vex.MaxStatements {
					return tooManyStatements("vulnerabilities")
				}
				byWhy[why] = n
				c.made.Statements = append(c.made.Statements, vex.Statement{
					Vulnerability: names, Status: why.status, Justification: why.justification, Impact: why.impact,
					Action: why.action, At: c.made.At,
				})
			}
			c.made.Statements[n].Products = append(c.made.Statements[n].Products, known...)
		}
	}
	return nil
}

type csafGroup struct {
	name     string
	status   models.Status
	products []string
}

// groups returns the groups of a product_status that say whether products are affected.
func (s csafStatus) groups() []csafGroup {
	return []csafGroup{
		{"first_affected", models.StatusAffected, s.FirstAffected},
		{"known_affected", models.StatusAffected, s.KnownAffected},
		{"last_affected", models.StatusAffected, s.LastAffected},
		{"under_investigation", models.StatusInReview, s.UnderInvestigation},
		{"known_not_affected", models.StatusNotAffected, s.KnownNotAffected},
		{"first_fixed", models.StatusResolved, s.FirstFixed},
		{"fixed", models.StatusResolved, s.Fixed},
	}
}
