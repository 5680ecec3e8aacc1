package main

import (
	"regexp"
	"slices"
)

// A rule refuses words in some kinds of texts.
type rule struct {
	words  *regexp.Regexp
	unless *regexp.Regexp // what may follow from the words' start on, or nil
	kinds  []kind         // none is all
	write  string         // what to write instead
}

// refuse returns a rule about whole words, in upper or lower case.
func refuse(pattern, write string, kinds ...kind) rule {
	return rule{words: regexp.MustCompile(`(?i)\b(?:` + pattern + `)\b`), write: write, kinds: kinds}
}

// but returns the rule with an exception: a pattern that begins where the words begin.
func (r rule) but(pattern string) rule {
	r.unless = regexp.MustCompile(`^(?i:` + pattern + `)`)
	return r
}

// rules are checked in this order; the first that matches a place speaks for it. Words that
// one rule allows, another can still refuse.
var rules = []rule{
	// The terms of docs/glossary.md.
	refuse(`tells?|telling|told`, "notify, show, name, say, or distinguish for tell apart"),
	refuse(`ledgers?`, "delivery log"),
	refuse(`judge?ments?`, "assessment"),
	refuse(`lanes?`, "queue"),
	refuse(`tipped|tipping|tips the`, "failing observations; to fail the gate"),
	refuse(`hold(s|ing)?\s+back|held\s+back`,
		"silenced (by a silence), suppressed (by the window), on hold (by the hold time)"),
	refuse(`silent\s+products?`, "stale product"),
	refuse(`outlets?`, "target"),
	refuse(`MS\s+Teams`, "Microsoft Teams"),
	refuse(`e-mails?`, "email"),
	refuse(`mails?|mailed|mailing`, "email", message, prose).but(`mail(s)?(\s+servers?|[-_/.:=]|\s+transfer)`),
	refuse(`dead`, "failed, or stopped for a process", message, prose),
	refuse(`giv(e|es|en|ing)\s+up|gave\s+up`, "failed; stop", message, prose),
	refuse(`viewed`, "read", message, prose),

	// Words that an engineer does not write.
	refuse(`people|peoples|folks?`, "users, members, recipients, engineers"),
	refuse(`he|him|his|himself|she|her|hers|herself`, "they, their, the user, the caller"),
	refuse(`whoever|whomever|whom`, "the user who, anyone who, the caller"),
	refuse(`somebody|nobody|everybody|anybody`, "someone, no one, everyone, anyone; or name them"),
	refuse(`may`, "can (a right), might (a possibility), must not (a ban)").but(`may\s+(\d|at\b)|May\s+\d`),
	refuse(`(is|are|was|were)\s+there`, "exists, was created"),
	refuse(`stands?|stood|standing`, "is, appears, is listed, lasts, means").but(`(stand|stands)\s+for\b`),
	refuse(`at\s+work`, "running"),
	refuse(`so\s+long|so\s+many|so\s+much`, "this long, a time, a number, as long as"),
	refuse(`of\s+(what|whom)`, "of the thing that; name it", message, prose),
	refuse(`for\s+ever`, "forever"),
	refuse(`meanwhiles|whilst|amongst|hereby|therein|thereof|whence|thence|hither`,
		"a plain word: while, among, from there"),
	refuse(`put(s)?\s+away`, "archive"),
	refuse(`as\s+the\s+settings\s+say`, "as set globally"),
	refuse(`made\s+anew`, "recreated, rebuilt"),
	refuse(`naught|lest|ere|oft`, "a plain word"),

	// The spelling that misspell leaves out, since the API has the value.
	refuse(`cancelled|cancelling`, "canceled, canceling", message, logged, comment, prose),
}

// american are rules about spelling, for files that misspell of golangci-lint does not read.
var american = []rule{
	refuse(`\w*(colour|behaviour|favour|honour|neighbour|labour)\w*`, "American spelling: -or"),
	refuse(`(recogni|normali|organi|summari|initiali|prioriti|minimi|maximi|seriali|synchroni|authori|optimi|customi|`+
		`categori|utili|finali|reali|speciali|visuali|anonymi|saniti)s(e|es|ed|ing|ation|ations)`, "American spelling: -ize"),
	refuse(`analys(e|es|ed|ing)`, "American spelling: analyze").but(`analyses\b`),
	refuse(`licences?|licenced|defence|offence`, "American spelling: -ense"),
	refuse(`centre|centred|metre|fibre|grey|programme|cheque|catalogue`, "American spelling"),
	refuse(`modell(ed|ing)|labell(ed|ing)|travell\w+|signall(ed|ing)`, "American spelling: one l"),
}

// A hit is a place in a text that a rule refuses.
type hit struct {
	text   text
	offset int // in the file
	words  string
	write  string
}

// check returns what the rules refuse in a text.
func check(t text) []hit {
	t.body = ascii(t.body)
	if t.kind == name {
		t.body = spaced(t.body)
	}
	all := rules
	if !isGo(t.file.path) {
		all = append(slices.Clip(rules), american...)
	}
	var hits []hit
	for _, r := range all {
		if len(r.kinds) > 0 && !slices.Contains(r.kinds, t.kind) {
			continue
		}
		for _, at := range r.words.FindAllStringIndex(t.body, -1) {
			if r.unless != nil && r.unless.MatchString(t.body[at[0]:]) {
				continue
			}
			hits = append(hits, hit{text: t, offset: t.offset + at[0], words: t.body[at[0]:at[1]], write: r.write})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.offset - b.offset })
	return slices.CompactFunc(hits, func(a, b hit) bool { return a.offset == b.offset })
}

// spaced returns the words of a name of Go. Offsets within it are not those of the name: a
// hit in a name is where the name begins or a few columns later.
func spaced(s string) string {
	return capital.ReplaceAllString(s, "$1 $2")
}

var capital = regexp.MustCompile(`([a-z_])([A-Z])`)
