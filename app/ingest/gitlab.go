package ingest

import (
	"encoding/json"
	"strings"

	"gatecrier/models"
)

// gitlab reads GitLab's security reports: of dependencies, containers, code, secrets and
// running applications. CycloneDX has a list of the same name.
type gitlab struct {
	doc                *document
	typeErrs           typeErrors
	hasVersion         bool
	hasVulnerabilities bool // it has the list, perhaps an empty one
	hasScan            bool
	foreignAt          string // the place of a vulnerability that is none of GitLab's; "" = none
	failed             bool   // the scan says so
	tool               string // of the scan
	scanner            string // of the first finding, in old reports
	findings           *Findings
}

func newGitLab(d *document, t *texts) *gitlab { return &gitlab{doc: d, findings: newFindings(t)} }

func (g *gitlab) typeErrors() *typeErrors { return &g.typeErrs }

// recognized reports whether the document has a scan, or findings that are all GitLab's: its
// other keys are common.
func (g *gitlab) recognized() bool {
	marked := g.hasScan || g.foreignAt == "" && (g.findings.Len() > 0 || g.typeErrs.first != nil)
	return g.hasVersion && g.hasVulnerabilities && marked
}

func (g *gitlab) check(bool) error {
	if g.typeErrs.first != nil {
		return g.typeErrs.first
	}
	if g.failed && g.findings.Len() == 0 {
		return &refusal{"scan.status", "the scan failed and found nothing. Repeat it, and send its report"}
	}
	return nil
}

func (g *gitlab) report() Report {
	r := Report{Tool: first(g.tool, g.scanner), Findings: g.findings}
	if g.failed {
		r.Partial, r.Warnings = true, []string{brokeOff("scan.status")}
	}
	return r
}

func (g *gitlab) member(key string) func() error {
	if key == "scan" {
		return g.scan
	}
	return nil
}

// scan reads the tool's name and whether the scan failed. It accepts any type: a scan without
// a status has not failed.
func (g *gitlab) scan() error {
	g.doc.typeErrs = nil
	return g.doc.object(func(key string) error {
		g.hasScan = true
		switch key {
		case "scanner":
			return g.doc.object(g.scannerName)
		case "status":
			status, err := g.doc.textOrEmpty()
			g.failed = g.failed || strings.EqualFold(strings.TrimSpace(status), "failure")
			return err
		}
		return g.doc.skip()
	})
}

func (g *gitlab) scannerName(key string) (err error) {
	if key != "name" {
		return g.doc.skip()
	}
	g.tool, err = g.doc.textOrEmpty()
	return err
}

type gitlabVulnerability struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Message     string `json:"message"`
	Description string `json:"description"`
	CVE         string `json:"cve"`
	Severity    string `json:"severity"`
	Solution    string `json:"solution"`
	Scanner     struct {
		Name string `json:"name"`
	} `json:"scanner"`
	Location    json.RawMessage `json:"location"`
	Identifiers []struct {
		Type string `json:"type"`
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"identifiers"`
	Links []struct {
		URL string `json:"url"`
	} `json:"links"`
}

// gitlabLocation has the keys of all kinds of scans.
type gitlabLocation struct {
	File       string  `json:"file"`
	StartLine  float64 `json:"start_line"`
	Image      string  `json:"image"`
	Hostname   string  `json:"hostname"`
	Path       string  `json:"path"`
	Dependency struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Version string `json:"version"`
	} `json:"dependency"`
}

// rawVulnerability adds an element of the list of vulnerabilities, unless a type is wrong.
func (g *gitlab) rawVulnerability(raw json.RawMessage) {
	var v gitlabVulnerability
	if !g.doc.unmarshalStrict(raw, &v) {
		return
	}
	hasLocation := len(v.Location) > 0 && string(v.Location) != "null"
	if v.Identifiers == nil && !hasLocation {
		g.foreignAt = first(g.foreignAt, g.doc.location())
	}
	g.scanner = first(g.scanner, v.Scanner.Name)
	var l gitlabLocation
	if len(v.Location) > 0 && !g.doc.inside("location").unmarshalStrict(v.Location, &l) {
		return
	}
	g.findings.add(v.identity(), Finding{
		Title: v.title(), Description: first(v.Description, v.Message, v.Name),
		Component: l.Dependency.Package.Name + " " + l.Dependency.Version,
		Location:  first(fileLine(l.File, lineOf(l.StartLine)), l.Image, l.Hostname+l.Path),
		Fix:       v.Solution, URL: v.url(), Severity: severityOf(v.Severity), Status: models.StatusOpen,
	})
}

func (v *gitlabVulnerability) identity() digest {
	switch {
	case v.ID != "":
		return digestOf("id", v.ID)
	case v.CVE != "":
		return digestOf("cve", v.CVE)
	}
	return digestOf("location", canonical(v.Location))
}

// title returns the CVE, else the name of the finding.
func (v *gitlabVulnerability) title() string {
	for _, i := range v.Identifiers {
		if strings.EqualFold(i.Type, "cve") && i.Name != "" {
			return i.Name
		}
	}
	other := v.CVE
	if len(v.Identifiers) > 0 {
		other = first(v.Identifiers[0].Name, other)
	}
	return first(v.Name, v.Message, other, v.ID)
}

func (v *gitlabVulnerability) url() string {
	for _, l := range v.Links {
		if l.URL != "" {
			return l.URL
		}
	}
	for _, i := range v.Identifiers {
		if i.URL != "" {
			return i.URL
		}
	}
	return ""
}

// canonical returns a value's text with its keys in order, "" for none.
func canonical(text json.RawMessage) string {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return "" // the finding has no location
	}
	ordered, err := json.Marshal(value)
	if err != nil {
		return string(text)
	}
	return string(ordered)
}
