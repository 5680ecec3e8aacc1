package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// looseTexts are the members of an object, as keys and values in the order of their keys.
type looseTexts struct{ list []string }

// UnmarshalJSON reads an object and never fails. It leaves out values that are null or empty.
func (l *looseTexts) UnmarshalJSON(text []byte) error {
	l.list = nil
	var members map[string]any
	if json.Unmarshal(text, &members) != nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if value := members[key]; value != nil && value != "" {
			l.list = append(l.list, key, fmt.Sprint(value))
		}
	}
	return nil
}

// print returns the hash of a result's fingerprints, zero for none.
func (v *sarifResult) print() shortDigest {
	parts := []string{"print"}
	for pair := range slices.Chunk(append(v.Fingerprints.list, v.Partial.list...), 2) {
		if pair[1] != needsLogin {
			parts = append(parts, pair...)
		}
	}
	if len(parts) == 1 {
		return shortDigest{}
	}
	return digestOf(parts...).short()
}

// finishPrint adds the tool and the rule to the hash of fingerprints. Only the second half comes from
// the rule, so that the first shows what repeats, also for another rule.
func finishPrint(print shortDigest, tool string, rule digest) shortDigest {
	if print == (shortDigest{}) {
		return print
	}
	whole, ruled := digestOf(tool, string(print[:])), digestOf(string(rule[:]), string(print[:]))
	copy(print[:4], whole[:])
	copy(print[4:], ruled[:])
	return print
}

// categorize adds the category of a run to the identity and the match key of a finding.
func (t *texts) categorize(c *compactFinding, category string) {
	c.identity = digestOf("category", category, string(c.identity[:]))
	c.stable = digestOf("category", category, string(c.stable[:])).short()
	if e := t.extra(c.extra); e.match.print != (shortDigest{}) {
		print := &e.match.print
		whole, ruled := digestOf(category, string(print[:4])), digestOf(category, string(print[:]))
		copy(print[:4], whole[:])
		copy(print[4:], ruled[:])
		c.extra = t.putExtra(e)
	}
}

// printed is a finding with fingerprints.
type printed struct {
	fingerprints [4]byte
	rule         [4]byte
	place        uint64 // a hash
	finding      int
}

// dropSharedPrints removes fingerprints that repeat at other places, such as a constant text: they
// identify nothing. At one place, only those of one rule are a repetition, since tools make them
// from the code there.
func (s *Findings) dropSharedPrints() {
	var list []printed
	for i := range s.Len() {
		c := s.list.at(i)
		if c.extra == 0 {
			continue
		}
		if print := s.texts.extra(c.extra).match.print; print != (shortDigest{}) {
			p := printed{place: s.texts.hash(c.location) ^ s.texts.hash(c.component)<<1, finding: i}
			copy(p.fingerprints[:], print[:4])
			copy(p.rule[:], print[4:])
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b printed) int {
		return cmp.Or(bytes.Compare(a.fingerprints[:], b.fingerprints[:]), bytes.Compare(a.rule[:], b.rule[:]))
	})
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(p printed) bool { return p.fingerprints != list[0].fingerprints })
		if n < 0 {
			n = len(list)
		}
		s.dropShared(list[:n])
		list = list[n:]
	}
}

// dropShared removes those of the same fingerprints that identify nothing.
func (s *Findings) dropShared(same []printed) {
	moved := slices.ContainsFunc(same, func(p printed) bool { return p.place != same[0].place })
	for i, p := range same {
		twice := i > 0 && same[i-1].rule == p.rule || i+1 < len(same) && same[i+1].rule == p.rule
		if moved || twice {
			c := s.list.at(p.finding)
			e := s.texts.extra(c.extra)
			e.match.print = shortDigest{}
			c.extra = s.texts.putExtra(e)
		}
	}
}
