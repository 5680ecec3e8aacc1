package event

import "unicode/utf8"

// Bounds of the texts of a title, in characters. A receiver truncates a title at its end: a bounded
// name leaves the details behind it, such as the numbers of a failed gate.
const (
	maxTitleName  = 60
	maxTitleClass = 60
)

// title returns the title of a notice: the state, the name of its subject, and details in
// parentheses: "Security gate failed: Shop (1 critical)". The name and the details can be empty.
func title(state, name, details string) string {
	if name != "" {
		state += ": " + shorten(name, maxTitleName)
	}
	return withDetails(state, details)
}

// withDetails returns a text with details in parentheses, if there are some.
func withDetails(text, details string) string {
	if details == "" {
		return text
	}
	return text + " (" + details + ")"
}

// shorten truncates a name in its middle to limit characters: names that differ only at their
// ends stay different.
func shorten(name string, limit int) string {
	if utf8.RuneCountInString(name) <= limit {
		return name
	}
	all := []rune(name)
	tail := limit / 3
	return string(all[:limit-tail-1]) + "…" + string(all[len(all)-tail:])
}
