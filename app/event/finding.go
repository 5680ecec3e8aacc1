package event

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"gatecrier/models"
)

// Finding is an observation in a message.
type Finding struct {
	ID        int64           `json:"observation_id,omitempty"` // 0 = unknown
	Title     string          `json:"title"`
	Severity  models.Severity `json:"severity"` // of a failing observation, the one as which it counts
	Component string          `json:"component,omitempty"`
	Fix       string          `json:"fix,omitempty"`     // the version that fixes it, or what to do
	URL       string          `json:"url,omitempty"`     // of its advisory or rule: http or https
	KEV       bool            `json:"kev,omitempty"`     // known to be exploited
	Unfixed   bool            `json:"unfixed,omitempty"` // no version fixes it yet
	Change    Change          `json:"change,omitempty"`  // of a failing observation that the cause made active
	Identity  string          `json:"-"`                 // in its source, of one that has no ID yet
}

// Change is how the cause of a gate change made an observation active.
type Change string

// The changes.
const (
	ChangeNew      Change = "new"      // seen for the first time
	ChangeReopened Change = "reopened" // known, and active again or more severe
)

// FindingOf returns an observation as events name it.
func FindingOf(o models.Observation) Finding {
	return Finding{
		ID: o.ID, Title: o.Name(), Severity: o.Severity, Component: o.Component, Fix: o.Fix, URL: o.URL, KEV: o.KEV,
		Unfixed: o.Unfixed, Identity: string(o.Identity),
	}
}

// The longest texts of a finding in a payload, in bytes of JSON: receivers limit its size.
const (
	maxFindingText = 400
	maxFindingFix  = 150
	maxFindingURL  = 300
)

// Brief returns the finding with texts that a payload can hold: long ones are truncated, and a URL
// that is long, or neither http nor https, is left out.
func (f Finding) Brief() Finding {
	f.Title = truncateJSON(f.Title, maxFindingText)
	f.Component = truncateJSON(f.Component, maxFindingText)
	f.Fix = truncateJSON(f.Fix, maxFindingFix)
	if u, err := url.Parse(f.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		jsonLen(f.URL) > maxFindingURL {
		f.URL = ""
	}
	return f
}

// truncateJSON truncates a text to limit bytes of JSON.
func truncateJSON(text string, limit int) string {
	if jsonLen(text) <= limit {
		return text
	}
	const more = "…"
	used := len(more)
	for at, r := range text {
		if used += jsonLen(string(r)); used > limit {
			return text[:at] + more
		}
	}
	return text
}

// jsonLen returns how many bytes a text takes in the JSON of Encode, at most.
func jsonLen(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r == utf8.RuneError, r < ' ', r == '\u2028', r == '\u2029': // \u0001, or an invalid byte
			n += 6
		case r == '"', r == '\\':
			n += 2
		default:
			n += utf8.RuneLen(r)
		}
	}
	return n
}

// The longest texts of a line of a message, in characters, so that the line's end is not cut off.
const (
	maxLineComponent = 100
	maxLineFix       = 60
)

// item returns the finding as a line of a message about a product. more follows it.
func (f Finding) item(productID int64, more ...string) Item {
	i := Item{Label: f.Severity.String(), Text: f.Title, URL: f.URL}
	if f.Change != "" {
		i.Label += ", " + string(f.Change)
	}
	if f.KEV {
		i.Label += ", known exploited"
	}
	i.Label += ":"
	if f.ID != 0 {
		i.Page = observationPage(productID, f.ID)
	}
	switch {
	case f.Fix != "":
		more = append([]string{"fix: " + truncate(f.Fix, maxLineFix)}, more...)
	case f.Unfixed:
		more = append([]string{"no fixed version yet"}, more...)
	}
	if f.Component != "" {
		i.More = "in " + truncate(f.Component, maxLineComponent)
	}
	for _, text := range more {
		i.More += " · " + text
	}
	i.More = strings.TrimSpace(i.More)
	return i
}

// truncate truncates a text to limit characters.
func truncate(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// Item is a line of a list in a notice, such as "critical: CVE-2024-3094 in xz 5.6.0". A space
// is between its parts.
type Item struct {
	Label string // before Text
	Text  string // what a link is set on
	URL   string // of a page about it elsewhere, or ""
	Page  string // the path of its own page, or ""
	More  string // after Text
}

// items returns lines as items.
func items(lines []string) []Item {
	var list []Item
	for _, line := range lines {
		list = append(list, Item{Text: line})
	}
	return list
}
