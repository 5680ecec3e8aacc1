package ingest

import "strconv"

// sarifOverride is the level that an invocation gives a rule for its run. Without a level it changes
// none.
type sarifOverride struct {
	Descriptor struct {
		ID        string `json:"id"`
		Index     *int   `json:"index"`
		Component struct {
			Index *int   `json:"index"`
			Name  string `json:"name"`
		} `json:"toolComponent"`
	} `json:"descriptor"`
	Configuration struct {
		Level string `json:"level"`
	} `json:"configuration"`
}

// anyInvocation is the invocation of results that name none.
const anyInvocation = -1

// override reads a level that an invocation gives a rule. A rule that the invocation turned off has
// no results, so that this is not looked at.
func (s *sarif) override() error {
	var v loose[sarifOverride]
	if _, err := s.doc.decodeStrict(&v); err != nil {
		return err
	}
	of, level := &v.v.Descriptor, v.v.Configuration.Level
	rule := of.ID
	if rule == "" && indexOf(of.Index) >= 0 {
		rule = indexedRule(indexOf(of.Index))
	}
	if rule == "" || level == "" {
		return nil
	}
	component := of.Component.Name
	if i := indexOf(of.Component.Index); i >= 0 {
		component = indexedRule(i)
	}
	for _, invocation := range []int32{s.run.invocations, anyInvocation} {
		key := overrideKey(invocation, component, rule)
		severity := uint8(levelOf(level)) //nolint:gosec // six severities
		if known, ok := s.run.overrides[key]; !ok || severity < known {
			s.run.overrides[key] = severity
		}
	}
	return nil
}

// indexedRule returns an index as the name of a rule, or of a component: no other name has NUL.
func indexedRule(i int32) string { return "\x00" + strconv.Itoa(int(i)) }

func overrideKey(invocation int32, component, rule string) digest {
	return digestOf(strconv.Itoa(int(invocation)), component, rule)
}

// override returns the level that an invocation gives the rule of a result, else noSeverity. The
// most precise ID of a hierarchical one comes first.
func (r *sarifRun) override(invocation int32, at rulePlace, id string) uint8 {
	if len(r.overrides) == 0 {
		return noSeverity
	}
	component := r.component(at.component)
	names := []string{component.name}
	if at.component == driver {
		names = append(names, "")
	} else {
		names = append(names, indexedRule(at.component), "")
	}
	find := func(rule string, components []string) (uint8, bool) {
		for _, name := range components {
			if level, ok := r.overrides[overrideKey(invocation, name, rule)]; ok {
				return level, true
			}
		}
		return noSeverity, false
	}
	for n := 0; id != "" && n < maxRuleParents; id, n = ruleParent(id), n+1 {
		if level, ok := find(id, names); ok {
			return level
		}
	}
	if at == noRule {
		return noSeverity
	}
	if level, ok := find(r.findings.texts.get(r.rule(at).title), names); ok {
		return level
	}
	if at.component != driver {
		names = names[:2] // an index without a component is one of the driver
	}
	level, _ := find(indexedRule(at.rule), names)
	return level
}
