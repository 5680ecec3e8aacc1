package teams

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters that Markdown interprets in the middle of a line, and {, which begins
// a function of a card such as {{DATE()}}. Parentheses and ! only have a meaning next to brackets,
// which are escaped, and a client that does not know escapes would spoil each "(limit 0)".
const special = "\\`*_[]<>~|&{}"

// fit escapes a line for the Markdown of cards, so that it shows as written, and truncates it to
// limit bytes of JSON.
func fit(line string, limit int) string {
	start := true
	digits := false // only digits since the start
	return module.TruncateEncoded(line, limit, module.JSONLen, func(r rune) string {
		listed := strings.ContainsRune("#-+=", r) && start || strings.ContainsRune(".)", r) && digits
		digits = r >= '0' && r <= '9' && (start || digits)
		start = false
		if listed || strings.ContainsRune(special, r) {
			return "\\" + string(r)
		}
		return string(r)
	})
}
