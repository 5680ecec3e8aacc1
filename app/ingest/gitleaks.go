package ingest

import (
	"fmt"
	"strings"

	"gatecrier/models"
)

// gitleaks reads the JSON of Gitleaks 8 (gitleaks git --report-format json): a list of leaks. A
// clean scan is an empty list, which names no tool; the detector decides about it.
//
// Gitleaks gives no severity. A leaked secret is high: any reader of the repository can use it.
// In SARIF, Gitleaks gives no level either, which makes it medium there.
type gitleaks struct {
	doc      *document
	typeErrs typeErrors
	objects  ownObjects
	findings *Findings
	leak     gitleaksLeak // the current one
}

// gitleaksLeak is a leak, and which of the keys that mark one it has.
type gitleaksLeak struct {
	rule, description, secret     string
	file, symlink, commit, link   string
	line, column, endLine, endCol float64
	hasRule, hasFile, hasSecret   bool
}

func newGitleaks(d *document, t *texts) *gitleaks { return &gitleaks{doc: d, findings: newFindings(t)} }

func (g *gitleaks) typeErrors() *typeErrors    { return &g.typeErrs }
func (g *gitleaks) recognized() bool           { return g.objects.all() }
func (g *gitleaks) check(bool) error           { return g.typeErrs.first }
func (g *gitleaks) report() Report             { return Report{Tool: "Gitleaks", Findings: g.findings} }
func (g *gitleaks) member(string) func() error { return nil }
func (g *gitleaks) startElement()              { g.leak = gitleaksLeak{} }

func (g *gitleaks) element(key string) func() error {
	l := &g.leak
	switch key {
	case "RuleID":
		l.hasRule = true
		return g.doc.into(&l.rule)
	case "Description":
		return g.doc.into(&l.description)
	case "Secret":
		l.hasSecret = true
		return g.doc.into(&l.secret)
	case "File":
		l.hasFile = true
		return g.doc.into(&l.file)
	case "SymlinkFile":
		return g.doc.into(&l.symlink)
	case "Commit":
		return g.doc.into(&l.commit)
	case "Link":
		return g.doc.textInto(&l.link)
	case "StartLine":
		return g.doc.into(&l.line)
	case "StartColumn":
		return g.doc.into(&l.column)
	case "EndLine":
		return g.doc.into(&l.endLine)
	case "EndColumn":
		return g.doc.into(&l.endCol)
	}
	return nil
}

// endElement adds the leak. Its secret is hashed, and stored nowhere.
func (g *gitleaks) endElement() {
	l := &g.leak
	if !g.objects.note(l.hasRule && l.hasFile && l.hasSecret, g.doc, g.typeErrs) {
		return
	}
	description := l.description
	if l.commit != "" {
		description = strings.TrimSpace(description + "\nCommit " + l.commit)
	}
	place := fmt.Sprintf("%v:%v-%v:%v", l.line, l.column, l.endLine, l.endCol)
	file := cleanPath(l.file)
	g.findings.add(digestOf(l.rule, file, l.symlink, l.commit, place, l.secret), Finding{
		Title:       first(l.rule, redact(l.description, l.secret), "Secret"),
		Description: redact(description, l.secret),
		Location:    fileLine(l.file, lineOf(l.line)),
		Severity:    models.High,
		Status:      models.StatusOpen,
		Details:     models.Details{Kind: kindSecret, References: []string{redact(l.link, l.secret)}}.Encode(),
		// Without the commit too: a rebase changes it.
		Match: matchKey{stable: digestOf(l.rule, file).short(), snippet: secretDigest(l.secret)},
	})
}

const kindSecret = "secret"

// secretDigest returns the hash of a secret, zero for one that the tool has hidden.
func secretDigest(secret string) shortDigest {
	if bare := strings.Trim(secret, "*. "); bare == "" || bare == "REDACTED" || bare == "REDACT" {
		return shortDigest{}
	}
	return digestOf("secret", secret).short()
}

// redact removes a secret from a text.
func redact(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "REDACTED")
}
