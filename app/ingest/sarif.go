package ingest

import (
	"strings"
	"time"
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
	tools     []string // of the runs, each once
	knowsTool map[string]bool
	category  string // of the first run
	mixed     bool   // another run has another category
	madeAt    time.Time
	findings  *Findings
	run       *sarifRun
	ended     []endedRun
	common    map[string]string // the directory that all of those with one ID are in
	next      sarifResult       // the one that is read, once for all of them to save memory
}

func newSARIF(d *document, t *texts) *sarif {
	return &sarif{doc: d, findings: newFindings(t), knowsTool: map[string]bool{}}
}

func (s *sarif) typeErrors() *typeErrors { return &s.typeErrs }

// recognized reports whether the document names SARIF, or has what only its runs have. Test
// tools have a list of runs too.
func (s *sarif) recognized() bool {
	return s.hasSchema || s.hasDriver || s.hasRuns && s.version == sarifVersion
}

func (s *sarif) report() Report {
	s.joinRuns()
	s.findings.dropSharedPrints()
	r := Report{Tools: s.tools, MadeAt: s.madeAt, Findings: s.findings}
	if len(s.tools) > 0 {
		r.Tool = s.tools[0]
	}
	if !s.mixed && !isLocalPath(s.category) {
		r.Subject = s.category
	}
	r.Warnings = s.scan.warnings
	if s.scan.brokenAt != "" {
		r.Partial, r.Warnings = true, append([]string{brokeOff(s.scan.brokenAt)}, r.Warnings...)
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

// readRun reads one run. Its results can come before what they refer to, and before the category.
func (s *sarif) readRun() error {
	s.run = newSARIFRun(s.findings.texts)
	err := s.doc.object(s.runMember)
	s.endRun()
	if err == nil {
		s.judgeRun()
	}
	return err
}

func (s *sarif) runMember(key string) error {
	switch key {
	case "tool":
		return s.readTool()
	case "automationDetails":
		return s.automation()
	case "originalUriBaseIds":
		return s.readBases()
	case "artifacts":
		return s.doc.array(s.artifact)
	case "logicalLocations":
		return s.doc.array(s.logicalLocation)
	case "results":
		return s.results()
	case "invocations":
		err := s.doc.array(s.invocation)
		s.run.invocationsRead = true
		return err
	case "externalPropertyFileReferences":
		return s.externalReferences()
	}
	return s.doc.skip()
}

// automation reads the category of a run: its ID up to the last slash. What follows names the run.
func (s *sarif) automation() error {
	var v loose[struct {
		ID string `json:"id"`
	}]
	_, err := s.doc.decodeStrict(&v)
	s.run.category = v.v.ID
	if slash := strings.LastIndexByte(v.v.ID, '/'); slash >= 0 {
		s.run.category = v.v.ID[:slash]
	}
	return err
}

// endRun finishes the results of a run. They wait for the other runs, which can have other bases.
func (s *sarif) endRun() {
	run := s.run
	run.unfinished.drain(func(r *sarifFinding) { s.finish(r, run.findings.texts.extra(r.extra)) })
	s.keepRun(endedRun{run.findings, run.category, run.bases.used, run.bases.resolved()})
	if s.runs == 0 {
		s.category = run.category
	}
	s.mixed = s.mixed || run.category != s.category
	if !s.knowsTool[run.tool] && (run.tool != "" || s.runs == 0) {
		s.knowsTool[run.tool] = true
		s.tools = append(s.tools, run.tool)
	}
	s.runs++
}

type sarifArtifact struct {
	Location struct {
		URI    string        `json:"uri"`
		BaseID loose[string] `json:"uriBaseId"`
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
		file = s.run.file(a.Location.BaseID.v, a.Location.URI)
		file.name = s.findings.texts.put(a.Location.URI, maxLocation)
	}
	s.run.artifacts.add(file)
	return nil
}

// logicalLocation reads a part of the product, such as a function, that results name by its index.
func (s *sarif) logicalLocation() error {
	var l loose[sarifLogical]
	if _, err := s.doc.decodeStrict(&l); err != nil {
		return err
	}
	id := logicalDigest([]sarifLogical{l.v})
	s.run.logical.add(sarifFile{id: id, stable: id, name: s.findings.texts.put(l.v.name(), maxComponent)})
	return nil
}
