package ilert

import (
	"cmp"
	"strings"
	"time"

	"gatecrier/app/module"
)

// Bounds of an event's texts, in UTF-16 units. The details, with the items of texts, stay below
// 4000, everything below 28 KB.
const (
	maxSummary = 250
	maxWhy     = 1000
	maxFacts   = 10
	maxLabel   = 60
	maxValue   = 250
	maxActor   = 100
	maxLinks   = 10 // of items
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

// event is the body of a post.
type event struct {
	IntegrationKey string            `json:"integrationKey"`
	EventType      string            `json:"eventType"`
	Summary        string            `json:"summary"`
	Details        string            `json:"details,omitempty"`
	AlertKey       string            `json:"alertKey"` // an open alert has a unique key
	Priority       string            `json:"priority,omitempty"`
	Links          []link            `json:"links,omitempty"`
	CustomDetails  map[string]string `json:"customDetails"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// eventsOf returns the event of a message. For a test, a second one closes the first.
func eventsOf(c module.Config, m module.Message) []event {
	e := event{
		IntegrationKey: c[fieldKey],
		Summary:        module.TruncateUTF16(m.TitleLine(), maxSummary),
		Details:        details(m),
		CustomDetails:  customDetails(m),
	}
	e.Links = links(m)
	e.EventType, e.Priority, e.AlertKey = alertOf(m)
	if !m.Test {
		return []event{e}
	}
	closing := e
	closing.EventType, closing.Priority = typeResolve, ""
	return []event{e, closing}
}

// links returns the actions of the message, then the links of its first items.
func links(m module.Message) []link {
	var list []link
	for _, b := range m.Buttons() {
		list = append(list, link{Href: b.Link, Text: b.Label})
	}
	for _, item := range m.Items[:min(maxLinks, len(m.Items))] {
		if href := item.SafeLink(); href != "" {
			list = append(list, link{Href: href, Text: module.TruncateUTF16(module.SingleLine(item.Text), maxLabel)})
		}
	}
	return list
}

// typeForecast is the type of messages about the future: they never close an alert that another
// message opened.
const typeForecast = "waiver.expiring"

// alertOf returns the type and the priority of an event, and the key of its alert. A message about
// nothing that can be resolved has an alert of its own: no other message closes it, and a later
// attempt does not open a second one.
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

// details returns the reason and the failing observations, readable as plain text and as Markdown.
func details(m module.Message) string {
	return module.Paragraphs(fitText(module.SingleLine(m.Why), maxWhy), texts.List(m.Items, m.Rest))
}

// customDetails returns the facts by label, the first of each, and the message's type, ID, user
// and time.
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

// gap has no width. It breaks tags, links and pictures of Markdown. A backslash would too, but would
// be visible in plain text.
const gap = module.ZeroWidthSpace

// fitText truncates a text that Ilert can show as Markdown to limit UTF-16 units: it breaks tags,
// links and pictures, and stays readable as plain text.
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
