package mattermost

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters that Mattermost's Markdown interprets in the middle of a line, and
// that can be escaped.
const special = "\\`*_~[]()#>|"

// gap has no width. It follows the characters that have a meaning together with the next one and
// cannot be escaped: @ of a mention, which the server looks for in the raw text, < of a tag, & of
// an entity.
const gap = module.ZeroWidthSpace

const gapped = "@<&"

// fit escapes a line for Markdown, so that it shows as written and mentions no user, and truncates
// it to limit bytes of JSON.
func fit(line string, limit int) string {
	list := module.ListStart{Bullets: "-+"}
	return module.TruncateEncoded(line, limit, module.JSONLen, func(r rune) string {
		switch {
		case list.Next(r) || strings.ContainsRune(special, r):
			return "\\" + string(r)
		case strings.ContainsRune(gapped, r):
			return string(r) + gap
		}
		return string(r)
	})
}

// plain is like fit for plain text.
func plain(line string, limit int) string {
	return module.TruncateEncoded(line, limit, module.JSONLen, func(r rune) string {
		if strings.ContainsRune(gapped, r) {
			return string(r) + gap
		}
		return string(r)
	})
}
