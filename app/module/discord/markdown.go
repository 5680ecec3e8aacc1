package discord

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters that Discord's Markdown interprets in the middle of a line; < begins
// a mention, a time or an emoji.
const special = "\\`*_~|<>[]#"

// gap has no width. Behind an @ it prevents a mention, and it fills texts that must not be empty.
const gap = module.ZeroWidthSpace

// fit escapes a line for Markdown, so that it shows as written and links to nothing, and truncates
// it to limit UTF-16 units. Discord links plain URLs, so it also escapes the slash of "://".
func fit(line string, limit int) string {
	list := module.ListStart{Bullets: "-+"}
	var before rune
	return module.TruncateEncoded(line, limit, module.UTF16Len, func(r rune) string {
		linked := r == '/' && before == ':'
		before = r
		switch {
		case list.Next(r) || linked || strings.ContainsRune(special, r):
			return "\\" + string(r)
		case r == '@':
			return "@" + gap
		}
		return string(r)
	})
}
