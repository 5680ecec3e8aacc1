package ingest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatecrier/models"
)

type trivyVulnerability struct {
	VulnerabilityID  string
	VendorIDs        loose[[]string]
	PkgName          string
	PkgPath          string
	PkgIdentifier    loose[struct{ PURL string }]
	InstalledVersion string
	FixedVersion     string
	Title            string
	Description      string
	Severity         string
	SeveritySource   loose[string]
	PrimaryURL       string
	CweIDs           loose[[]string]
	CVSS             loose[map[string]trivyCVSS]
	References       loose[[]string]
}

type trivyCVSS struct {
	V2Vector, V3Vector, V40Vector string
	V2Score, V3Score, V40Score    score
}

func (c trivyCVSS) rating() rating {
	best := highestRating(ratingOf(4, c.V40Score, c.V40Vector), ratingOf(3, c.V3Score, c.V3Vector))
	if best.given() {
		return best
	}
	return ratingOf(2, c.V2Score, c.V2Vector)
}

// rating returns the rating of the NVD, else of the source of the severity, else the highest.
func (v *trivyVulnerability) rating() rating {
	for _, source := range []string{"nvd", v.SeveritySource.v} {
		if r := v.CVSS.v[source].rating(); r.given() {
			return r
		}
	}
	var all []rating
	for _, source := range slices.Sorted(maps.Keys(v.CVSS.v)) {
		all = append(all, v.CVSS.v[source].rating())
	}
	return highestRating(all...)
}

func (t *trivy) vulnerability() error {
	var v trivyVulnerability
	if ok, err := t.doc.decodeStrict(&v); err != nil || !ok {
		return err
	}
	f := Finding{
		Title:       first(v.VulnerabilityID, v.Title, v.PkgName, "Vulnerability"),
		Description: first(v.Description, v.Title), Component: v.PkgName + " " + v.InstalledVersion,
		Location: v.PkgPath, Fix: v.FixedVersion, URL: v.PrimaryURL, Unfixed: strings.TrimSpace(v.FixedVersion) == "",
		Severity: severityOf(v.Severity),
	}
	details := models.Details{
		Aliases: aliasesOf(f.Title, v.VendorIDs.v), CWEs: cweNames(v.CweIDs.v), References: v.References.v,
		PURL: v.PkgIdentifier.v.PURL,
	}
	if v.Title != f.Title && v.Title != f.Description {
		details.Rule = v.Title
	}
	v.rating().addTo(&details)
	f.Match.component = digestOf(v.PkgName, v.InstalledVersion, v.PkgPath).short()
	id := digestOf("vulnerability", first(v.VulnerabilityID, v.Title), v.PkgName, v.InstalledVersion, v.PkgPath)
	t.add(trivyIdentity{exact: id, stable: id}, f, details)
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
	References    loose[[]string]
	Status        string
	CauseMetadata struct {
		Resource  string
		StartLine float64
		Code      loose[struct{ Lines []trivyLine }]
	}
}

// passed reports whether the check passed, or an exception lets it. All else is a failure.
func (m *trivyMisconfiguration) passed() bool {
	switch strings.ToUpper(strings.TrimSpace(m.Status)) {
	case "PASS", "EXCEPTION":
		return true
	}
	return false
}

// trivyLine is a line of code around a misconfiguration.
type trivyLine struct {
	Content string
	IsCause bool
}

// snippetOf returns the hash of the lines that are the cause; it is zero without code.
func snippetOf(lines []trivyLine) shortDigest {
	var cause, all []string
	for _, line := range lines {
		all = append(all, line.Content)
		if line.IsCause {
			cause = append(cause, line.Content)
		}
	}
	if len(cause) == 0 {
		cause = all
	}
	return snippetDigest(strings.Join(cause, "\n"))
}

func (t *trivy) misconfiguration() error {
	var m trivyMisconfiguration
	if ok, err := t.doc.decodeStrict(&m); err != nil || !ok || m.passed() {
		return err
	}
	cause := m.CauseMetadata
	id := trivyIdentity{line: lineOf(cause.StartLine)}
	rule := first(m.ID, m.Title)
	parts := []string{"misconfiguration", rule, strconv.Itoa(int(id.line)), m.Message}
	if cause.Resource != "" {
		parts = append(parts, cause.Resource)
	}
	snippet := snippetOf(cause.Code.v.Lines)
	id.exact = digestOf(parts...).withSnippet(snippet)
	id.stable = digestOf("misconfiguration", rule, m.Message, cause.Resource)
	f := Finding{
		Title: first(m.ID, m.Title, m.Message, "Misconfiguration"), Description: first(m.Message, m.Description, m.Title),
		Component: cause.Resource, Fix: m.Resolution, URL: m.PrimaryURL, Severity: severityOf(m.Severity),
		Match: matchKey{snippet: snippet},
	}
	details := models.Details{References: m.References.v, Kind: "misconfiguration"}
	if m.Title != f.Title && m.Title != f.Description {
		details.Rule = m.Title
	}
	t.add(id, f, details)
	return nil
}

type trivySecret struct {
	RuleID    string
	Category  loose[string]
	Title     string
	Severity  string
	StartLine float64
	Offset    loose[json.Number]
	Match     string
}

// secret reads a secret. The matched text is part of its identity, but is not stored.
func (t *trivy) secret() error {
	var s trivySecret
	if ok, err := t.doc.decodeStrict(&s); err != nil || !ok {
		return err
	}
	id := trivyIdentity{line: lineOf(s.StartLine)}
	rule := first(s.RuleID, s.Title)
	parts := []string{"secret", rule, strconv.Itoa(int(id.line)), s.Match}
	if s.Offset.v != "" {
		parts = append(parts, string(s.Offset.v))
	}
	id.exact, id.stable = digestOf(parts...), digestOf("secret", rule)
	t.add(id, Finding{
		Title: first(s.RuleID, s.Title, s.Category.v, "Secret"), Description: s.Title,
		Severity: severityOf(s.Severity), Match: matchKey{snippet: snippetDigest(s.Match)},
	}, models.Details{Kind: "secret"})
	return nil
}

type trivyLicense struct {
	Name     string
	Category string
	PkgName  string
	FilePath string
	Severity string
	Link     string
}

// license reads a license of a package or a file.
func (t *trivy) license() error {
	var l trivyLicense
	if ok, err := t.doc.decodeStrict(&l); err != nil || !ok {
		return err
	}
	id := digestOf("license", l.Name, l.PkgName, l.FilePath)
	f := Finding{
		Title: first(l.Name, "License"), Component: l.PkgName, Location: l.FilePath, URL: l.Link,
		Severity: severityOf(l.Severity),
	}
	if l.Category != "" {
		f.Description = "License category: " + l.Category
	}
	t.add(trivyIdentity{exact: id, stable: id}, f, models.Details{Kind: "license"})
	return nil
}
