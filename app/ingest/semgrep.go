package ingest

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatecrier/models"
)

// semgrep reads Semgrep's JSON (semgrep scan --json): results, one of a rule at a place each.
type semgrep struct {
	doc        *document
	typeErrs   typeErrors
	hasResults bool // it has the list, perhaps an empty one
	hasPaths   bool // it lists the files that were scanned
	hasScanned bool // there is one
	foreignAt  string
	findings   *Findings
	hasFailed  bool // an error ended the scan of a file or all of it
}

func newSemgrep(d *document, t *texts) *semgrep { return &semgrep{doc: d, findings: newFindings(t)} }

func (s *semgrep) typeErrors() *typeErrors { return &s.typeErrs }

// recognized reports whether all results are Semgrep's. A clean scan has none: the list of
// scanned files marks it.
func (s *semgrep) recognized() bool {
	return s.hasResults && s.foreignAt == "" && (s.findings.Len() > 0 || s.typeErrs.first != nil || s.hasPaths)
}

// check refuses a scan that failed, with errors of level error, and one of no file. Both only if
// they found nothing.
func (s *semgrep) check(clean bool) error {
	switch {
	case s.typeErrs.first != nil:
		return s.typeErrs.first
	case s.hasFailed && !s.findings.hasActive():
		return &refusal{"errors", "the scan failed and found nothing. Repeat it, and send its report"}
	case !s.hasScanned && s.findings.Len() == 0 && !clean:
		return &refusal{"paths.scanned", "Semgrep scanned no file. Check the paths and the rules of the scan. " + sayClean}
	}
	return nil
}

func (s *semgrep) report() Report {
	s.findings.dropRepeatedPrints()
	r := Report{Tool: "Semgrep", Findings: s.findings}
	if s.hasFailed {
		r.Partial, r.Warnings = true, []string{brokeOff("errors")}
	}
	return r
}

func (s *semgrep) member(key string) func() error {
	switch key {
	case "paths":
		return s.paths
	case "errors":
		return s.errors
	}
	return nil
}

// paths reads whether files were scanned. It accepts any type.
func (s *semgrep) paths() error {
	s.doc.typeErrs = nil
	return s.doc.object(func(key string) error {
		if key != "scanned" {
			return s.doc.skip()
		}
		s.hasPaths = true
		return s.doc.either(func(string) error { return s.doc.skip() }, func() error {
			s.hasScanned = true
			return s.doc.skip()
		})
	})
}

// errors reads the errors of the scan. Warnings, such as of a file that cannot be parsed, are
// no errors; what is not known as one is.
func (s *semgrep) errors() error {
	s.doc.typeErrs = nil
	t, err := s.doc.dec.Token()
	switch {
	case err != nil || t == nil:
		return err
	case t == json.Delim('['):
		return s.doc.elements(s.scanError)
	}
	s.hasFailed = true
	return s.doc.skipRest(t)
}

// scanError reads an error of the scan, or a warning.
func (s *semgrep) scanError() error {
	level := ""
	err := s.doc.either(func(key string) (err error) {
		if key != "level" {
			return s.doc.skip()
		}
		level, err = s.doc.textOrEmpty()
		return err
	}, s.doc.skip)
	switch strings.ToLower(level) {
	case "warn", "warning", "info", "debug":
	default:
		s.hasFailed = true
	}
	return err
}

type semgrepResult struct {
	CheckID *string `json:"check_id"`
	Path    string  `json:"path"`
	Start   struct {
		Line float64 `json:"line"`
		Col  float64 `json:"col"`
	} `json:"start"`
	Extra struct {
		Message     string `json:"message"`
		Severity    string `json:"severity"`
		Fingerprint string `json:"fingerprint"`
		Lines       string `json:"lines"`
		Fix         string `json:"fix"`
		IsIgnored   bool   `json:"is_ignored"`
		Metadata    struct {
			CWE        textOrList `json:"cwe"`
			References textOrList `json:"references"`
			Source     any        `json:"source"`
		} `json:"metadata"`
	} `json:"extra"`
}

// severity returns the severity of Semgrep's words: of rules before 2024, and those of today.
func (v *semgrepResult) severity() models.Severity {
	switch strings.ToUpper(v.Extra.Severity) {
	case "ERROR":
		return models.High
	case "WARNING":
		return models.Medium
	case "INFO", "INVENTORY", "EXPERIMENT":
		return models.Low
	}
	return severityOf(v.Extra.Severity)
}

// rawResult adds a result from its raw members.
func (s *semgrep) rawResult(raw json.RawMessage) {
	var v semgrepResult
	if !s.doc.unmarshalStrict(raw, &v) {
		return
	}
	if v.CheckID == nil {
		s.foreignAt = first(s.foreignAt, s.doc.location())
		return
	}
	f := Finding{
		Title: *v.CheckID, Description: v.Extra.Message, Location: fileLine(v.Path, lineOf(v.Start.Line)), Fix: v.Extra.Fix,
		Severity: v.severity(), Status: models.StatusOpen,
		Details: models.Details{CWEs: cweNames(v.Extra.Metadata.CWE), References: v.Extra.Metadata.References}.Encode(),
	}
	f.URL, _ = v.Extra.Metadata.Source.(string)
	if v.Extra.IsIgnored { // by a comment in the code (nosemgrep)
		f.Status = models.StatusRiskAccepted
	}
	file := cleanPath(v.Path)
	f.Match.stable = digestOf(*v.CheckID, file, v.Extra.Message).short()
	if strings.TrimSpace(v.Extra.Lines) != needsLogin {
		f.Match.snippet = snippetDigest(v.Extra.Lines)
	}
	print := ""
	if v.Extra.Fingerprint != needsLogin {
		print = v.Extra.Fingerprint
	}
	if print != "" {
		f.Match.print = digestOf(*v.CheckID, print).short()
	}
	place := strconv.Itoa(int(lineOf(v.Start.Line))) + ":" + strconv.Itoa(int(lineOf(v.Start.Col)))
	s.findings.add(digestOf(*v.CheckID, file, place, v.Extra.Message, print).withSnippet(f.Match.snippet), f)
}

// needsLogin is what Semgrep writes in place of code and fingerprints for users without an account.
const needsLogin = "requires login"
