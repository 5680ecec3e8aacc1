package ingest

import (
	"math"
	"strconv"
)

// sarifRun is the part of a run that its results refer to, and its findings, which lack the category.
type sarifRun struct {
	tool            string
	toolRead        bool // the tool and its rules are complete
	category        string
	driver          *sarifRules
	extensions      []*sarifRules
	byID            map[digest]rulePlace // the rules of all components, those of the driver first
	messages        map[digest]textRef
	artifacts       chunks[sarifFile]
	logical         chunks[sarifFile]
	invocations     int32
	invocationsRead bool
	overrides       map[digest]uint8
	unfinished      chunks[sarifFinding] // results that wait for what they refer to
	findings        *Findings
	state           sarifRunState
	bases           sarifBases
}

// sarifFile is an artifact or a logical location.
type sarifFile struct {
	id     digest
	stable digest // without what the URI of a file is relative to
	name   textRef
	base   uint8 // the number of what the URI of a file is relative to
}

// sarifRules are the rules of the driver or of an extension.
type sarifRules struct {
	name string
	list chunks[sarifRule]
	byID map[digest]int32
}

// sarifRule is what the results of a rule have in common.
type sarifRule struct {
	id                            digest
	title, description, url, name textRef
	details                       textRef // encoded; as the rule of a result whose title is the rule's ID
	score, level                  uint8   // severities, or noSeverity
}

const noSeverity = math.MaxUint8

// rulePlace is where a rule is listed. Its component is the index of an extension, or driver.
type rulePlace struct{ component, rule int32 }

const driver = -1

var noRule = rulePlace{driver, -1}

func newSARIFRun(t *texts) *sarifRun {
	return &sarifRun{
		driver: newSARIFRules(), byID: map[digest]rulePlace{}, messages: map[digest]textRef{}, overrides: map[digest]uint8{},
		findings: newFindings(t),
	}
}

func newSARIFRules() *sarifRules { return &sarifRules{byID: map[digest]int32{}} }

// component returns the driver or an extension.
func (r *sarifRun) component(i int32) *sarifRules {
	if i == driver {
		return r.driver
	}
	return r.extensions[i]
}

// rule returns a rule, an empty one for noRule.
func (r *sarifRun) rule(at rulePlace) sarifRule {
	if at == noRule {
		return sarifRule{score: noSeverity, level: noSeverity}
	}
	return *r.component(at.component).list.at(int(at.rule))
}

// maxRuleParents bounds the levels of a hierarchical ID, and maxExtensions the extensions that are
// searched by index.
const (
	maxRuleParents = 16
	maxExtensions  = 256
)

// ruleOf returns where the rule of a result is listed: by its ID, also a hierarchical one, then by
// its index; first in the component that the result names, then in the driver and its extensions.
func (r *sarifRun) ruleOf(of *sarifFinding, id string) rulePlace {
	named := of.extension
	if int(named) >= len(r.extensions) {
		named = -1
	}
	for n := 0; id != "" && n < maxRuleParents; id, n = ruleParent(id), n+1 {
		key := digestOf(id)
		if named >= 0 {
			if rule, ok := r.extensions[named].byID[key]; ok {
				return rulePlace{named, rule}
			}
		}
		if at, ok := r.byID[key]; ok {
			return at
		}
	}
	has := func(c *sarifRules) bool { return of.index >= 0 && int(of.index) < c.list.n }
	switch {
	case named >= 0 && has(r.extensions[named]):
		return rulePlace{named, of.index}
	case has(r.driver):
		return rulePlace{driver, of.index}
	}
	for i, c := range r.extensions[:min(len(r.extensions), maxExtensions)] {
		if has(c) {
			return rulePlace{int32(i), of.index}
		}
	}
	return noRule
}

// ruleParent returns the ID of the rule that a hierarchical ID belongs to, "" for none.
func ruleParent(id string) string {
	for i := len(id) - 1; i > 0; i-- {
		if id[i] == '/' {
			return id[:i]
		}
	}
	return ""
}

// fileAt returns an element of a list. One that has no name is known by its index alone.
func fileAt(list *chunks[sarifFile], i int32) (file sarifFile) {
	if int(i) < list.n {
		file = *list.at(int(i))
	}
	if file.name == 0 {
		file.id = digestOf("index", strconv.Itoa(int(i)))
		file.stable = file.id
	}
	return file
}

// knows reports whether all that a result refers to is read.
func (r *sarifRun) knows(f *sarifFinding) bool {
	if !r.toolRead || f.file >= 0 && int(f.file) >= r.artifacts.n || f.logical >= 0 && int(f.logical) >= r.logical.n {
		return false
	}
	return f.source != fromNothing || r.invocationsRead ||
		r.rule(r.ruleOf(f, r.findings.texts.get(f.title))).score != noSeverity
}

// indexOf returns the first index that is given, -1 for none.
func indexOf(given ...*int) int32 {
	for _, i := range given {
		if i != nil && *i >= 0 && *i < math.MaxInt32 {
			return int32(*i)
		}
	}
	return -1
}
