package mattermost

import (
	"fmt"
	"strings"
	"time"

	"gatecrier/app/module"
)

// A text of Mattermost may have 16,383 characters, and attachments are kept in
// some 800 KB. These are bytes of the encoded JSON, and add up to fewer than
// 20 KB: receivers that speak Mattermost's format may take less.
const (
	maxTitle = 600
	maxWhy   = 2400
	maxFacts = 10
	maxLabel = 100
	maxValue = 400
	maxItems = 15
	maxItem  = 400
)

// payload is what is posted.
type payload struct {
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	Fallback  string  `json:"fallback"` // where attachments are not shown, as plain text
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
	title := or(module.SingleLine(m.Title), "Gatecrier")
	p := payload{Text: mark(m.Tone) + "**" + fit(title, maxTitle) + "**"}
	if why := module.SingleLine(m.Why); why != "" {
		p.Text += "\n\n" + fit(why, maxWhy)
	}
	a := attachment{Fallback: plain(title, maxTitle), Color: color(m.Tone), Text: details(m), Fields: facts(m.Facts)}
	if link := module.SafeLink(m.Link); link != "" {
		a.Title, a.TitleLink = "Open in Gatecrier", link
	}
	if a.Title != "" || a.Text != "" || len(a.Fields) > 0 {
		p.Attachments = []attachment{a}
	}
	return p
}

func facts(all []module.Fact) []field {
	var fields []field
	for _, f := range all {
		label, value := module.SingleLine(f.Label), module.SingleLine(f.Value)
		if label == "" && value == "" {
			continue
		}
		if len(fields) == maxFacts {
			break
		}
		fields = append(fields, field{Short: true, Title: fit(label, maxLabel), Value: fit(value, maxValue)})
	}
	return fields
}

// details is the list of items, and the footer below it.
func details(m module.Message) string {
	var parts []string
	for _, part := range []string{items(m.Items), footer(m)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n")
}

// items is a line each; the last says how many are left out.
func items(all []string) string {
	var lines []string
	for i, item := range all {
		if i == maxItems {
			lines = append(lines, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		lines = append(lines, "• "+fit(module.SingleLine(item), maxItem))
	}
	return strings.Join(lines, "\n")
}

// footer has the time of the event; that of the post is Mattermost's.
func footer(m module.Message) string {
	var parts []string
	if m.Test {
		parts = append(parts, "Test message")
	}
	if !m.Time.IsZero() {
		parts = append(parts, m.Time.UTC().Format(time.DateTime)+" UTC")
	}
	return strings.Join(parts, " · ")
}

func mark(t module.Tone) string {
	switch t {
	case module.ToneBad:
		return "🔴 "
	case module.ToneGood:
		return "🟢 "
	case module.TonePlain:
	}
	return ""
}

func color(t module.Tone) string {
	switch t {
	case module.ToneBad:
		return "#C62828"
	case module.ToneGood:
		return "#23894E"
	case module.TonePlain:
	}
	return ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
