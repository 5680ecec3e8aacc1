package discord

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters that Discord's Markdown interprets in the middle of a line; < begins
// a mention, a time or an emoji.
const special = "\\`*_~|<>[]#"

// gap has no width. Behind an @ it prevents a mention, and it fills texts that must not be empty.
const gap = "\u200b"

// fit escapes a line for Markdown, so that it shows as written and links to nothing, and truncates
// it to limit UTF-16 units.
func fit(line string, limit int) string {
	before := '\n'
	digits := false // only digits since the start
	return module.TruncateEncoded(line, limit, module.UTF16Len, func(r rune) string {
		start := before == '\n'
		listed := strings.ContainsRune("-+", r) && start || strings.ContainsRune(".)", r) && digits
		linked := r == '/' && before == ':'
		digits = r >= '0' && r <= '9' && (start || digits)
		before = r
		switch {
		case listed || linked || strings.ContainsRune(special, r):
			return "\\" + string(r)
		case r == '@':
			return "@" + gap
		}
		return string(r)
	})
}
