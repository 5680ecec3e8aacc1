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

// compactFinding is a finding without its texts, in 52 bytes.
type compactFinding struct {
	identity                                     digest
	stable                                       shortDigest
	title, description, component, location, url textRef
	extra                                        textRef // a packed extra
	severity, status                             uint8   // a models.Severity; an index of statuses
	flags                                        findingFlags
}

// findingFlags are the bits of a finding that are true or false.
type findingFlags uint8

const (
	flagKEV findingFlags = 1 << iota
	flagUnfixed
)

func newFindings(t *texts) *Findings { return &Findings{texts: t} }

// Len returns the number of findings.
func (s *Findings) Len() int {
	if s == nil {
		return 0
	}
	return s.list.n
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
		KEV:         c.flags&flagKEV != 0,
		Unfixed:     c.flags&flagUnfixed != 0,
		Severity:    models.Severity(c.severity),
		Status:      statuses[c.status],
	}
}

// add adds a finding and its texts.
func (s *Findings) add(identity digest, f Finding) { s.addCompact(s.texts.compact(identity, f)) }

// compact stores the texts of a finding, but does not add it.
func (t *texts) compact(identity digest, f Finding) compactFinding {
	return compactFinding{
		identity: identity, stable: f.Match.stable,
		title: t.put(f.Title, maxTitle), description: t.put(f.Description, maxDescription),
		component: t.put(f.Component, maxComponent), location: t.put(f.Location, maxLocation), url: t.put(f.URL, maxURL),
		extra:    t.putExtra(extra{fix: clean(f.Fix, maxFix), match: f.Match, details: f.Details}),
		severity: uint8(f.Severity), status: numberOf(f.Status), flags: flagsOf(f), //nolint:gosec // six severities
	}
}

func flagsOf(f Finding) (flags findingFlags) {
	if f.KEV {
		flags |= flagKEV
	}
	if f.Unfixed {
		flags |= flagUnfixed
	}
	return flags
}

// addCompact adds a finding whose texts are stored. Of a repeated identity it keeps the
// active finding, then the most severe.
func (s *Findings) addCompact(c compactFinding) {
	if s.list.n*4 >= len(s.index)*3 {
		s.grow()
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
	if was, is := statuses[old.status].Active(), statuses[c.status].Active(); is != was {
		return is
	}
	return c.severity < old.severity
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

func (s *Findings) grow() {
	s.index = make([]uint32, max(16, 2*len(s.index)))
	for i := range s.list.n {
		pos, _ := s.find(s.list.at(i).identity)
		s.index[pos] = uint32(i + 1)
	}
}

// statuses are the statuses that a report can give, by number.
var statuses = [...]models.Status{
	models.StatusOpen, models.StatusAffected, models.StatusInReview, models.StatusResolved,
	models.StatusFalsePositive, models.StatusNotAffected, models.StatusRiskAccepted,
}

func numberOf(status models.Status) uint8 {
	for i, s := range statuses {
		if s == status {
			return uint8(i)
		}
	}
	return 0
}
