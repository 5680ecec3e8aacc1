package ilert

import (
	"cmp"
	"strings"
	"time"

	"gatecrier/app/module"
)

// Bounds of an event's texts, in UTF-16 units. The details stay below 4000, all
// together below 28 KB.
const (
	maxSummary = 250
	maxWhy     = 1000
	maxFacts   = 10
	maxLabel   = 60
	maxValue   = 250
	maxActor   = 100
)

var texts = module.ChatText{
	Fit: fitText, MaxItems: 20, MaxItem: 250, MaxList: 2900, Bullet: "- ", More: "- ",
}

// The types of events, and the priorities.
const (
	typeAlert    = "ALERT"
	typeResolve  = "RESOLVE"
	priorityHigh = "HIGH"
	priorityLow  = "LOW"
)

// event is what is posted.
type event struct {
	IntegrationKey string            `json:"integrationKey"`
	EventType      string            `json:"eventType"`
	Summary        string            `json:"summary"`
	Details        string            `json:"details,omitempty"`
	AlertKey       string            `json:"alertKey"` // of one alert at most that is open
	Priority       string            `json:"priority,omitempty"`
	Links          []link            `json:"links,omitempty"`
	CustomDetails  map[string]string `json:"customDetails"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// eventsOf is the event of a message; of a test, a second one closes the first.
func eventsOf(c module.Config, m module.Message) []event {
	e := event{
		IntegrationKey: c[fieldKey], Summary: module.TruncateUTF16(m.TitleLine(), maxSummary),
		Details: details(m), CustomDetails: customDetails(m),
	}
	if href := module.SafeLink(m.Link); href != "" {
		e.Links = []link{{Href: href, Text: "Open in Gatecrier"}}
	}
	e.EventType, e.Priority, e.AlertKey = alertOf(m)
	if !m.Test {
		return []event{e}
	}
	closing := e
	closing.EventType, closing.Priority = typeResolve, ""
	return []event{e, closing}
}

// typeForecast is the type of messages about what comes: none of them is good news
// of what another has opened.
const typeForecast = "waiver.expiring"

// alertOf is the type, the priority and the key of the alert. The alert of a
// message about nothing that could pass is one of its own: no other closes it,
// and a later attempt does not open a second.
func alertOf(m module.Message) (kind, priority, key string) {
	switch {
	case m.Test:
		return typeAlert, priorityLow, "gatecrier/test/" + m.ID
	case m.Key == "", m.Type == typeForecast:
		return typeAlert, priorityLow, "gatecrier/message/" + m.ID
	case m.Tone == module.ToneBad:
		return typeAlert, priorityHigh, "gatecrier/" + m.Key
	}
	return typeResolve, "", "gatecrier/" + m.Key
}

// details is the reason and what failing it, fit to be read as plain text and as
// Markdown.
func details(m module.Message) string {
	var parts []string
	if why := module.SingleLine(m.Why); why != "" {
		parts = append(parts, fitText(why, maxWhy))
	}
	if list := texts.List(m.Items); list != "" {
		parts = append(parts, list)
	}
	return strings.Join(parts, "\n\n")
}

// customDetails are the facts by their labels, the first of each, and what is known of
// the message.
func customDetails(m module.Message) map[string]string {
	all := map[string]string{}
	for _, f := range m.Facts {
		label := module.TruncateUTF16(cmp.Or(module.SingleLine(f.Label), "Detail"), maxLabel)
		value := module.TruncateUTF16(module.SingleLine(f.Value), maxValue)
		if _, taken := all[label]; taken || value == "" {
			continue
		}
		if len(all) == maxFacts {
			break
		}
		all[label] = value
	}
	all["type"], all["id"] = m.Type, m.ID
	if actor := module.TruncateUTF16(module.SingleLine(m.Actor), maxActor); actor != "" {
		all["actor"] = actor
	}
	if !m.Time.IsZero() {
		all["time"] = m.Time.UTC().Format(time.RFC3339)
	}
	return all
}

// gap has no width.
const gap = "\u200b"

// fitText truncates a text that may be shown as Markdown: without tags, links
// and pictures, and still readable where it is not Markdown.
func fitText(line string, limit int) string {
	var before rune
	return module.TruncateEncoded(line, limit, module.UTF16Len, func(r rune) string {
		linked := before == ']' && strings.ContainsRune("([:", r)
		before = r
		switch {
		case linked:
			return gap + string(r)
		case r == '<':
			return "<" + gap
		}
		return string(r)
	})
}
