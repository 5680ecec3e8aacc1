package ingest

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatecrier/models"
)

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
	Kind          string          `json:"kind"`
	Level         string          `json:"level"`
	BaselineState string          `json:"baselineState"`
	Message       sarifMessage    `json:"message"`
	Locations     []sarifLocation `json:"locations"`
	Suppressions  []*struct {
		Status string `json:"status"`
	} `json:"suppressions"`
	Fingerprints looseTexts            `json:"fingerprints"`
	Partial      looseTexts            `json:"partialFingerprints"`
	Taxa         loose[[]sarifTaxon]   `json:"taxa"`
	Viewer       loose[string]         `json:"hostedViewerUri"`
	Provenance   loose[sarifExecution] `json:"provenance"`
	Request      loose[sarifRequest]   `json:"webRequest"`
	Properties   struct {
		Severity securitySeverity `json:"security-severity"`
	} `json:"properties"`
}

// sarifExecution is the invocation that found a result.
type sarifExecution struct {
	Invocation *int `json:"invocationIndex"`
}

// sarifRequest is the request that shows a result, of a tool that tests a running application.
type sarifRequest struct {
	Method string `json:"method"`
	Target string `json:"target"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI    string        `json:"uri"`
			BaseID loose[string] `json:"uriBaseId"`
			Index  *int          `json:"index"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine   float64             `json:"startLine"`
			StartColumn loose[float64]      `json:"startColumn"`
			CharOffset  loose[json.Number]  `json:"charOffset"`
			ByteOffset  loose[json.Number]  `json:"byteOffset"`
			Snippet     loose[sarifSnippet] `json:"snippet"`
		} `json:"region"`
		Context loose[struct {
			Snippet sarifSnippet `json:"snippet"`
		}] `json:"contextRegion"`
	} `json:"physicalLocation"`
	Logical []sarifLogical `json:"logicalLocations"`
}

type sarifSnippet struct {
	Text string `json:"text"`
}

// sarifLogical is a part of the product, such as a function or a module.
type sarifLogical struct {
	FullName  string        `json:"fullyQualifiedName"`
	Name      string        `json:"name"`
	Decorated loose[string] `json:"decoratedName"` // distinguishes overloaded functions
	Index     loose[*int]   `json:"index"`
}

func (l sarifLogical) name() string { return first(l.FullName, l.Name) }

// logicalDigest returns the hash of the logical locations of a result, zero for none.
func logicalDigest(list []sarifLogical) digest {
	var parts []string
	for i, l := range list {
		name := l.FullName + l.Name + l.Decorated.v
		if name == "" && i > 0 && l.Index.v != nil {
			name = strconv.Itoa(*l.Index.v)
		}
		if name != "" {
			parts = append(parts, l.FullName, l.Name, l.Decorated.v, name)
		}
	}
	if len(parts) == 0 {
		return digest{}
	}
	return digestOf(append(parts, "logical")...)
}

// sarifFinding is a result that waits for what it refers to. Until then, its identity and its match
// key lack the tool, the rule, and what the fields say.
type sarifFinding struct {
	compactFinding
	index      int32 // of the rule; -1 = none, also of the next ones
	extension  int32 // of the rule's component
	file       int32 // index of an artifact
	logical    int32 // index of a logical location
	invocation int32 // that found it
	line       int32
	source     severitySource
	byID       bool // its description is a packed message
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
	s.next = sarifResult{}
	if ok, err := s.doc.decodeStrict(&s.next); err != nil || !ok || !s.next.isFinding() {
		return err
	}
	s.run.state.active = s.run.state.active || s.next.status().Active()
	r, own := s.newFinding(&s.next)
	if s.run.knows(&r) {
		s.finish(&r, own)
	} else {
		r.extra = s.findings.texts.putExtra(own)
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

// status returns that a risk is accepted if all suppressions are: one without a status is, one
// that is under review or rejected is not.
func (v *sarifResult) status() models.Status {
	for _, s := range v.Suppressions {
		if s == nil || s.Status != "" && !strings.EqualFold(s.Status, "accepted") {
			return models.StatusOpen
		}
	}
	if len(v.Suppressions) == 0 {
		return models.StatusOpen
	}
	return models.StatusRiskAccepted
}

// newFinding returns a result without what finish adds, and what it has beyond its main texts.
func (s *sarif) newFinding(v *sarifResult) (sarifFinding, extra) {
	var l sarifLocation
	if len(v.Locations) > 0 {
		l = v.Locations[0]
	}
	at, region := &l.Physical.Artifact, &l.Physical.Region
	r := sarifFinding{
		index: indexOf(v.RuleIndex, v.Rule.Index), extension: indexOf(v.Rule.ToolComponent.Index), file: -1, logical: -1,
		invocation: indexOf(v.Provenance.v.Invocation), line: lineOf(region.StartLine),
	}
	severity, source := v.ownSeverity()
	r.source = source
	f := Finding{Title: first(v.RuleID, v.Rule.ID), Severity: severity, Status: v.status()}
	if len(l.Logical) > 0 {
		f.Component = l.Logical[0].name()
	}
	if at.URI != "" {
		f.Location = fileLine(at.URI, r.line)
	}
	own := extra{details: s.ownDetails(v), match: matchKey{
		print:   v.print(),
		snippet: snippetDigest(strings.TrimSpace(first(region.Snippet.v.Text, l.Physical.Context.v.Snippet.Text))),
	}}
	r.compactFinding = s.findings.texts.compact(digest{}, f)
	r.mix(digestOf(append([]string{
		"place", strconv.Itoa(int(r.line)), strconv.Itoa(int(lineOf(region.StartColumn.v))),
	}, append(v.Fingerprints.list, v.Partial.list...)...)...))
	s.mixPlace(&r, v, own.match.snippet)
	if at.URI != "" {
		file := s.run.file(at.BaseID.v, at.URI)
		r.mixFile(&file)
	} else {
		r.file = indexOf(at.Index)
	}
	if len(l.Logical) > 0 && l.Logical[0].name() == "" && l.Logical[0].Index.v != nil {
		r.logical = indexOf(l.Logical[0].Index.v)
	}
	s.mixLogical(&r, logicalDigest(l.Logical), at.URI == "" && r.file < 0)
	s.putMessage(&r, &own, &v.Message)
	return r, own
}

// mixPlace adds what distinguishes results beside their file and line: their code, the request that
// shows them and, where there is no line, their offset.
func (s *sarif) mixPlace(r *sarifFinding, v *sarifResult, snippet shortDigest) {
	if snippet != (shortDigest{}) {
		r.mix(digestOf("snippet", string(snippet[:])))
	}
	request := &v.Request.v
	if request.Method != "" || request.Target != "" {
		r.mix(digestOf("request", strings.ToUpper(request.Method), request.Target))
	}
	if request.Target != "" {
		r.mixStable(digestOf("request", request.Target))
	}
	if r.line > 0 || len(v.Locations) == 0 {
		return
	}
	region := &v.Locations[0].Physical.Region
	if chars, bytes := offsetOf(region.CharOffset.v), offsetOf(region.ByteOffset.v); chars != "" || bytes != "" {
		r.mix(digestOf("offset", chars, bytes))
	}
}

// offsetOf returns an offset, "" for none: -1 is the default.
func offsetOf(n json.Number) string {
	if strings.HasPrefix(n.String(), "-") {
		return ""
	}
	return n.String()
}

// ownDetails returns the details of the result itself, before its rule's.
func (s *sarif) ownDetails(v *sarifResult) models.EncodedDetails {
	d := models.Details{Score: v.Properties.Severity.score, CWEs: cwesOf(v.Taxa.v)}
	if v.Viewer.v != "" {
		d.References = []string{v.Viewer.v}
	}
	for i := 1; i < len(v.Locations) && len(d.Locations) < maxOtherLocations; i++ {
		p := &v.Locations[i].Physical
		uri := p.Artifact.URI
		if n := indexOf(p.Artifact.Index); uri == "" && n >= 0 {
			uri = s.findings.texts.get(fileAt(&s.run.artifacts, n).name)
		}
		d.Locations = append(d.Locations, fileLine(uri, lineOf(p.Region.StartLine)))
	}
	if target := v.Request.v.Target; target != "" {
		d.Locations = append(d.Locations, target)
	}
	if d.Score == 0 && d.CWEs == nil && d.References == nil && d.Locations == nil {
		return ""
	}
	return d.Encode()
}

// maxOtherLocations bounds how many locations other than the first are looked at.
const maxOtherLocations = 50

// ownSeverity returns the severity of the result itself, before its rule's.
func (v *sarifResult) ownSeverity() (models.Severity, severitySource) {
	switch {
	case v.Properties.Severity.given:
		return v.Properties.Severity.severity, fromScore
	case v.Level != "":
		return levelOf(v.Level), fromLevel
	case v.Kind != "" && !strings.EqualFold(v.Kind, "fail"):
		return models.None, fromLevel
	}
	return models.Unknown, fromNothing
}
