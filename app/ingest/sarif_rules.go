package ingest

import "gatecrier/models"

// readTool reads the tool of a run: its driver and extensions.
func (s *sarif) readTool() error {
	err := s.doc.object(func(key string) error {
		switch key {
		case "driver":
			given, err := s.component(s.run.driver, driver)
			s.run.tool = s.run.driver.name
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
	_, err := s.component(rules, int32(len(s.run.extensions)-1)) //nolint:gosec // a file has fewer extensions
	return err
}

// component reads the driver or an extension, and reports whether it is not null.
func (s *sarif) component(rules *sarifRules, number int32) (bool, error) {
	return s.doc.given(func(key string) error {
		switch key {
		case "name":
			_, err := s.doc.decodeStrict(&rules.name)
			return err
		case "rules":
			return s.doc.array(func() error { return s.rule(rules, number) })
		case "globalMessageStrings":
			var list loose[sarifMessages]
			_, err := s.doc.decodeStrict(&list)
			s.addMessages(list.v, number, sharedMessages)
			return err
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
	Messages      loose[sarifMessages] `json:"messageStrings"`
	Relationships loose[[]struct {
		Target sarifTaxon `json:"target"`
	}] `json:"relationships"`
	Properties struct {
		Severity securitySeverity `json:"security-severity"`
		Tags     loose[[]string]  `json:"tags"`
	} `json:"properties"`
}

// rule reads a rule. An unreadable rule keeps its index in the list.
func (s *sarif) rule(rules *sarifRules, component int32) error {
	var v sarifRuleJSON
	if _, err := s.doc.decodeStrict(&v); err != nil {
		return err
	}
	t, number := s.findings.texts, int32(rules.list.n) //nolint:gosec // a file has fewer rules
	id := clean(v.ID, maxTitle)
	rule := sarifRule{
		id: digestOf(id), title: t.put(first(v.ID, v.Name, v.Short.Text), maxTitle), name: t.put(v.Name, maxTitle),
		description: t.putText(first(v.Full.Text, v.Short.Text), maxDescription), url: t.putText(v.HelpURI, maxURL),
		score: noSeverity, level: noSeverity,
	}
	if v.Properties.Severity.given {
		rule.score = uint8(v.Properties.Severity.severity) //nolint:gosec // six severities
	}
	if v.Configuration.Level != "" {
		rule.level = uint8(levelOf(v.Configuration.Level)) //nolint:gosec // six severities
	}
	d := models.Details{Score: v.Properties.Severity.score, CWEs: cwesOfRule(&v)}
	if clean(v.Name, maxTitle) != id {
		d.Rule = v.Name
	}
	rule.details = t.putRaw(string(d.Encode()))
	s.addMessages(v.Messages.v, component, number)
	rules.list.add(rule)
	if id == "" {
		return nil
	}
	if _, repeated := rules.byID[rule.id]; !repeated {
		rules.byID[rule.id] = number
	}
	if known, ok := s.run.byID[rule.id]; !ok || component == driver && known.component != driver {
		s.run.byID[rule.id] = rulePlace{component, number}
	}
	return nil
}
