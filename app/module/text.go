package module

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SingleLine makes a text fit for one line: valid UTF-8, each run of white space and
// control characters one space, without the characters that reorder what is
// around them (Unicode's bidirectional controls).
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

// TruncateEncoded encodes a text character by character, and ends it with "…" before it is
// larger than most by size. Whatever encode makes of a character is never split.
func TruncateEncoded(text string, limit int, size func(string) int, encode func(rune) string) string {
	const more = "…"
	var b strings.Builder
	used, safe := 0, 0 // safe is how much of b leaves room for more
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

// Truncate is at most so many characters of the text, made one line.
func Truncate(text string, limit int) string {
	return TruncateEncoded(SingleLine(text), limit, utf8.RuneCountInString, func(r rune) string { return string(r) })
}

// SafeLink is the URL in a spelling without quotes, angles, bars or white space,
// if it is an absolute one of http or https of at most 2000 bytes, else "".
func SafeLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	safe := strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", `"`, "%22", "'", "%27", " ", "%20", "`", "%60", "\\", "%5C").
		Replace(u.String())
	if len(safe) > 2000 || strings.ContainsFunc(safe, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return safe
}
