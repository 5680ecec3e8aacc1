package ingest

import (
	"encoding/binary"
	"iter"

	"gatecrier/models"
)

// Findings are the findings of a report, each identity once. A nil one is empty. A report
// of 100 MB has a million findings, so they are stored compactly, apart from their texts.
type Findings struct {
	texts *texts
	list  chunks[compactFinding]
	index []uint32 // by identity: a finding's number plus 1, 0 for none
	said  statements
}

// compactFinding is a finding without its texts, in 48 bytes.
type compactFinding struct {
	identity                                     digest
	stable                                       shortDigest
	state                                        state
	title, description, component, location, url textRef
	extra                                        textRef // a packed extra
}

// state is the severity of a finding (3 bits), the number of its status in statuses (3 bits) and what
// is true of it.
type state uint8

const (
	stateKEV     state = 1 << 6
	stateUnfixed state = 1 << 7
)

func stateOf(f Finding) state {
	s := state(f.Severity)&7 | numberOf(f.Status)<<3 //nolint:gosec // six severities
	if f.KEV {
		s |= stateKEV
	}
	if f.Unfixed {
		s |= stateUnfixed
	}
	return s
}

func (s state) severity() models.Severity { return models.Severity(s & 7) }

func (s state) status() models.Status { return statuses[s>>3&7] }

// withSeverity returns the state with another severity.
func (s state) withSeverity(severity uint8) state { return s&^7 | state(severity)&7 }

// withStatus returns the state with another status.
func (s state) withStatus(status models.Status) state { return s&^(7<<3) | numberOf(status)<<3 }

func newFindings(t *texts) *Findings { return &Findings{texts: t} }

// Len returns the number of findings.
func (s *Findings) Len() int {
	if s == nil {
		return 0
	}
	return s.list.n
}

// hasActive reports whether one of the findings is active. A scan that failed and found only others
// found nothing.
func (s *Findings) hasActive() bool {
	for i := range s.Len() {
		if s.list.at(i).state.status().Active() {
			return true
		}
	}
	return false
}

// All returns the findings in the order of the report. Their texts are shared.
func (s *Findings) All() iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		for i := range s.Len() {
			if !yield(s.at(i)) {
				return
			}
		}
	}
}

// number returns the number of the finding with an identity.
func (s *Findings) number(identity []byte) (int, bool) {
	if s.Len() == 0 || len(identity) != len(digest{}) {
		return 0, false
	}
	if s.index == nil {
		s.reindex(s.list.n)
	}
	pos, found := s.find(digest(identity))
	return int(s.index[pos]) - 1, found
}

// at returns a finding by its number, from 0 in the order of the report.
func (s *Findings) at(i int) Finding { return s.expand(s.list.at(i)) }

func (s *Findings) expand(c *compactFinding) Finding {
	e := s.texts.extra(c.extra)
	e.match.stable = c.stable
	return Finding{
		Identity:    string(c.identity[:]),
		Match:       e.match,
		Title:       s.texts.get(c.title),
		Description: s.texts.get(c.description),
		Component:   s.texts.get(c.component),
		Location:    s.texts.get(c.location),
		Fix:         e.fix,
		URL:         s.texts.get(c.url),
		Details:     e.details,
		KEV:         c.state&stateKEV != 0,
		Unfixed:     c.state&stateUnfixed != 0,
		Severity:    c.state.severity(),
		Status:      c.state.status(),
	}
}

// add adds a finding and its texts.
func (s *Findings) add(identity digest, f Finding) { s.addCompact(s.texts.compact(identity, f)) }

// compact stores the texts of a finding, but does not add it.
func (t *texts) compact(identity digest, f Finding) compactFinding {
	return compactFinding{
		identity: identity, stable: f.Match.stable, state: stateOf(f),
		title: t.putTitle(identity, f.Title), description: t.putText(f.Description, maxDescription),
		component: t.put(f.Component, maxComponent), location: t.putPlace(f.Location), url: t.putText(f.URL, maxURL),
		extra: t.putExtra(extra{fix: clean(f.Fix, maxFix), match: f.Match, details: f.Details}),
	}
}

// addCompact adds a finding whose texts are stored. Of a repeated identity it keeps the
// active finding, then the most severe.
func (s *Findings) addCompact(c compactFinding) {
	if s.list.n*4 >= len(s.index)*3 {
		s.reindex(s.list.n)
	}
	pos, found := s.find(c.identity)
	if !found {
		s.list.add(c)
		s.index[pos] = uint32(s.list.n) //nolint:gosec // more findings do not fit into memory
		return
	}
	if old := s.list.at(int(s.index[pos]) - 1); worse(c, *old) {
		*old = c
	}
}

// dropRepeatedPrints removes the fingerprints that several findings have: they identify none.
func (s *Findings) dropRepeatedPrints() {
	count := map[shortDigest]int{}
	for i := range s.Len() {
		if print := s.texts.extra(s.list.at(i).extra).match.print; print != (shortDigest{}) {
			count[print]++
		}
	}
	for i := range s.Len() {
		c := s.list.at(i)
		if e := s.texts.extra(c.extra); count[e.match.print] > 1 {
			e.match.print = shortDigest{}
			c.extra = s.texts.putExtra(e)
		}
	}
}

func worse(c, old compactFinding) bool {
	if was, is := old.state.status().Active(), c.state.status().Active(); is != was {
		return is
	}
	return c.state.severity() < old.state.severity()
}

// find returns the index position of an identity, or the free position for it.
func (s *Findings) find(identity digest) (pos int, found bool) {
	mask := len(s.index) - 1
	for pos = int(binary.LittleEndian.Uint32(identity[:])) & mask; s.index[pos] != 0; pos = (pos + 1) & mask {
		if s.list.at(int(s.index[pos])-1).identity == identity {
			return pos, true
		}
	}
	return pos, false
}

// reindex makes the index anew, with room for n findings and some more.
func (s *Findings) reindex(n int) {
	size := 16
	for size*3 <= n*4 {
		size *= 2
	}
	s.index = make([]uint32, size)
	for i := range s.list.n {
		pos, _ := s.find(s.list.at(i).identity)
		s.index[pos] = uint32(i + 1)
	}
}

// dropIndex frees the index, until it is needed again.
func (s *Findings) dropIndex() {
	if s != nil {
		s.index = nil
	}
}

// statuses are the statuses that a report can give, by number.
var statuses = [...]models.Status{
	models.StatusOpen, models.StatusAffected, models.StatusInReview, models.StatusResolved,
	models.StatusFalsePositive, models.StatusNotAffected, models.StatusRiskAccepted,
}

func numberOf(status models.Status) state {
	for i, s := range statuses {
		if s == status {
			return state(i)
		}
	}
	return 0
}
