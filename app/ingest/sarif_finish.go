package ingest

import "gatecrier/models"

// mix adds a part to the identity. The order of the parts does not matter, since some become known
// later than others.
func (r *sarifFinding) mix(part digest) {
	for i := range r.identity {
		r.identity[i] ^= part[i]
	}
}

// mixStable adds a part to what stays when the finding moves.
func (r *sarifFinding) mixStable(part digest) {
	for i := range r.stable {
		r.stable[i] ^= part[i]
	}
}

func (r *sarifFinding) mixBoth(part digest) {
	r.mix(part)
	r.mixStable(part)
}

// mixFile adds the file of a result. What its URI is relative to does not stay when the finding
// moves: tools begin and cease to name it.
func (r *sarifFinding) mixFile(file *sarifFile) {
	r.mix(file.id)
	r.mixStable(file.stable)
	r.state = r.state.withBase(file.base)
}

// finish completes a result with what it refers to, and adds it to the findings of the run.
func (s *sarif) finish(r *sarifFinding, own extra) {
	t := s.findings.texts
	id := t.get(r.title)
	at := s.run.ruleOf(r, id)
	rule := s.run.rule(at)
	s.finishPlace(r)
	if r.byID {
		s.finishMessage(r, &own, at)
	}
	ruleID := digestOf(id)
	if id == "" {
		ruleID = rule.id
	}
	part := digestOf("rule", s.run.tool, string(ruleID[:]))
	r.mixBoth(part)
	own.match.print = finishPrint(own.match.print, s.run.tool, part)
	switch {
	case r.source == fromScore:
	case rule.score != noSeverity:
		r.state = r.state.withSeverity(rule.score)
	case r.source == fromNothing:
		r.state = r.state.withSeverity(s.run.levelOf(r, at, id, rule))
	}
	r.url = rule.url
	s.finishTexts(r, rule)
	if at != noRule {
		own.details = s.finishDetails(r, rule, id != "" && rule.id == ruleID, own.details)
	}
	r.extra = t.putExtra(own)
	s.run.findings.addCompact(r.compactFinding)
}

// finishPlace adds the file and the part of the product that a result names by their indexes.
func (s *sarif) finishPlace(r *sarifFinding) {
	t := s.findings.texts
	noFile := r.file < 0 && r.location == 0
	if r.file >= 0 {
		file := fileAt(&s.run.artifacts, r.file)
		r.mixFile(&file)
		r.location = t.put(fileLine(t.get(file.name), r.line), maxLocation)
	}
	if r.logical >= 0 {
		part := fileAt(&s.run.logical, r.logical)
		s.mixLogical(r, part.id, noFile)
		r.component = part.name
	}
}

// mixLogical adds logical locations. Only where there is no file do they stay when a finding moves:
// in a file, the function around the code can get another name.
func (s *sarif) mixLogical(r *sarifFinding, part digest, noFile bool) {
	r.mix(part)
	if noFile {
		r.mixStable(part)
	}
}

// finishTexts fills the missing texts of a result from its rule. Each result has a title.
func (s *sarif) finishTexts(r *sarifFinding, rule sarifRule) {
	t := s.findings.texts
	if r.title == 0 {
		r.title = rule.title
	}
	if r.description == 0 {
		r.description = rule.description
	}
	if r.title == 0 {
		r.title = t.put(firstLine(first(
			t.get(r.description), t.get(r.component), t.get(r.location), "Result of "+s.run.tool,
		)), maxTitle)
	}
}

// finishDetails returns the details of a result with those of its rule.
func (s *sarif) finishDetails(
	r *sarifFinding, rule sarifRule, titled bool, own models.EncodedDetails,
) models.EncodedDetails {
	t := s.findings.texts
	ofRule := models.EncodedDetails(t.get(rule.details))
	if own == "" && titled && r.source != fromScore {
		return ofRule
	}
	d := mergeDetails(own.Decode(), ofRule.Decode(), r.source == fromScore)
	if d.Rule = first(t.get(rule.name), t.get(rule.title)); d.Rule == t.get(r.title) {
		d.Rule = ""
	}
	return d.Encode()
}

// levelOf returns the severity of a result that has none itself: from the level that an invocation
// gives its rule, else from the rule's own, else that of a warning.
func (r *sarifRun) levelOf(f *sarifFinding, at rulePlace, id string, rule sarifRule) uint8 {
	if level := r.override(f.invocation, at, id); level != noSeverity {
		return level
	}
	if rule.level != noSeverity {
		return rule.level
	}
	return uint8(models.Medium)
}
