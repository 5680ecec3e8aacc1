package moduletest

import "regexp"

// markdownLink is a link of Markdown as modules write it: an escaped text, and a URL in which no
// character ends the link.
var markdownLink = regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)*)\]\(https?://[^()\[\]{}*@\s<>|"'\x60\\]+\)`)

// WithoutLink returns a line of Markdown with its first link as plain text.
func WithoutLink(line string) string {
	at := markdownLink.FindStringSubmatchIndex(line)
	if at == nil {
		return line
	}
	return line[:at[0]] + line[at[2]:at[3]] + line[at[1]:]
}
