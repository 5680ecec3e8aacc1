package module

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/visible"
)

// lineEnds replaces the ends of lines that Unicode counts as invisible characters.
var lineEnds = strings.NewReplacer("\u2028", " ", "\u2029", " ")

// SingleLine returns a text as a single line: valid UTF-8, with a space for each run of white
// space and control characters. Characters that a reader cannot see, or that reorder text, are shown
// as their numbers, as on the pages: without them two names would look the same.
func SingleLine(text string) string {
	var b strings.Builder
	space := false
	text = lineEnds.Replace(strings.ToValidUTF8(text, "\uFFFD"))
	for _, r := range visible.Escape(text) {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
			continue
		case space:
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// TruncateEncoded encodes a text character by character, and ends it with "…" before it exceeds
// limit, as size counts. It never splits the encoding of a character.
func TruncateEncoded(text string, limit int, size func(string) int, encode func(rune) string) string {
	const more = "…"
	var b strings.Builder
	used, safe := 0, 0 // safe is the length of b that leaves space for more
	for _, r := range text {
		one := encode(r)
		used += size(one)
		if used > limit {
			return b.String()[:safe] + more
		}
		b.WriteString(one)
		if used+size(more) <= limit {
			safe = b.Len()
		}
	}
	return b.String()
}

// Truncate returns a text as a single line of at most limit characters.
func Truncate(text string, limit int) string {
	return TruncateEncoded(SingleLine(text), limit, utf8.RuneCountInString, func(r rune) string { return string(r) })
}

var linkEscapes = strings.NewReplacer(
	"<", "%3C", ">", "%3E", "|", "%7C", `"`, "%22", "'", "%27", " ", "%20", "`", "%60", "\\", "%5C",
)

// SafeLink returns an absolute http or https URL of at most 2000 bytes in a spelling without
// quotes, angle brackets, bars or white space; "" for any other text.
func SafeLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	safe := linkEscapes.Replace(u.String())
	if len(safe) > 2000 || strings.ContainsFunc(safe, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return safe
}
