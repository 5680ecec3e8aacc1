package mattermost

import (
	"fmt"
	"time"

	"gatecrier/app/module"
)

// A text in Mattermost can have 16,383 characters, and attachments some 800 KB. Our limits, with
// those of texts, are bytes of the encoded JSON, and add up to less than 20 KB: other receivers of
// Mattermost's format can accept less.
const (
	maxTitle   = 600
	maxWhy     = 2400
	maxLabel   = 80
	maxActions = 1500 // of those behind the first
)

var texts = module.ChatText{
	Fit: fit, Link: module.MarkdownLink, Len: module.JSONLen,
	MaxFacts: 10, MaxLabel: 100, MaxValue: 400, MaxItems: 15, MaxItem: 400,
}

// payload is the body of a post.
type payload struct {
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	Fallback  string  `json:"fallback"` // as plain text, where attachments are not shown
	Color     string  `json:"color,omitempty"`
	Title     string  `json:"title,omitempty"`
	TitleLink string  `json:"title_link,omitempty"`
	Text      string  `json:"text,omitempty"`
	Fields    []field `json:"fields,omitempty"`
}

type field struct {
	Short bool   `json:"short"`
	Title string `json:"title"`
	Value string `json:"value"`
}

func compose(m module.Message) payload {
	title := m.TitleLine()
	p := payload{Text: m.Tone.Mark() + "**" + fit(title, maxTitle) + "**"}
	if why := module.SingleLine(m.Why); why != "" {
		p.Text += "\n\n" + fit(why, maxWhy)
	}
	a := attachment{Fallback: plain(title, maxTitle), Color: color(m.Tone), Text: details(m), Fields: fieldsOf(m.Facts)}
	if b := m.Buttons(); len(b) > 0 {
		a.Title, a.TitleLink = fit(b[0].Label, maxLabel), b[0].Link
	}
	if a.Title != "" || a.Text != "" || len(a.Fields) > 0 {
		p.Attachments = []attachment{a}
	}
	return p
}

// details returns the list of items, the other actions, and the footer below them.
func details(m module.Message) string {
	more := ""
	if b := m.Buttons(); len(b) > 1 {
		more = texts.Actions(b[1:], maxActions)
	}
	return module.Paragraphs(texts.List(m.Items, m.Rest), more, m.Footer(utc), texts.Origin(m.Origin))
}

func fieldsOf(facts []module.Fact) []field {
	var fields []field
	for _, f := range texts.Facts(facts) {
		fields = append(fields, field{Short: true, Title: f.Label, Value: f.Value})
	}
	return fields
}

// utc writes the time of the event; Mattermost itself shows the time of the post. We know no format
// that it shows in the reader's time zone, as Slack, Teams and Discord have one.
func utc(at time.Time) string { return at.Format(time.DateTime) + " UTC" }

// color returns the color of a tone as in CSS, "" for none.
func color(t module.Tone) string {
	if rgb := t.Color(); rgb != 0 {
		return fmt.Sprintf("#%06X", rgb)
	}
	return ""
}
