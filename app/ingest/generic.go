package ingest

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"gatecrier/models"
)

// FormatGeneric is the format of lists of findings that users write for tools whose output no
// other format reads. It is read only where the import names it; docs/api.md describes it.
const FormatGeneric = "generic"

// generic reads a list of findings, alone or as the findings of an object that also names the
// tool. It is strict, since a misspelled key could make a finding harmless: unknown keys and
// severities are errors.
type generic struct {
	doc      *document
	typeErrs typeErrors
	report   Report
	hasList  bool
}

// parseGeneric reads a report in the format FormatGeneric. Its errors are faults that name the
// location.
func parseGeneric(r io.Reader) (Report, error) {
	text := fullReader{transform.NewReader(r, encoding.UTF8Validator)}
	det := newDetector(newDocument(text)) // for its errors
	det.doc.dec.DisallowUnknownFields()
	g := &generic{doc: det.doc, report: Report{Format: FormatGeneric, Findings: newFindings(newTexts())}}
	if err := g.read(); err != nil {
		return Report{}, det.explain(err)
	}
	return g.report, nil
}

func (g *generic) read() error {
	g.doc.typeErrs = &g.typeErrs
	t, err := g.doc.dec.Token()
	switch {
	case err != nil:
		return err
	case t == json.Delim('{'):
		err = g.doc.members(g.member)
	case t == json.Delim('['):
		g.hasList, err = true, g.doc.elements(g.finding)
	default:
		return &refusal{"the document", "the generic format is a list of findings, or an object with one"}
	}
	if err == nil {
		err = g.doc.end()
	}
	switch {
	case err != nil:
		return err
	case g.typeErrs.first != nil:
		return g.typeErrs.first
	case !g.hasList:
		return &refusal{"findings", "the object has no list of findings. An empty list says that the scan found nothing"}
	}
	g.report.Findings.dropRepeatedPrints()
	return nil
}

func (g *generic) member(key string) (err error) {
	var text string
	switch key {
	case "findings":
		g.hasList, err = g.doc.given(nil, g.finding)
		return err
	case "tool", "subject", "made_at":
		_, err = g.doc.decodeStrict(&text)
	default:
		return &refusal{g.doc.location(), "the key is unknown. The object has findings, tool, subject and made_at"}
	}
	switch key {
	case "tool":
		g.report.Tool = strings.TrimSpace(text)
	case "subject":
		g.report.Subject, g.report.Reference = subjectOf(text)
	case "made_at":
		if g.report.MadeAt, err = time.Parse(time.RFC3339, text); err != nil {
			return &refusal{"made_at", "the time must be one of RFC 3339, such as 2026-11-29T10:00:00Z"}
		}
	}
	return err
}

// genericFinding is a finding as docs/api.md describes it.
type genericFinding struct {
	Title        string   `json:"title"`
	IDs          []string `json:"ids"`
	Severity     string   `json:"severity"`
	Description  string   `json:"description"` // markdown
	Component    string   `json:"component"`
	PURL         string   `json:"purl"`
	Location     string   `json:"location"`
	Fix          string   `json:"fix"`
	FixAvailable *bool    `json:"fix_available"`
	URL          string   `json:"url"`
	References   []string `json:"references"`
	CWEs         []string `json:"cwes"`
	Score        float64  `json:"cvss_score"`
	Vector       string   `json:"cvss_vector"`
	EPSS         float64  `json:"epss"`
	KEV          bool     `json:"kev"`
	Fingerprint  string   `json:"fingerprint"`
}

func (g *generic) finding() error {
	var v genericFinding
	ok, err := g.doc.decodeStrict(&v)
	if err != nil || !ok {
		return err
	}
	severity := severityOf(v.Severity)
	if severity == models.Unknown && !strings.EqualFold(strings.TrimSpace(v.Severity), "unknown") {
		return &refusal{g.doc.location() + ".severity", "the severity must be critical, high, medium, low, none or unknown"}
	}
	title, aliases := v.names()
	switch {
	case title == "":
		return &refusal{g.doc.location() + ".title", "a finding needs a title, or ids"}
	case v.Score < 0 || v.Score > 10:
		return &refusal{g.doc.location() + ".cvss_score", "the score is from 0 to 10"}
	case v.EPSS < 0 || v.EPSS > 1:
		return &refusal{g.doc.location() + ".epss", "the probability is from 0 to 1"}
	}
	g.report.Findings.add(v.identity(), Finding{
		Match: v.matchKey(), Title: title, Description: v.Description, Component: first(v.Component, v.PURL),
		Location: v.Location, Fix: v.Fix, URL: v.URL, KEV: v.KEV, Unfixed: v.FixAvailable != nil && !*v.FixAvailable,
		Severity: severity, Status: models.StatusOpen,
		Details: models.Details{
			Aliases: aliases, Score: v.Score, Vector: v.Vector, EPSS: v.EPSS, CWEs: cweNames(v.CWEs),
			References: v.References, PURL: v.PURL, Markdown: v.Description != "",
		}.Encode(),
	})
	return nil
}

// names returns the title, else the CVE, else the first ID; and the IDs that are not the title.
func (v *genericFinding) names() (title string, aliases []string) {
	title = strings.TrimSpace(v.Title)
	for _, id := range v.IDs {
		if title == "" && strings.HasPrefix(strings.ToUpper(id), "CVE-") {
			title = id
		}
	}
	if title == "" && len(v.IDs) > 0 {
		title = v.IDs[0]
	}
	for _, id := range v.IDs {
		if id != title {
			aliases = append(aliases, id)
		}
	}
	return title, aliases
}

func (v *genericFinding) identity() digest {
	name := strings.Join(v.IDs, "\x00")
	return digestOf(first(name, v.Title), first(v.PURL, v.Component), v.Location, v.Fingerprint, v.Title, v.Description)
}

// matchKey comes from the IDs, the component and the file, or from the fingerprint.
func (v *genericFinding) matchKey() matchKey {
	title, _ := v.names()
	component := packageURL(first(v.PURL, v.Component))
	key := matchKey{stable: digestOf(title, component, withoutLine(v.Location)).short()}
	if v.Fingerprint != "" {
		key.print = digestOf("print", title, v.Fingerprint).short()
	}
	if len(v.IDs) > 0 && component != "" {
		key.component = digestOf("component", component, withoutLine(v.Location)).short()
	}
	return key
}
