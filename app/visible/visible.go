// Package visible finds characters that a reader cannot see, or that reorder the text around them: two names
// that look the same could differ by one.
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names are the names of the characters that occur most.
var names = map[rune]string{
	'\u00AD': "soft hyphen",
	'\u034F': "combining grapheme joiner",
	'\u061C': "Arabic letter mark",
	'\u180E': "Mongolian vowel separator",
	'\u200B': "zero width space",
	'\u200C': "zero width non-joiner",
	'\u200D': "zero width joiner",
	'\u200E': "left-to-right mark",
	'\u200F': "right-to-left mark",
	'\u202A': "left-to-right embedding",
	'\u202B': "right-to-left embedding",
	'\u202C': "pop directional formatting",
	'\u202D': "left-to-right override",
	'\u202E': "right-to-left override",
	'\u2060': "word joiner",
	'\u2066': "left-to-right isolate",
	'\u2067': "right-to-left isolate",
	'\u2068': "first strong isolate",
	'\u2069': "pop directional isolate",
	'\uFEFF': "zero width no-break space",
}

// blank are characters without a shape that Unicode does not count as format characters.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x034F, 0x034F, 1},
		{0x115F, 0x1160, 1},
		{0x17B4, 0x17B5, 1},
		{0x180B, 0x180D, 1},
		{0x2028, 0x2029, 1},
		{0x2800, 0x2800, 1},
		{0x3164, 0x3164, 1},
		{0xFE00, 0xFE0F, 1},
		{0xFFA0, 0xFFA0, 1},
	},
	R32: []unicode.Range32{{0xE0100, 0xE01EF, 1}},
}

// simple are the scripts whose letters need no joiners.
var simple = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common, unicode.Han}

// isHidden reports whether a character after another one is invisible or reorders text. Joiners and
// variation selectors are not hidden where scripts and emoji need them.
func isHidden(r, before rune) bool {
	if r < 0xAD || !unicode.In(r, unicode.Cf, blank) {
		return false
	}
	isEmoji := unicode.In(before, unicode.So, unicode.Sk) || before == '\uFE0F'
	switch r {
	case '\u200C', '\u200D':
		return !isEmoji && (!unicode.In(before, unicode.L, unicode.M) || unicode.In(before, simple...))
	case '\uFE0E', '\uFE0F':
		return !isEmoji && !unicode.In(before, unicode.Sm, unicode.Po, unicode.Nd)
	}
	return true
}

// Problem returns what is wrong with a name: that it has a control character or a hidden one, which it
// names. It returns "" for nothing.
func Problem(name string) string {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "No control characters"
	}
	return Hidden(name)
}

// Hidden returns which hidden character a text has, "" for none.
func Hidden(text string) string {
	before, n := rune(0), 0
	for _, r := range text {
		n++
		if isHidden(r, before) {
			name := names[r]
			if name == "" {
				name = "invisible"
			}
			return fmt.Sprintf("No invisible characters: remove U+%04X (%s), character %d", r, name, n)
		}
		before = r
	}
	return ""
}

// Escape returns a text with each hidden character as its number: "a\u202Eb".
func Escape(text string) string {
	if !hasHidden(text) {
		return text
	}
	var b strings.Builder
	before := rune(0)
	for i, r := range text {
		switch _, size := utf8.DecodeRuneInString(text[i:]); {
		case isHidden(r, before) && r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08X`, r)
		case isHidden(r, before):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteString(text[i : i+size])
		}
		before = r
	}
	return b.String()
}

// hasHidden reports whether a text could have a hidden character.
func hasHidden(text string) bool {
	before := rune(0)
	for _, r := range text {
		if isHidden(r, before) {
			return true
		}
		before = r
	}
	return false
}
