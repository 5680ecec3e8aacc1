package ingest

import (
	"encoding/json"
	"regexp"
	"strings"

	"gatecrier/models"
)

type gitlabVulnerability struct {
	ID          string `json:"id"`
	Category    string `json:"category"` // until version 15; then that of the scan
	Name        string `json:"name"`
	Message     string `json:"message"`
	Description string `json:"description"`
	CVE         string `json:"cve"`
	Severity    string `json:"severity"`
	Solution    string `json:"solution"`
	Scanner     struct {
		Name string `json:"name"`
	} `json:"scanner"`
	Location    json.RawMessage    `json:"location"`
	Identifiers []gitlabIdentifier `json:"identifiers"`
	Links       []struct {
		URL string `json:"url"`
	} `json:"links"`
	Code        anyText `json:"raw_source_code_extract"`
	CVSSVectors loose[[]struct {
		Vector string `json:"vector"`
	}] `json:"cvss_vectors"`
}

// gitlabIdentifier is a vulnerability, a weakness or a rule that a finding belongs to.
type gitlabIdentifier struct {
	Type  string  `json:"type"`
	Name  string  `json:"name"`
	Value anyText `json:"value"`
	URL   string  `json:"url"`
}

func (i gitlabIdentifier) id() string { return first(string(i.Value), i.Name) }

// vulnerabilityDatabases are the types of identifiers that name one vulnerability.
var vulnerabilityDatabases = regexp.MustCompile(
	`(?i)^(cve|ghsa|osv|gemnasium|pysec|rustsec|snyk|npm|nswg|gms|mal|euvd|osvdb|vulndb|cnvd|cnnvd|jvn|jvndb|bdu)$`)

// vulnerabilityID matches IDs that name one vulnerability, whatever the type says.
var vulnerabilityID = regexp.MustCompile(`(?i)^(cve-\d+-|ghsa-|osv-|pysec-|rustsec-|go-\d{4}-|mal-\d|euvd-\d)`)

// alias returns the ID of the vulnerability that the identifier names, "" if it names a weakness or
// a rule.
func (i gitlabIdentifier) alias() string {
	id := i.id()
	if vulnerabilityDatabases.MatchString(i.Type) || vulnerabilityID.MatchString(id) {
		return id
	}
	return ""
}

// weaknesses returns the weakness that the identifier names, such as CWE-79, or none.
func (i gitlabIdentifier) weaknesses() []string {
	if !strings.EqualFold(i.Type, "cwe") {
		return nil
	}
	return cweNames([]string{string(i.Value), i.Name})
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
	exact, stable := g.places(v.Location)
	f := Finding{
		Title: v.title(l), Description: first(v.Description, v.Message, v.Name),
		Component: l.Dependency.Package.Name + " " + l.Dependency.Version,
		Location:  first(fileLine(l.File, lineOf(l.StartLine)), l.Image, l.Hostname+l.Path),
		Fix:       v.Solution, URL: v.url(), Severity: severityOf(v.Severity), Status: models.StatusOpen,
		Match: matchKey{snippet: snippetDigest(string(v.Code))},
	}
	f.Details = v.details(f.Title, l).Encode()
	if l.Dependency.Package.Name != "" {
		f.Match.component = digestOf("gitlab", stable).short()
		f.Unfixed = !v.hasSolution()
		g.solutions = g.solutions || !f.Unfixed
	}
	g.add(v, f, exact, stable)
}

// add adds a finding: at once if its category is known, else after the scan.
func (g *gitlab) add(v gitlabVulnerability, f Finding, exact, stable string) {
	name := v.name()
	c := g.findings.texts.compact(digestOf(string(name[:]), exact).withSnippet(f.Match.snippet), f)
	c.stable = digestOf(string(name[:]), stable).short()
	switch {
	case v.Category != "":
		g.finish(c, v.Category)
	case g.scan.given:
		g.finish(c, g.scan.kind)
	default:
		g.unfinished.add(c)
	}
}

// name returns the hash of what names the finding wherever it is.
func (v *gitlabVulnerability) name() digest {
	if len(v.Identifiers) > 0 {
		if i := v.Identifiers[0]; i.id() != "" {
			return digestOf("identifier", i.Type, i.id())
		}
	}
	switch {
	case v.CVE != "":
		return digestOf("cve", v.CVE)
	case v.ID != "":
		return digestOf("id", v.ID)
	}
	return digestOf("name", first(v.Name, v.Message))
}

// title returns the CVE, else the name of the finding.
func (v *gitlabVulnerability) title(l gitlabLocation) string {
	for _, i := range v.Identifiers {
		if strings.EqualFold(i.Type, "cve") && i.Name != "" {
			return i.Name
		}
	}
	other := v.CVE
	if len(v.Identifiers) > 0 {
		other = first(v.Identifiers[0].Name, other, string(v.Identifiers[0].Value))
	}
	return first(v.Name, v.Message, other, v.ID, l.Dependency.Package.Name, l.File, "Vulnerability")
}

// hasSolution reports whether the report says how to solve it. Some tools say that it does not.
func (v *gitlabVulnerability) hasSolution() bool {
	solution := strings.ToLower(strings.TrimSpace(v.Solution))
	return solution != "" && !strings.HasPrefix(solution, "no solution")
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

func (v *gitlabVulnerability) details(title string, l gitlabLocation) models.Details {
	var d models.Details
	var ids []string
	for _, i := range v.Identifiers {
		ids = append(ids, i.alias())
		d.CWEs = append(d.CWEs, i.weaknesses()...)
	}
	d.Aliases = aliasesOf(title, ids)
	for _, link := range v.Links {
		d.References = append(d.References, link.URL)
	}
	var ratings []rating
	for _, c := range v.CVSSVectors.v {
		ratings = append(ratings, ratingOf(0, score{}, c.Vector))
	}
	newestRating(ratings).addTo(&d)
	switch {
	case v.Name != title:
		d.Rule = v.Name
	case len(v.Identifiers) > 0 && v.Identifiers[0].Name != title:
		d.Rule = v.Identifiers[0].Name
	}
	d.Locations = l.resource()
	return d
}
