package discord

import (
	"cmp"
	"time"

	"gatecrier/app/module"
)

// Discord's limits are 2000 characters of content, and in an embed 256 of a title, 4096 of a
// description, 25 fields of 256 and 1024, and 6000 in all
// (https://discord.com/developers/docs/resources/message#embed-object-embed-limits).
// Ours are in UTF-16 units, which are never fewer than the characters that Discord counts. With
// those of texts, the embed stays below 5800.
const (
	maxTitle   = 300
	maxWhy     = 700
	maxLabel   = 80
	maxActions = 300 // of those behind the first
)

var texts = module.ChatText{
	Fit: fit, Link: module.MarkdownLink, Len: module.UTF16Len,
	MaxFacts: 10, MaxLabel: 60, MaxValue: 190, MaxItems: 15, MaxItem: 250, MaxList: 1900,
}

// payload is the body of a post. It mentions no user.
type payload struct {
	Content  string   `json:"content"`
	Embeds   []embed  `json:"embeds,omitempty"`
	Mentions mentions `json:"allowed_mentions"`
}

// mentions are the kinds of mentions that notify: none.
type mentions struct {
	Parse []string `json:"parse"`
}

type embed struct {
	Title       string  `json:"title,omitempty"`
	Description string  `json:"description,omitempty"`
	Color       int     `json:"color,omitempty"`
	URL         string  `json:"url,omitempty"`
	Fields      []field `json:"fields,omitempty"`
	Timestamp   string  `json:"timestamp,omitempty"` // shown in the reader's time zone
}

type field struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

func compose(m module.Message) payload {
	title := fit(m.TitleLine(), maxTitle)
	p := payload{Content: m.Tone.Mark() + "**" + title + "**", Mentions: mentions{Parse: []string{}}}
	e := embed{Description: description(m), Color: m.Tone.Color(), Fields: fieldsOf(m.Facts)}
	if b := m.Buttons(); len(b) > 0 {
		e.Title, e.URL = fit(b[0].Label, maxLabel), b[0].Link
	}
	if !m.Time.IsZero() {
		e.Timestamp = m.Time.UTC().Format(time.RFC3339)
	}
	if e.Title != "" || e.Description != "" || len(e.Fields) > 0 { // Discord refuses an empty embed
		p.Embeds = []embed{e}
	}
	return p
}

// description returns the reason, the failing observations, the other actions, whether it is a test,
// and why the channel gets it.
func description(m module.Message) string {
	test := "" // instead of a Footer: the embed has a field for the time
	if m.Test {
		test = "Test message"
	}
	more := ""
	if b := m.Buttons(); len(b) > 1 {
		more = texts.Actions(b[1:], maxActions)
	}
	return module.Paragraphs(
		fit(module.SingleLine(m.Why), maxWhy), texts.List(m.Items, m.Rest), more, test, texts.Origin(m.Origin),
	)
}

// fieldsOf makes a field of each fact. Neither of its two texts can be empty.
func fieldsOf(facts []module.Fact) []field {
	var fields []field
	for _, f := range texts.Facts(facts) {
		fields = append(fields, field{Name: cmp.Or(f.Label, gap), Value: cmp.Or(f.Value, gap), Inline: true})
	}
	return fields
}
