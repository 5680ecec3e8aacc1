package teams

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters that Markdown interprets in the middle of a line, and {, which begins
// a function of a card such as {{DATE()}}. Parentheses and ! only have a meaning next to brackets,
// which are escaped, and a client that does not know escapes would spoil each "(threshold 0)".
const special = "\\`*_[]<>~|&{}"

// fit escapes a line for the Markdown of cards, so that it shows as written, and truncates it to
// limit bytes of JSON.
func fit(line string, limit int) string {
	list := module.ListStart{Bullets: "#-+="} // # begins a heading, and = makes one of the line before
	return module.TruncateEncoded(line, limit, module.JSONLen, func(r rune) string {
		if list.Next(r) || strings.ContainsRune(special, r) {
			return "\\" + string(r)
		}
		return string(r)
	})
}
