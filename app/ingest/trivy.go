package ingest

import (
	"strconv"
	"strings"

	"gatecrier/models"
)

// trivy reads Aqua Trivy's JSON: an object with a list of results; of old versions a bare
// list; of a cluster a list of resources with results each.
type trivy struct {
	doc          *document
	typeErrs     typeErrors
	keys         map[string]bool // top-level keys that mark a clean scan
	hasResources bool
	hasResults   bool   // it has a list of results, perhaps an empty one
	targets      bool   // a result has a target
	foreignAt    string // the place of a result without a target: another tool wrote it; "" = none
	findings     *Findings
	target       string // of the current result
	hasTarget    bool
	unfinished   chunks[trivyFinding] // of the current result, read before its target
}

// trivyFinding is a finding whose identity and location lack the target.
type trivyFinding struct {
	compactFinding
	line int32 // 0 = none
}

func newTrivy(d *document, t *texts) *trivy {
	return &trivy{doc: d, keys: map[string]bool{}, findings: newFindings(t)}
}

func (t *trivy) typeErrors() *typeErrors { return &t.typeErrs }
func (t *trivy) report() Report          { return Report{Tool: "Trivy", Findings: t.findings} }

// recognized reports whether the document is a Trivy report: each result has a target. A
// clean scan has no results: its other keys mark it.
func (t *trivy) recognized() bool {
	named := t.keys["ArtifactName"] || t.keys["ClusterName"]
	cleanScan := named && (t.keys["SchemaVersion"] || t.hasResults)
	return t.foreignAt == "" && (t.targets || cleanScan || t.keys["ClusterName"] && t.hasResources)
}

func (t *trivy) check(bool) error { return t.typeErrs.first }

func (t *trivy) member(key string) func() error {
	switch key {
	case "Results":
		return t.topResults
	case "Resources", "Findings", "Vulnerabilities", "Misconfigurations":
		t.hasResources = true
		return func() error { return t.doc.array(t.resource) }
	case "SchemaVersion", "ArtifactName", "ClusterName":
		t.keys[key] = true
	}
	return nil
}

func (t *trivy) topResults() error {
	given, err := t.doc.given(nil, t.result)
	t.hasResults = t.hasResults || given
	return err
}

// resource reads one resource of a cluster.
func (t *trivy) resource() error {
	return t.doc.object(func(key string) error {
		if key == "Results" {
			return t.doc.array(t.result)
		}
		return t.doc.skip()
	})
}

// result reads the findings in one target.
func (t *trivy) result() error {
	t.target, t.hasTarget = "", false
	err := t.doc.object(func(key string) error {
		switch key {
		case "Target":
			return t.readTarget()
		case "Vulnerabilities":
			return t.doc.array(t.vulnerability)
		case "Misconfigurations":
			return t.doc.array(t.misconfiguration)
		case "Secrets":
			return t.doc.array(t.secret)
		}
		return t.doc.skip()
	})
	t.targets = t.targets || t.hasTarget
	if !t.hasTarget && t.typeErrs.first == nil {
		t.foreignAt = first(t.foreignAt, t.doc.location())
	}
	t.unfinished.drain(t.finish)
	return err
}

func (t *trivy) readTarget() error {
	t.hasTarget = true
	_, err := t.doc.decodeStrict(&t.target)
	return err
}

type trivyVulnerability struct {
	VulnerabilityID  string
	PkgName          string
	PkgPath          string
	InstalledVersion string
	FixedVersion     string
	Title            string
	Description      string
	Severity         string
	PrimaryURL       string
}

func (t *trivy) vulnerability() error {
	var v trivyVulnerability
	if ok, err := t.doc.decodeStrict(&v); err != nil || !ok {
		return err
	}
	t.add(digestOf("vulnerability", v.VulnerabilityID, v.PkgName, v.InstalledVersion, v.PkgPath), 0, Finding{
		Title: v.VulnerabilityID, Description: first(v.Description, v.Title), Component: v.PkgName + " " + v.InstalledVersion,
		Location: v.PkgPath, Fix: v.FixedVersion, URL: v.PrimaryURL, Severity: severityOf(v.Severity),
	})
	return nil
}

type trivyMisconfiguration struct {
	ID            string
	Title         string
	Description   string
	Message       string
	Resolution    string
	Severity      string
	PrimaryURL    string
	Status        string
	CauseMetadata struct {
		Resource  string
		StartLine float64
	}
}

func (t *trivy) misconfiguration() error {
	var m trivyMisconfiguration
	if ok, err := t.doc.decodeStrict(&m); err != nil || !ok || !strings.EqualFold(m.Status, "FAIL") {
		return err
	}
	line := lineOf(m.CauseMetadata.StartLine)
	t.add(digestOf("misconfiguration", m.ID, strconv.Itoa(int(line)), m.Message), line, Finding{
		Title:       first(m.ID, m.Title),
		Description: first(m.Message, m.Description, m.Title),
		Component:   m.CauseMetadata.Resource,
		Fix:         m.Resolution,
		URL:         m.PrimaryURL,
		Severity:    severityOf(m.Severity),
	})
	return nil
}

type trivySecret struct {
	RuleID    string
	Title     string
	Severity  string
	StartLine float64
	Match     string
}

// secret reads a secret. The matched text is part of its identity, but is not stored.
func (t *trivy) secret() error {
	var s trivySecret
	if ok, err := t.doc.decodeStrict(&s); err != nil || !ok {
		return err
	}
	line := lineOf(s.StartLine)
	t.add(digestOf("secret", s.RuleID, strconv.Itoa(int(line)), s.Match), line, Finding{
		Title: first(s.RuleID, s.Title), Description: s.Title, Severity: severityOf(s.Severity),
	})
	return nil
}

// add adds a finding, whose identity lacks the target: at once if the target has been read,
// else at the end of the result.
func (t *trivy) add(identity digest, line int32, f Finding) {
	f.Status = models.StatusOpen
	r := trivyFinding{compactFinding: t.findings.texts.compact(identity, f), line: line}
	if t.hasTarget {
		t.finish(&r)
	} else {
		t.unfinished.add(r)
	}
}

// finish completes a finding with the target, and adds it to the findings.
func (t *trivy) finish(r *trivyFinding) {
	r.identity = digestOf(t.target, string(r.identity[:]))
	if r.location == 0 {
		r.location = t.findings.texts.put(fileLine(t.target, r.line), maxLocation)
	}
	t.findings.addCompact(r.compactFinding)
}
