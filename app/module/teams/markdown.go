package teams

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters out of which Markdown makes something in the
// middle of a line, and { which begins a function of a card such as {{DATE()}}.
// Parentheses and ! mean something beside brackets alone, which are escaped, and
// a client that knows no escapes would spoil each "(limit 0)".
const special = "\\`*_[]<>~|&{}"

// fit escapes a line for the Markdown that cards understand, so that it is shown
// as it was written, and cuts it to so many bytes of JSON.
func fit(line string, limit int) string {
	start := true
	digits := false // all since the start
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
