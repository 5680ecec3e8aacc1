package cli

import (
	"regexp"
	"strings"
	"unicode"
)

// escapeSequences are those of terminals: CSI with its parameters, OSC with its text, and short ones.
var escapeSequences = regexp.MustCompile(
	`(?:\x1b\[|\x{9b})[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]` +
		`|(?:\x1b\]|\x{9d})[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})?` +
		`|\x1b[\x20-\x2f]*[\x30-\x7e]`,
)

// plain returns a text of a report, a file name or a server as one line that is safe in a log: without
// control characters, escape sequences, marks that reverse text, and commands of a pipeline.
func plain(text string) string {
	text = escapeSequences.ReplaceAllString(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	// GitHub, Azure and TeamCity take commands that begin with ##, also in the middle of a line.
	for strings.Contains(text, "##") {
		text = strings.ReplaceAll(text, "##", "# #")
	}
	return text
}

// lineStart returns a text that begins a line. GitHub takes a line that begins with two colons as a
// command.
func lineStart(text string) string {
	text = plain(text)
	if strings.HasPrefix(text, "::") {
		return "./" + text
	}
	return text
}

// short returns a plain text of at most n characters.
func short(text string, n int) string {
	runes := []rune(plain(text))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}
