package ingest

import (
	"strings"

	"gatecrier/models"
)

// grype reads Anchore Grype's JSON (grype -o json). Its list of matches marks it.
type grype struct {
	doc        *document
	typeErrs   typeErrors
	hasMatches bool
	tool       string
	findings   *Findings
}

func newGrype(d *document, t *texts) *grype { return &grype{doc: d, findings: newFindings(t)} }

func (g *grype) recognized() bool        { return g.hasMatches }
func (g *grype) typeErrors() *typeErrors { return &g.typeErrs }
func (g *grype) report() Report          { return Report{Tool: g.tool, Findings: g.findings} }

func (g *grype) member(key string) func() error {
	switch key {
	case "matches":
		g.hasMatches = true
		return func() error { return g.doc.array(g.match) }
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

type grypeMatch struct {
	Vulnerability struct {
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
	Artifact struct {
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
