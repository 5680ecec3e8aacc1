package ingest

import (
	"strings"

	"gatecrier/models"
)

// grype reads Anchore Grype's JSON (grype -o json). Its list of matches marks it, whose
// elements have a vulnerability and an artifact. Other tools have a list of that name too.
type grype struct {
	doc        *document
	typeErrs   typeErrors
	hasMatches bool   // it has the list, perhaps an empty one
	foreignAt  string // the place of a match that is none of Grype's; "" = none
	foreignKey bool   // a top-level key is none of Grype's
	tool       string
	findings   *Findings
}

func newGrype(d *document, t *texts) *grype { return &grype{doc: d, findings: newFindings(t)} }

func (g *grype) typeErrors() *typeErrors { return &g.typeErrs }
func (g *grype) check(bool) error        { return g.typeErrs.first }
func (g *grype) report() Report          { return Report{Tool: g.tool, Findings: g.findings} }

// recognized reports whether all matches are Grype's. An empty list has no such mark: the
// name of the tool decides, else the other keys.
func (g *grype) recognized() bool {
	switch {
	case !g.hasMatches || g.foreignAt != "":
		return false
	case g.findings.Len() > 0 || g.typeErrs.first != nil:
		return true
	case g.tool != "":
		return strings.Contains(strings.ToLower(g.tool), "grype")
	}
	return !g.foreignKey
}

// note notes a top-level key.
func (g *grype) note(key string) {
	switch key {
	case "matches", "ignoredMatches", "alertsByPackage", "source", "distro", "descriptor":
	default:
		g.foreignKey = true
	}
}

func (g *grype) member(key string) func() error {
	switch key {
	case "matches":
		return g.matches
	case "descriptor":
		return g.descriptor
	}
	return nil
}

// descriptor reads the tool's name. Nothing depends on it, so that any type is accepted.
func (g *grype) descriptor() error {
	g.doc.typeErrs = nil
	return g.doc.object(func(key string) (err error) {
		if key != "name" {
			return g.doc.skip()
		}
		g.tool, err = g.doc.textOrEmpty()
		return err
	})
}

func (g *grype) matches() error {
	given, err := g.doc.given(nil, g.match)
	g.hasMatches = g.hasMatches || given
	return err
}

type grypeMatch struct {
	Vulnerability *struct {
		ID          string   `json:"id"`
		Severity    string   `json:"severity"`
		Description string   `json:"description"`
		DataSource  string   `json:"dataSource"`
		Links       []string `json:"links"` // before Grype 0.10
		Fix         struct {
			Versions []string `json:"versions"`
		} `json:"fix"`
	} `json:"vulnerability"`
	Related []struct {
		Description string `json:"description"`
	} `json:"relatedVulnerabilities"`
	Artifact *struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Type      string `json:"type"`
		PURL      string `json:"purl"`
		Locations []struct {
			Path string `json:"path"`
		} `json:"locations"`
	} `json:"artifact"`
}

// match reads one match: a vulnerability in an artifact.
func (g *grype) match() error {
	var m grypeMatch
	if ok, err := g.doc.decodeStrict(&m); err != nil || !ok {
		return err
	}
	v, a := m.Vulnerability, m.Artifact
	if v == nil || a == nil {
		g.foreignAt = first(g.foreignAt, g.doc.location())
		return nil
	}
	f := Finding{
		Title: v.ID, Description: v.Description, Component: a.Name + " " + a.Version,
		Fix: strings.Join(v.Fix.Versions, ", "), URL: v.DataSource,
		Severity: severityOf(v.Severity), Status: models.StatusOpen,
	}
	if len(a.Locations) > 0 {
		f.Location = a.Locations[0].Path
	}
	if f.Description == "" && len(m.Related) > 0 {
		f.Description = m.Related[0].Description
	}
	if f.URL == "" && len(v.Links) > 0 {
		f.URL = v.Links[0]
	}
	g.findings.add(digestOf(v.ID, first(a.PURL, a.Name+"\x00"+a.Version), a.Type), f)
	return nil
}
