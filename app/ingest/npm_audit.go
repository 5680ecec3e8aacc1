package ingest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatecrier/models"
)

// npmAudit reads the JSON of npm audit: version 2, of npm 7 and later, an object of packages with
// their advisories in via; and version 1, of npm 6 and pnpm, an object of advisories. A package
// that is only affected by another one has no finding of its own, if the report has that one.
type npmAudit struct {
	doc           *document
	typeErrs      typeErrors
	hasVersion    bool
	hasMetadata   bool
	hasPackages   bool   // vulnerabilities is an object
	hasAdvisories bool   // advisories is an object
	countedAt     string // the place of a count above 0; "" = none
	failedAt      string // the place of an error; "" = none
	affected      []npmAffected
	explained     map[string]bool // the packages with an advisory
	findings      *Findings
}

func newNPMAudit(d *document, t *texts) *npmAudit {
	return &npmAudit{doc: d, explained: map[string]bool{}, findings: newFindings(t)}
}

func (n *npmAudit) typeErrors() *typeErrors { return &n.typeErrs }

// check refuses a report without findings that has an error, or that counts vulnerabilities.
func (n *npmAudit) check(bool) error {
	n.explain()
	switch {
	case n.typeErrs.first != nil:
		return n.typeErrs.first
	case n.findings.Len() > 0:
		return nil
	case n.failedAt != "":
		return &refusal{n.failedAt, "the audit failed and found nothing. Repeat it, and send its report"}
	case n.countedAt != "":
		return &refusal{n.countedAt, "npm counts vulnerabilities that the report does not have. Send the complete output " +
			"of npm audit --json"}
	}
	return nil
}

func (n *npmAudit) report() Report {
	r := Report{Tool: "npm audit", Findings: n.findings}
	if n.failedAt != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(n.failedAt)}
	}
	return r
}

func (n *npmAudit) recognized() bool {
	return n.hasVersion && n.hasPackages || n.hasAdvisories && n.hasMetadata
}

// note notes a top-level key that other formats have too.
func (n *npmAudit) note(key string) { n.hasMetadata = n.hasMetadata || key == "metadata" }

func (n *npmAudit) member(key string) func() error {
	switch key {
	case "auditReportVersion":
		n.hasVersion = true
	case "error":
		return func() error {
			given, err := n.doc.isGiven()
			if given {
				n.failedAt = first(n.failedAt, n.doc.location())
			}
			return err
		}
	case "advisories":
		return func() error {
			given, err := n.doc.given(n.advisory, nil)
			n.hasAdvisories = n.hasAdvisories || given
			return err
		}
	}
	return nil
}

type npmCVSS struct {
	Score  score  `json:"score"`
	Vector string `json:"vectorString"`
}

type npmPackage struct {
	Name         string            `json:"name"`
	Severity     loose[string]     `json:"severity"`
	Range        loose[string]     `json:"range"`
	Via          []json.RawMessage `json:"via"`
	Nodes        []string          `json:"nodes"`
	FixAvailable json.RawMessage   `json:"fixAvailable"`
}

type npmVia struct {
	Source   json.Number `json:"source"`
	Name     string      `json:"name"`
	Title    string      `json:"title"`
	URL      string      `json:"url"`
	Severity string      `json:"severity"`
	CWE      textOrList  `json:"cwe"`
	CVSS     npmCVSS     `json:"cvss"`
	Range    string      `json:"range"`
}

// packageOf reads a package of version 2.
func (n *npmAudit) packageOf(name string) error {
	var p npmPackage
	if ok, err := n.doc.decodeStrict(&p); err != nil || !ok {
		return err
	}
	p.Name = first(p.Name, name)
	slices.Sort(p.Nodes)
	fix, unfixed := p.fix()
	var via []string
	for _, raw := range p.Via {
		var v npmVia
		if len(raw) == 0 || raw[0] != '{' { // the name of a package that has the advisory
			name, _ := textIn(raw)
			via = append(via, name)
			continue
		}
		n.explained[name] = true
		if !n.doc.inside("via").unmarshalStrict(raw, &v) {
			return nil
		}
		id := first(advisoryID(v.URL), v.Source.String(), v.Title)
		f := Finding{
			Title: first(advisoryID(v.URL), v.Title, "advisory "+v.Source.String()), Description: v.Title,
			Component: strings.TrimSpace(p.Name + " " + v.Range), Fix: fix, Unfixed: unfixed, URL: v.URL,
			Severity: severityOf(v.Severity), Status: models.StatusOpen,
			Match: matchKey{
				stable: digestOf(id, p.Name).short(), component: digestOf("package", p.Name).short(),
			},
		}
		d := models.Details{CWEs: cweNames(v.CWE), Score: v.CVSS.Score.value, Vector: v.CVSS.Vector}
		if len(p.Nodes) > 0 {
			f.Location, d.Locations = p.Nodes[0], p.Nodes[1:]
		}
		f.Details = d.Encode()
		n.findings.add(digestOf(append([]string{id, p.Name}, p.Nodes...)...), f)
	}
	if len(via) > 0 || len(p.Via) == 0 {
		n.affected = append(n.affected, npmAffected{name, via, n.findings.texts.compact(p.finding())})
	}
	return nil
}

// fix returns what fixes a package: the version of a direct dependency, or npm audit fix.
func (p *npmPackage) fix() (text string, unfixed bool) {
	var v struct{ Name, Version string }
	switch {
	case string(p.FixAvailable) == "false":
		return "", true
	case string(p.FixAvailable) == "true":
		return "npm audit fix", false
	case json.Unmarshal(p.FixAvailable, &v) == nil && v.Name != "":
		return v.Name + " " + v.Version, false
	}
	return "", false
}

// advisoryID returns the GHSA at the end of an advisory's address, "" for none.
func advisoryID(url string) string {
	if id := url[strings.LastIndexByte(url, '/')+1:]; strings.HasPrefix(id, "GHSA-") {
		return id
	}
	return ""
}

type npmAdvisory struct {
	ID         json.Number `json:"id"`
	GHSA       string      `json:"github_advisory_id"`
	Module     string      `json:"module_name"`
	Severity   string      `json:"severity"`
	Title      string      `json:"title"`
	Overview   string      `json:"overview"`
	URL        string      `json:"url"`
	CVEs       []string    `json:"cves"`
	CWE        textOrList  `json:"cwe"`
	CVSS       npmCVSS     `json:"cvss"`
	Vulnerable string      `json:"vulnerable_versions"`
	Patched    string      `json:"patched_versions"`
	Findings   []struct {
		Version string   `json:"version"`
		Paths   []string `json:"paths"`
	} `json:"findings"`
}

// advisory reads an advisory of version 1. It has a finding of each version that is installed.
func (n *npmAudit) advisory(key string) error {
	var a npmAdvisory
	if ok, err := n.doc.decodeStrict(&a); err != nil || !ok {
		return err
	}
	ghsa := first(a.GHSA, advisoryID(a.URL))
	names := append([]string{ghsa}, a.CVEs...)
	id := first(ghsa, a.ID.String(), key)
	unfixed := strings.TrimSpace(a.Patched) == "<0.0.0"
	f := Finding{
		Title: first(firstOf(a.CVEs), ghsa, a.Title, "advisory "+id), Description: first(a.Overview, a.Title),
		URL: a.URL, Unfixed: unfixed, Severity: severityOf(a.Severity), Status: models.StatusOpen,
	}
	if !unfixed {
		f.Fix = a.Patched
	}
	if len(a.Findings) == 0 { // the gate counts it all the same
		n.addAdvisory(&a, f, id, names, "", nil)
	}
	for _, found := range a.Findings {
		n.addAdvisory(&a, f, id, names, found.Version, found.Paths)
	}
	return nil
}

func (n *npmAudit) addAdvisory(a *npmAdvisory, f Finding, id string, names []string, version string, paths []string) {
	d := models.Details{
		Aliases: names, CWEs: cweNames(a.CWE), Score: a.CVSS.Score.value, Vector: a.CVSS.Vector, Markdown: true,
	}
	if len(paths) > 0 {
		f.Location, d.Locations = paths[0], paths[1:]
	}
	f.Component, f.Details = strings.TrimSpace(a.Module+" "+version), d.Encode()
	f.Match = matchKey{
		stable: digestOf(id, a.Module, version).short(), component: digestOf("package", a.Module).short(),
	}
	n.findings.add(digestOf(append([]string{id, a.Module, version, strconv.Itoa(len(paths))}, paths...)...), f)
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
