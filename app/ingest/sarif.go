package ingest

import (
	"strings"

	"gatecrier/models"
)

// sarif reads SARIF 2.1.0 (OASIS). It reads all runs of a file; the tool of the first run
// is the report's tool.
type sarif struct {
	doc       *document
	typeErrs  typeErrors
	hasSchema bool // its $schema names SARIF
	hasRuns   bool // it has the key
	hasDriver bool // a run has a tool with a driver
	version   string
	runs      int
	scan      sarifScan
	tool      string
	findings  *Findings
	run       *sarifRun
}

func newSARIF(d *document, t *texts) *sarif { return &sarif{doc: d, findings: newFindings(t)} }

func (s *sarif) typeErrors() *typeErrors { return &s.typeErrs }

// recognized reports whether the document names SARIF, or has what only its runs have. Test
// tools have a list of runs too.
func (s *sarif) recognized() bool {
	return s.hasSchema || s.hasDriver || s.hasRuns && s.version == sarifVersion
}

func (s *sarif) report() Report {
	r := Report{Tool: s.tool, Findings: s.findings}
	if s.scan.brokenAt != "" {
		r.Partial, r.Warnings = true, []string{brokeOff(s.scan.brokenAt)}
	}
	return r
}

func (s *sarif) member(key string) func() error {
	switch key {
	case "$schema":
		return s.schema
	case "runs":
		s.hasRuns = true
		return func() error { return s.doc.array(s.readRun) }
	case "inlineExternalProperties":
		return func() error { return s.doc.array(s.inlineProperties) }
	}
	return nil
}

func (s *sarif) schema() error {
	name, err := s.doc.textOrEmpty()
	s.hasSchema = strings.Contains(strings.ToLower(name), "sarif")
	return err
}

// readRun reads one run. Its results can come before the rules and the artifacts that they
// refer to.
func (s *sarif) readRun() error {
	s.run = newSARIFRun()
	err := s.doc.object(func(key string) error {
		switch key {
		case "tool":
			return s.readTool()
		case "artifacts":
			return s.doc.array(s.artifact)
		case "results":
			return s.results()
		case "invocations":
			return s.doc.array(s.invocation)
		case "externalPropertyFileReferences":
			return s.externalReferences()
		}
		return s.doc.skip()
	})
	s.run.unfinished.drain(s.finish)
	if s.runs == 0 {
		s.tool = s.run.tool
	}
	s.runs++
	if err == nil {
		s.judgeRun()
	}
	return err
}

type sarifArtifact struct {
	Location struct {
		URI string `json:"uri"`
	} `json:"location"`
}

func (s *sarif) artifact() error {
	var a sarifArtifact
	ok, err := s.doc.decodeStrict(&a)
	if err != nil {
		return err
	}
	var file sarifFile
	if ok && a.Location.URI != "" {
		file = sarifFile{uri: digestOf(a.Location.URI), name: s.findings.texts.put(a.Location.URI, maxLocation)}
	}
	s.run.artifacts.add(file)
	return nil
}

type sarifResult struct {
	RuleID    string `json:"ruleId"`
	RuleIndex *int   `json:"ruleIndex"`
	Rule      struct {
		ID            string `json:"id"`
		Index         *int   `json:"index"`
		ToolComponent struct {
			Index *int `json:"index"`
		} `json:"toolComponent"`
	} `json:"rule"`
	Kind          string `json:"kind"`
	Level         string `json:"level"`
	BaselineState string `json:"baselineState"`
	Message       struct {
		Text      string   `json:"text"`
		Markdown  string   `json:"markdown"`
		ID        string   `json:"id"`
		Arguments []string `json:"arguments"`
	} `json:"message"`
	Locations    []sarifLocation `json:"locations"`
	Suppressions []struct {
		Status string `json:"status"`
	} `json:"suppressions"`
	Properties struct {
		Severity score `json:"security-severity"`
	} `json:"properties"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI   string `json:"uri"`
			Index *int   `json:"index"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine float64 `json:"startLine"`
		} `json:"region"`
	} `json:"physicalLocation"`
	Logical []struct {
		FullName string `json:"fullyQualifiedName"`
		Name     string `json:"name"`
	} `json:"logicalLocations"`
}

// sarifFinding is a result whose identity lacks the tool, the rule and, if file is not -1,
// the file.
type sarifFinding struct {
	compactFinding
	rule      digest // the hash of its ID; zero = none
	index     int32  // of the rule; -1 = none
	extension int32  // of the rule's component; -1 = none
	file      int32  // index of an artifact; -1 = none
	line      int32
	source    severitySource
}

// severitySource is the source of a result's own severity.
type severitySource uint8

const (
	fromNothing severitySource = iota
	fromLevel
	fromScore
)

// result reads a result. It finishes the result at once if all that it refers to is known.
func (s *sarif) result() error {
	var v sarifResult
	if ok, err := s.doc.decodeStrict(&v); err != nil || !ok || !v.isFinding() {
		return err
	}
	s.run.state.findings++
	r := s.newFinding(&v)
	if s.run.toolRead && r.file < 0 {
		s.finish(&r)
	} else {
		s.run.unfinished.add(r)
	}
	return nil
}

// isFinding reports whether a result is a present problem.
func (v *sarifResult) isFinding() bool {
	switch strings.ToLower(v.Kind) {
	case "", "fail", "open", "review":
		return !strings.EqualFold(v.BaselineState, "absent")
	}
	return false
}

func (v *sarifResult) status() models.Status {
	for _, s := range v.Suppressions {
		if s.Status == "" || strings.EqualFold(s.Status, "accepted") {
			return models.StatusRiskAccepted
		}
	}
	return models.StatusOpen
}

// newFinding returns a result without what finish adds: the tool, the rule, and a file that
// it names by its index.
func (s *sarif) newFinding(v *sarifResult) sarifFinding {
	var l sarifLocation
	if len(v.Locations) > 0 {
		l = v.Locations[0]
	}
	rule, line, uri := first(v.RuleID, v.Rule.ID), lineOf(l.Physical.Region.StartLine), l.Physical.Artifact.URI
	r := sarifFinding{
		index:     indexOf(v.RuleIndex, v.Rule.Index),
		extension: indexOf(v.Rule.ToolComponent.Index),
		file:      -1,
		line:      line,
	}
	if rule != "" {
		r.rule = digestOf(rule)
	}
	severity, source := v.ownSeverity()
	r.source = source
	f := Finding{
		Title:       rule,
		Description: first(v.Message.Text, v.Message.Markdown),
		Severity:    severity,
		Status:      v.status(),
	}
	if len(l.Logical) > 0 {
		f.Component = first(l.Logical[0].FullName, l.Logical[0].Name)
	}
	if uri == "" {
		r.file = indexOf(l.Physical.Artifact.Index)
	}
	message := digestOf(f.Description)
	if f.Description == "" {
		message = digestOf(append([]string{v.Message.ID}, v.Message.Arguments...)...)
	}
	if r.file < 0 {
		f.Location, message = fileLine(uri, line), messageAt(digestOf(uri), line, message)
	}
	r.compactFinding = s.findings.texts.compact(message, f)
	return r
}

// ownSeverity returns the severity of the result itself, before its rule's.
func (v *sarifResult) ownSeverity() (models.Severity, severitySource) {
	switch {
	case v.Properties.Severity.given:
		return v.Properties.Severity.severity(), fromScore
	case v.Level != "":
		return levelOf(v.Level), fromLevel
	}
	return models.Unknown, fromNothing
}

// finish completes a result with its rule and its file, and adds it to the findings.
func (s *sarif) finish(r *sarifFinding) {
	if r.file >= 0 {
		file := s.run.file(r.file)
		r.identity = messageAt(file.uri, r.line, r.identity)
		r.location = s.findings.texts.put(fileLine(s.findings.texts.get(file.name), r.line), maxLocation)
	}
	rule := s.run.rule(r)
	if r.rule == (digest{}) {
		r.rule = rule.id
	}
	rule.describe(&r.compactFinding)
	r.severity = rule.severity(r.severity, r.source)
	if r.title == 0 {
		line, _, _ := strings.Cut(s.findings.texts.get(r.description), "\n")
		r.title = s.findings.texts.put(line, maxTitle)
	}
	r.identity = digestOf(s.run.tool, string(r.rule[:]), string(r.identity[:]))
	s.findings.addCompact(r.compactFinding)
}
