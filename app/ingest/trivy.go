package ingest

import (
	"strconv"
	"strings"

	"gatecrier/models"
)

// trivy reads Aqua Trivy's JSON: an object with a list of results; of old versions a bare
// list; of a cluster a list of resources with results each.
type trivy struct {
	d         *document
	trouble   problem
	keys      map[string]bool // top-level keys that mark a clean scan
	resources bool
	results   bool
	findings  *Findings
	target    string // of the current result
	targeted  bool
	waiting   chunks[trivyRecord] // of the current result, before its target
}

// trivyRecord is a finding whose identity and location lack the target.
type trivyRecord struct {
	record
	line int32 // 0 = none
}

func newTrivy(d *document, t *texts) *trivy {
	return &trivy{d: d, keys: map[string]bool{}, findings: newFindings(t)}
}

func (t *trivy) problem() *problem { return &t.trouble }
func (t *trivy) report() Report    { return Report{Format: "trivy", Tool: "Trivy", Findings: t.findings} }

// recognized reports whether the document is a Trivy report. A clean scan has no results:
// its other keys mark it.
func (t *trivy) recognized() bool {
	clean := t.keys["SchemaVersion"] && (t.keys["ArtifactName"] || t.keys["ClusterName"])
	return t.results || clean || t.keys["ClusterName"] && t.resources
}

func (t *trivy) member(key string) func() error {
	switch key {
	case "Results":
		t.results = true
		return t.resultList
	case "Resources", "Findings", "Vulnerabilities", "Misconfigurations":
		t.resources = true
		return func() error { return t.d.array(t.resource) }
	case "SchemaVersion", "ArtifactName", "ClusterName":
		t.keys[key] = true
	}
	return nil
}

// resource reads one resource of a cluster.
func (t *trivy) resource() error {
	return t.d.object(func(key string) error {
		if key == "Results" {
			return t.resultList()
		}
		return t.d.skip()
	})
}

func (t *trivy) resultList() error { return t.d.array(t.result) }

// listed reads a result of the old list, whose only mark is that its results have targets.
func (t *trivy) listed() error {
	err := t.result()
	t.results = t.results || t.targeted
	return err
}

// result reads the findings in one target.
func (t *trivy) result() error {
	t.target, t.targeted = "", false
	err := t.d.object(func(key string) error {
		switch key {
		case "Target":
			return t.readTarget()
		case "Vulnerabilities":
			return t.d.array(t.vulnerability)
		case "Misconfigurations":
			return t.d.array(t.misconfiguration)
		case "Secrets":
			return t.d.array(t.secret)
		}
		return t.d.skip()
	})
	t.waiting.drain(t.settle)
	return err
}

func (t *trivy) readTarget() error {
	t.targeted = true
	_, err := t.d.decode(&t.target)
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
	if ok, err := t.d.decode(&v); !ok {
		return err
	}
	t.add(identity("vulnerability", v.VulnerabilityID, v.PkgName, v.InstalledVersion, v.PkgPath), 0, Finding{
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
	if ok, err := t.d.decode(&m); !ok || !strings.EqualFold(m.Status, "FAIL") {
		return err
	}
	line := lineOf(m.CauseMetadata.StartLine)
	t.add(identity("misconfiguration", m.ID, strconv.Itoa(int(line)), m.Message), line, Finding{
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
	if ok, err := t.d.decode(&s); !ok {
		return err
	}
	line := lineOf(s.StartLine)
	t.add(identity("secret", s.RuleID, strconv.Itoa(int(line)), s.Match), line, Finding{
		Title: first(s.RuleID, s.Title), Description: s.Title, Severity: severityOf(s.Severity),
	})
	return nil
}

// add adds a finding, once its target is known.
func (t *trivy) add(within id, line int32, f Finding) {
	f.Status = models.StatusOpen
	r := trivyRecord{record: t.findings.record(within, f), line: line}
	if t.targeted {
		t.settle(&r)
	} else {
		t.waiting.add(r)
	}
}

func (t *trivy) settle(r *trivyRecord) {
	r.id = identity(t.target, string(r.id[:]))
	if r.location == 0 {
		r.location = t.findings.texts.put(place(t.target, r.line), maxPlace)
	}
	t.findings.add(r.record)
}
