package module

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SingleLine returns a text as a single line: valid UTF-8, with a space for each run of white
// space and control characters, and without Unicode's bidirectional controls, which reorder the
// text around them.
func SingleLine(text string) string {
	var b strings.Builder
	space := false
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Bidi_Control, r) || r == '\uFEFF':
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
