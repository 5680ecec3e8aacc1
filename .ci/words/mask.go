package main

import (
	"regexp"
	"strings"
)

// blank returns spaces of a text's length, with its line breaks.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, ascii(s))
}

// ascii replaces each byte of what is not ASCII, so that the length in bytes stays.
func ascii(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] >= 0x80 {
			b[i] = '_'
		}
	}
	return string(b)
}

// masking returns a mask that blanks what matches.
func masking(pattern string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(s string) string { return re.ReplaceAllStringFunc(s, blank) }
}

var (
	maskMarks   = masking(`(?m)^\s*//|/\*|\*/|^\s*\*`)
	maskHash    = masking(`(?m)^[ \t]*#+`)
	maskCode    = masking("`[^`\n]*`")
	maskFence   = masking("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	maskEscapes = masking(`\\[abfnrtv]|^["` + "`" + `]|["` + "`" + `]$`)
	maskLinks   = masking(`\]\([^)\s]*\)|https?://\S+|\]\[[^\]]*\]`)
	maskHTML    = masking(`(?s)<!--.*?-->|</?[a-zA-Z][^<>]*>`)
)

// isText reports whether a string is for readers: several words, or one that begins as a
// sentence does. Identifiers, SQL, paths, markup and patterns are not.
func isText(s string) bool {
	s = strings.TrimSpace(s)
	if statement.MatchString(s) || strings.HasPrefix(s, "<") || strings.HasPrefix(s, "{") {
		return false
	}
	if !strings.ContainsAny(s, " \n") {
		return label.MatchString(s)
	}
	return words.MatchString(s)
}

var (
	label     = regexp.MustCompile(`^[A-Z][a-z]+[.:…]?$`)
	words     = regexp.MustCompile(`[A-Za-z]{2,}[^A-Za-z]* [^A-Za-z]*[A-Za-z]|[A-Za-z] [a-z]`)
	statement = regexp.MustCompile(`(^|\s|\()(SELECT|INSERT INTO|UPDATE \w+|DELETE FROM|FROM|JOIN|WHERE|AND|OR|ORDER BY|` +
		`GROUP BY|LIMIT|VALUES|SET \w+|ON CONFLICT|PRAGMA|CREATE (TABLE|INDEX)|ALTER TABLE|EXISTS|CASE|WHEN|UNION|` +
		`IN|IS NULL|IS NOT NULL|COALESCE|FOR (UPDATE|SHARE)|NOT)(\s|\(|$)|= excluded\.`)
)
