package ingest

import (
	"math"
	"strconv"

	"gatecrier/models"
)

// sarifRun is what the results of a run refer to.
type sarifRun struct {
	tool       string
	told       bool // the tool and its rules have been read
	driver     *sarifRules
	extensions []*sarifRules
	artifacts  chunks[sarifFile]
	waiting    chunks[sarifRecord]
}

type sarifFile struct {
	what id
	name text
}

// sarifRules are those of the driver or an extension.
type sarifRules struct {
	list chunks[sarifRule]
	byID map[id]int
}

// sarifRule is what results of a rule have in common. Its texts are theirs.
type sarifRule struct {
	id                       id
	title, description, link text
	score, level             uint8 // severities; noSeverity: none
}

const noSeverity = math.MaxUint8

func newSARIFRun() *sarifRun { return &sarifRun{driver: newSARIFRules()} }

func newSARIFRules() *sarifRules { return &sarifRules{byID: map[id]int{}} }

// readTool reads the tool of a run: its driver and extensions.
func (s *sarif) readTool() error {
	err := s.d.object(func(key string) error {
		switch key {
		case "driver":
			return s.component(s.run.driver, &s.run.tool)
		case "extensions":
			return s.d.array(s.extension)
		}
		return s.d.skip()
	})
	s.run.told = true
	return err
}

func (s *sarif) extension() error {
	rules := newSARIFRules()
	s.run.extensions = append(s.run.extensions, rules)
	var name string
	return s.component(rules, &name)
}

func (s *sarif) component(rules *sarifRules, name *string) error {
	return s.d.object(func(key string) error {
		switch key {
		case "name":
			_, err := s.d.decode(name)
			return err
		case "rules":
			return s.d.array(func() error { return s.rule(rules) })
		}
		return s.d.skip()
	})
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

// rule reads a rule. One that cannot be read keeps its place in the list.
func (s *sarif) rule(rules *sarifRules) error {
	var v sarifRuleJSON
	if _, err := s.d.decode(&v); err != nil {
		return err
	}
	t := s.findings.texts
	rule := sarifRule{
		id: identity(v.ID), title: t.put(first(v.ID, v.Name, v.Short.Text), maxTitle),
		description: t.put(first(v.Full.Text, v.Short.Text), maxDescription), link: t.put(v.HelpURI, maxPlace),
		score: noSeverity, level: noSeverity,
	}
	if v.Properties.Severity.given {
		rule.score = uint8(v.Properties.Severity.severity()) //nolint:gosec // there are six
	}
	if v.Configuration.Level != "" {
		rule.level = uint8(levelOf(v.Configuration.Level)) //nolint:gosec // there are six
	}
	if _, repeated := rules.byID[rule.id]; !repeated && v.ID != "" {
		rules.byID[rule.id] = rules.list.n
	}
	rules.list.add(rule)
	return nil
}

// rule finds the rule of a result: by its id, then by its index, first in the
// component that the result names, then in the driver and its extensions.
// Without one it is a rule that says nothing.
func (r *sarifRun) rule(of *sarifRecord) sarifRule {
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

// describe gives a finding what its rule says.
func (r sarifRule) describe(to *record) {
	if to.title == 0 {
		to.title = r.title
	}
	if to.description == 0 {
		to.description = r.description
	}
	to.link = r.link
}

// severity is that of a result: by a score, its own or the rule's, else by a
// level, its own or the rule's, else that of a warning.
func (r sarifRule) severity(own uint8, of grade) uint8 {
	switch {
	case of == byScore:
		return own
	case r.score != noSeverity:
		return r.score
	case of == byLevel:
		return own
	case r.level != noSeverity:
		return r.level
	}
	return uint8(models.Medium)
}

// within is the identity of a message at a place.
func within(file id, line int32, message id) id {
	return identity(string(file[:]), strconv.Itoa(int(line)), string(message[:]))
}

// indexOf is the first index that is given; -1: none.
func indexOf(given ...*int) int32 {
	for _, i := range given {
		if i != nil && *i >= 0 && *i < math.MaxInt32 {
			return int32(*i)
		}
	}
	return -1
}
