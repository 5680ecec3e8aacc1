package ingest

import (
	"math"
	"strconv"

	"gatecrier/models"
)

// sarifRun is the part of a run that its results refer to.
type sarifRun struct {
	tool       string
	toolRead   bool // the tool and its rules are complete
	driver     *sarifRules
	extensions []*sarifRules
	artifacts  chunks[sarifFile]
	unfinished chunks[sarifFinding] // results whose rule or file is not read yet
	state      sarifRunState
}

type sarifFile struct {
	uri  digest // the hash of its URI
	name textRef
}

// sarifRules are the rules of the driver or of an extension.
type sarifRules struct {
	list chunks[sarifRule]
	byID map[digest]int
}

// sarifRule is what the results of a rule have in common.
type sarifRule struct {
	id                      digest
	title, description, url textRef
	score, level            uint8 // severities, or noSeverity
}

const noSeverity = math.MaxUint8

func newSARIFRun() *sarifRun { return &sarifRun{driver: newSARIFRules()} }

func newSARIFRules() *sarifRules { return &sarifRules{byID: map[digest]int{}} }

// readTool reads the tool of a run: its driver and extensions.
func (s *sarif) readTool() error {
	err := s.doc.object(func(key string) error {
		switch key {
		case "driver":
			given, err := s.component(s.run.driver, &s.run.tool)
			s.hasDriver = s.hasDriver || given
			return err
		case "extensions":
			return s.doc.array(s.extension)
		}
		return s.doc.skip()
	})
	s.run.toolRead = true
	return err
}

func (s *sarif) extension() error {
	rules := newSARIFRules()
	s.run.extensions = append(s.run.extensions, rules)
	var name string
	_, err := s.component(rules, &name)
	return err
}

// component reads the driver or an extension, and reports whether it is not null.
func (s *sarif) component(rules *sarifRules, name *string) (bool, error) {
	return s.doc.given(func(key string) error {
		switch key {
		case "name":
			_, err := s.doc.decodeStrict(name)
			return err
		case "rules":
			return s.doc.array(func() error { return s.rule(rules) })
		}
		return s.doc.skip()
	}, nil)
}

type sarifRuleJSON struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Short struct {
		Text string `json:"text"`
	} `json:"shortDescription"`
	Full struct {
		Text string `json:"text"`
	} `json:"fullDescription"`
	HelpURI       string `json:"helpUri"`
	Configuration struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Properties struct {
		Severity score `json:"security-severity"`
	} `json:"properties"`
}

// rule reads a rule. An unreadable rule keeps its index in the list.
func (s *sarif) rule(rules *sarifRules) error {
	var v sarifRuleJSON
	if _, err := s.doc.decodeStrict(&v); err != nil {
		return err
	}
	t := s.findings.texts
	rule := sarifRule{
		id: digestOf(v.ID), title: t.put(first(v.ID, v.Name, v.Short.Text), maxTitle),
		description: t.put(first(v.Full.Text, v.Short.Text), maxDescription), url: t.put(v.HelpURI, maxURL),
		score: noSeverity, level: noSeverity,
	}
	if v.Properties.Severity.given {
		rule.score = uint8(v.Properties.Severity.severity()) //nolint:gosec // six severities
	}
	if v.Configuration.Level != "" {
		rule.level = uint8(levelOf(v.Configuration.Level)) //nolint:gosec // six severities
	}
	if _, repeated := rules.byID[rule.id]; !repeated && v.ID != "" {
		rules.byID[rule.id] = rules.list.n
	}
	rules.list.add(rule)
	return nil
}

// rule returns the rule of a result: by its ID, then by its index, first in the component
// that the result names, then in the driver and its extensions. Without a match it returns
// an empty rule.
func (r *sarifRun) rule(of *sarifFinding) sarifRule {
	components := append([]*sarifRules{r.driver}, r.extensions...)
	if i := int(of.extension); i >= 0 && i < len(r.extensions) {
		components = append([]*sarifRules{r.extensions[i]}, components...)
	}
	for _, c := range components {
		if at, ok := c.byID[of.rule]; ok {
			return *c.list.at(at)
		}
	}
	for _, c := range components {
		if i := int(of.index); i >= 0 && i < c.list.n {
			return *c.list.at(i)
		}
	}
	return sarifRule{score: noSeverity, level: noSeverity}
}

func (r *sarifRun) file(i int32) sarifFile {
	if int(i) < r.artifacts.n {
		return *r.artifacts.at(int(i))
	}
	return sarifFile{}
}

// describe fills a finding's missing texts from its rule.
func (r sarifRule) describe(to *compactFinding) {
	if to.title == 0 {
		to.title = r.title
	}
	if to.description == 0 {
		to.description = r.description
	}
	to.url = r.url
}

// severity returns the severity of a result: from a score, its own or the rule's, else from
// a level, its own or the rule's, else that of a warning.
func (r sarifRule) severity(own uint8, of severitySource) uint8 {
	switch {
	case of == fromScore:
		return own
	case r.score != noSeverity:
		return r.score
	case of == fromLevel:
		return own
	case r.level != noSeverity:
		return r.level
	}
	return uint8(models.Medium)
}

// messageAt returns the identity of a message at a line of a file.
func messageAt(file digest, line int32, message digest) digest {
	return digestOf(string(file[:]), strconv.Itoa(int(line)), string(message[:]))
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
