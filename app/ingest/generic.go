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
// tool. It is strict, since a misspelled key could make a finding harmless: unknown and repeated
// keys, and unknown severities, are errors.
type generic struct {
	doc      *document
	typeErrs typeErrors
	report   Report
	hasList  bool
	keys     keySet // of the object
}

// parseGeneric reads a report in the format FormatGeneric. Its errors are faults that name the
// location.
func parseGeneric(r io.Reader) (Report, error) {
	text := fullReader{transform.NewReader(r, encoding.UTF8Validator)}
	det := newDetector(newDocument(text)) // for its errors
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
	keys := []string{"findings", "tool", "subject", "made_at"}
	if err := g.keys.check(key, keys, g.doc, "The object"); err != nil {
		return err
	}
	var text string
	if key == "findings" {
		g.hasList, err = g.doc.given(nil, g.finding)
		return err
	}
	if _, err = g.doc.decodeStrict(&text); err != nil {
		return err
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

func (g *generic) finding() error {
	var v genericFinding
	var keys keySet
	_, err := g.doc.given(func(key string) error {
		if err := keys.check(key, genericKeys, g.doc, "A finding"); err != nil {
			return err
		}
		_, err := g.doc.decodeStrict(v.value(key))
		return err
	}, nil)
	if err != nil || g.typeErrs.first != nil {
		return err
	}
	if err := v.check(g.doc.location()); err != nil {
		return err
	}
	title, aliases := v.names()
	g.report.Findings.add(v.identity(), Finding{
		Match: v.matchKey(), Title: title, Description: v.Description, Component: first(v.Component, v.PURL),
		Location: v.Location, Fix: v.Fix, URL: v.URL, KEV: v.KEV, Unfixed: v.unfixed(),
		Severity: severityOf(v.Severity), Status: models.StatusOpen,
		Details: models.Details{
			Aliases: aliases, Score: v.Score, Vector: v.Vector, EPSS: v.EPSS, CWEs: cweNames(v.CWEs),
			References: v.References, PURL: v.PURL, Markdown: v.Description != "",
		}.Encode(),
	})
	return nil
}
