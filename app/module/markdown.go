package module

import "strings"

// ZeroWidthSpace separates characters that have a meaning together, and is invisible.
const ZeroWidthSpace = "\u200b"

// ListStart finds the character of a line of Markdown that begins a list: one of Bullets at the
// start of the line, or a dot or parenthesis right after a number at the start. The escape of this
// character shows the line as written. Use a ListStart for one line.
type ListStart struct {
	Bullets string // also other characters that act only at the start, such as # of a heading

	begun, onlyDigits bool
}

// Next takes the next character of the line, and reports whether it begins a list.
func (l *ListStart) Next(r rune) bool {
	found := !l.begun && strings.ContainsRune(l.Bullets, r) || l.onlyDigits && (r == '.' || r == ')')
	l.onlyDigits = r >= '0' && r <= '9' && (!l.begun || l.onlyDigits)
	l.begun = true
	return found
}

// Paragraphs joins texts by empty lines. It leaves out the empty ones.
func Paragraphs(texts ...string) string {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "\n\n")
}

var markdownLinkEscapes = strings.NewReplacer(
	"(", "%28", ")", "%29", "[", "%5B", "]", "%5D", "{", "%7B", "}", "%7D", "*", "%2A", "@", "%40",
)

// MarkdownLink returns a link of Markdown. text is escaped, and link is what SafeLink returns.
func MarkdownLink(text, link string) string {
	return "[" + text + "](" + markdownLinkEscapes.Replace(link) + ")"
}
