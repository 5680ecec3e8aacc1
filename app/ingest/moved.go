package ingest

import (
	"bytes"
	"cmp"
	"slices"

	"gatecrier/models"
)

// pairing pairs findings and observations that are left over after the identities: those that
// have moved or were renamed between two reports. Each pair is one observation, and keeps its
// history and its assessment. A new finding must not inherit a waiver by accident: where other
// pairs are possible too, the assessment ends if it makes the gate milder.
type pairing struct {
	diff    *diff
	missing *leftovers
	seen    []bool // by number of a finding: it has an observation
	// unsure are the components of vulnerabilities of which a pair is not sure: what is left of
	// them is not sure either.
	unsure map[shortDigest]bool
}

// pairKey is what both sides of a pair have in common.
type pairKey [2 * len(shortDigest{})]byte

// side is one side of a possible pair.
type side struct {
	key  pairKey
	line int32
	n    int32 // of a leftover or a finding
}

// pairMoved pairs what is left over, and notes the updates.
func (d *diff) pairMoved(missing *leftovers, seen []bool) {
	if len(missing.list) == 0 || !slices.Contains(seen, false) {
		return
	}
	p := &pairing{diff: d, missing: missing, seen: seen, unsure: map[shortDigest]bool{}}
	if missing.legacy < len(missing.list) {
		keyed := func(l *leftover) bool { return !l.legacy }
		p.join(keyOfPrint, keyed, p.findingKey, p.byPrint)
		p.join(keyOfSnippet, keyed, p.findingKey, p.bySnippet)
		p.join(keyOfPlace, keyed, p.findingKey, p.byPlace)
		p.pairRenamed()
	}
	if missing.legacy > 0 {
		p.pairLegacy()
	}
}

// findingKey returns the match key of a finding.
func (p *pairing) findingKey(n int) matchKey {
	c := p.diff.findings.list.at(n)
	key := p.diff.findings.texts.extra(c.extra).match
	key.stable = c.stable
	return key
}

// byPrint pairs those of one fingerprint. A fingerprint that repeats in a report is none.
func (p *pairing) byPrint(olds, news []side) { p.inOrder(olds, news, len(olds) == 1 && len(news) == 1) }

// bySnippet pairs those of one place and snippet.
func (p *pairing) bySnippet(olds, news []side) { p.inOrder(olds, news, true) }

// byPlace pairs those of one place of which at most one has a snippet.
func (p *pairing) byPlace(olds, news []side) {
	sure := len(olds) == 1 && len(news) == 1
	oldBare, oldSnippet := p.divide(olds, func(s side) matchKey { return p.missing.list[s.n].key })
	newBare, newSnippet := p.divide(news, func(s side) matchKey { return p.findingKey(int(s.n)) })
	p.inOrder(oldBare, newBare, sure)
	n := len(newBare)
	if len(oldBare) > n { // those left over take findings that have a snippet
		p.inOrder(oldBare[n:], newSnippet, sure)
		return
	}
	p.inOrder(oldSnippet, newBare[len(oldBare):], sure)
}

// divide divides sides into those without and those with a snippet.
func (p *pairing) divide(list []side, keyOf func(side) matchKey) (bare, snippet []side) {
	for _, s := range list {
		if keyOf(s).snippet == (shortDigest{}) {
			bare = append(bare, s)
		} else {
			snippet = append(snippet, s)
		}
	}
	return bare, snippet
}

// pairRenamed pairs vulnerabilities of one component that share a name.
func (p *pairing) pairRenamed() {
	var olds, news []side
	for n, names := range p.missing.names {
		if !p.missing.list[n].paired {
			olds = appendNames(olds, names, n)
		}
	}
	if len(olds) == 0 {
		return
	}
	for n, seen := range p.seen {
		if seen {
			continue
		}
		if key := p.findingKey(n); key.component != (shortDigest{}) {
			f := p.diff.findings.at(n)
			news = appendNames(news, namesIn(key.component, f.Title, f.Details), int32(n))
		}
	}
	choices := map[[2]int32]bool{} // pairs that are possible
	partners := [2]map[int32]int{{}, {}}
	var pairs [][2]side
	joinSides(olds, news, func(olds, news []side) {
		for i, o := range olds {
			for _, f := range news[:min(len(news), maxChoices)] {
				if pair := [2]int32{o.n, f.n}; !choices[pair] && i < maxChoices {
					choices[pair] = true
					partners[0][o.n]++
					partners[1][f.n]++
					pairs = append(pairs, [2]side{o, f})
				}
			}
		}
	})
	slices.SortFunc(pairs, func(a, b [2]side) int {
		return cmp.Or(cmp.Compare(a[0].n, b[0].n), cmp.Compare(a[1].n, b[1].n))
	})
	for _, pair := range pairs {
		o, f := pair[0], pair[1]
		if !p.missing.list[o.n].paired && !p.seen[f.n] {
			single := partners[0][o.n] == 1 && partners[1][f.n] == 1
			p.pair(o, f, single && !p.unsure[p.missing.list[o.n].key.component])
		}
	}
}

// maxChoices bounds the pairs that are tried of one name in one component.
const maxChoices = 16

func appendNames(list []side, names []shortDigest, n int32) []side {
	for _, name := range names {
		key, _ := joinKeys(name, shortDigest{})
		list = append(list, side{key: key, n: n})
	}
	return list
}

// pairLegacy pairs observations that were stored before there were match keys by their texts: by
// all of them, then without the description, then without line and tag. Those that an earlier
// import has resolved come last, and are found again.
func (p *pairing) pairLegacy() {
	keys := make([]matchKey, len(p.seen))
	for n, seen := range p.seen {
		if !seen {
			f := p.diff.findings.at(n)
			keys[n] = legacyKey(f.Title, f.Component, f.Location, f.Description)
		}
	}
	keyOf := func(n int) matchKey { return keys[n] }
	single := func(olds, news []side) { p.inOrder(olds, news, len(olds) == 1 && len(news) == 1) }
	for _, resolved := range []bool{false, true} {
		legacy := func(l *leftover) bool { return l.legacy && l.resolved == resolved }
		p.join(keyOfPrint, legacy, keyOf, p.bySnippet)
		p.join(keyOfPlace, legacy, keyOf, single)
		p.join(keyOfComponent, legacy, keyOf, single)
	}
}

// inOrder pairs the sides of two lists, as far as the shorter one reaches.
func (p *pairing) inOrder(olds, news []side, sure bool) {
	for i := range min(len(olds), len(news)) {
		p.pair(olds[i], news[i], sure)
	}
}

// pair notes that an observation is a finding. If that is not sure, a waiver ends.
func (p *pairing) pair(o, f side, sure bool) {
	l := &p.missing.list[o.n]
	l.paired, p.seen[f.n] = true, true
	if l.key.print != (shortDigest{}) && !l.legacy {
		if print := p.findingKey(int(f.n)).print; print != (shortDigest{}) && print != l.key.print {
			sure = false // the code has changed as well
		}
	}
	if !sure {
		p.unsure[l.key.component] = true
	}
	was := l.observation(p.diff)
	if !sure && l.milder() && !p.diff.late {
		p.diff.unsure = append(p.diff.unsure, l.id)
		was.Assessed = models.Assessed{} // what counted stays, so that the change of the gate is noticed
	}
	p.diff.matchKnown(update{id: l.id, finding: f.n, moved: true}, was)
}

func keyOfPrint(k matchKey) (pairKey, bool) { return joinKeys(k.print, shortDigest{}) }

func keyOfPlace(k matchKey) (pairKey, bool) { return joinKeys(k.stable, shortDigest{}) }

func keyOfSnippet(k matchKey) (pairKey, bool) {
	key, ok := joinKeys(k.stable, k.snippet)
	return key, ok && k.snippet != shortDigest{}
}

func keyOfComponent(k matchKey) (pairKey, bool) { return joinKeys(k.component, shortDigest{}) }

// joinKeys returns two parts as one key; ok is false if the first is none.
func joinKeys(a, b shortDigest) (key pairKey, ok bool) {
	copy(key[copy(key[:], a[:]):], b[:])
	return key, a != shortDigest{}
}

// join calls pair with the leftovers and the findings of each key that both sides have, each in
// the order of their lines.
func (p *pairing) join(
	keyOf func(matchKey) (pairKey, bool), of func(l *leftover) bool, findingKey func(n int) matchKey,
	pair func(olds, news []side),
) {
	var olds, news []side
	for n := range p.missing.list {
		if l := &p.missing.list[n]; !l.paired && of(l) {
			if key, ok := keyOf(l.key); ok {
				olds = append(olds, side{key, l.line, int32(n)})
			}
		}
	}
	if len(olds) == 0 {
		return
	}
	for n, seen := range p.seen {
		if seen {
			continue
		}
		if key, ok := keyOf(findingKey(n)); ok {
			line := lineIn(p.diff.findings.texts.get(p.diff.findings.list.at(n).location))
			news = append(news, side{key, line, int32(n)})
		}
	}
	joinSides(olds, news, pair)
}

// joinSides calls pair with the parts of two lists that have equal keys.
func joinSides(olds, news []side, pair func(olds, news []side)) {
	for _, list := range [][]side{olds, news} {
		slices.SortFunc(list, func(a, b side) int {
			return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.line, b.line), cmp.Compare(a.n, b.n))
		})
	}
	for len(olds) > 0 && len(news) > 0 {
		switch order := bytes.Compare(olds[0].key[:], news[0].key[:]); {
		case order < 0:
			olds = olds[1:]
		case order > 0:
			news = news[1:]
		default:
			i, j := sameKey(olds), sameKey(news)
			pair(olds[:i], news[:j])
			olds, news = olds[i:], news[j:]
		}
	}
}

// sameKey returns how many elements at the beginning have the key of the first.
func sameKey(list []side) int {
	n := slices.IndexFunc(list, func(s side) bool { return s.key != list[0].key })
	if n < 0 {
		return len(list)
	}
	return n
}
