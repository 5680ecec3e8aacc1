package mattermost

import (
	"strings"

	"gatecrier/app/module"
)

// special are the characters that Mattermost's Markdown acts on in the middle of
// a line, and that it lets be escaped.
const special = "\\`*_~[]()#>|"

// gap has no width. It is put behind the characters that mean something together
// with what follows, and that Mattermost does not let be escaped: @ of a mention,
// which its server looks for in the text as it came, < of a tag, & of an entity.
const gap = "\u200b"

const gapped = "@<&"

// fit escapes a line for Markdown, so that it is shown as it was written and
// calls nobody, and cuts it to so many bytes of JSON.
func fit(line string, limit int) string {
	start := true
	digits := false // all since the start
	return module.TruncateEncoded(line, limit, module.JSONLen, func(r rune) string {
		listed := strings.ContainsRune("-+", r) && start || r == '.' && digits
		digits = r >= '0' && r <= '9' && (start || digits)
		start = false
		switch {
		case listed || strings.ContainsRune(special, r):
			return "\\" + string(r)
		case strings.ContainsRune(gapped, r):
			return string(r) + gap
		}
		return string(r)
	})
}

// plain is fit where Markdown means nothing.
func plain(line string, limit int) string {
	return module.TruncateEncoded(line, limit, module.JSONLen, func(r rune) string {
		if strings.ContainsRune(gapped, r) {
			return string(r) + gap
		}
		return string(r)
	})
}
