package teams

import (
	"fmt"
	"strings"
	"time"

	"gatecrier/app/module"
)

// A message may have some 28 KB in all; less has been seen to be refused. These
// are bytes of the encoded JSON, and add up to fewer than 20 KB.
const (
	maxTitle = 600
	maxWhy   = 2400
	maxFacts = 10
	maxLabel = 100
	maxValue = 400
	maxItems = 15
	maxItem  = 400
	maxLink  = 2000
)

const schema = "http://adaptivecards.io/schemas/adaptive-card.json"

// payload is what is posted.
type payload struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string  `json:"contentType"`
	ContentURL  *string `json:"contentUrl"`
	Content     card    `json:"content"`
}

type card struct {
	Schema  string    `json:"$schema"`
	Type    string    `json:"type"`
	Version string    `json:"version"`
	Teams   width     `json:"msteams"`
	Summary string    `json:"fallbackText"`
	Body    []element `json:"body"`
	Actions []action  `json:"actions,omitempty"`
}

type width struct {
	Width string `json:"width"`
}

type element struct {
	Type     string `json:"type"`
	Text     string `json:"text,omitempty"`
	Wrap     bool   `json:"wrap,omitempty"`
	Size     string `json:"size,omitempty"`
	Weight   string `json:"weight,omitempty"`
	Color    string `json:"color,omitempty"`
	Subtle   bool   `json:"isSubtle,omitempty"`
	Spacing  string `json:"spacing,omitempty"`
	FactList []fact `json:"facts,omitempty"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// message is the card in its envelope.
func message(m module.Message) payload {
	return payload{Type: "message", Attachments: []attachment{{
		ContentType: "application/vnd.microsoft.card.adaptive", Content: compose(m),
	}}}
}

func compose(m module.Message) card {
	title := fit(or(module.SingleLine(m.Title), "Gatecrier"), maxTitle)
	c := card{
		Schema: schema, Type: "AdaptiveCard", Version: "1.4", Teams: width{"Full"}, Summary: title,
		Body: []element{{Type: "TextBlock", Text: title, Wrap: true, Size: "Large", Weight: "Bolder", Color: color(m.Tone)}},
	}
	if why := module.SingleLine(m.Why); why != "" {
		c.Body = append(c.Body, element{Type: "TextBlock", Text: fit(why, maxWhy), Wrap: true, Spacing: "Small"})
	}
	if list := facts(m.Facts); len(list) > 0 {
		c.Body = append(c.Body, element{Type: "FactSet", FactList: list})
	}
	c.Body = append(c.Body, items(m.Items)...)
	if text := footer(m); text != "" {
		c.Body = append(c.Body, element{Type: "TextBlock", Text: text, Wrap: true, Size: "Small", Subtle: true})
	}
	if link := module.SafeLink(m.Link); link != "" && len(link) <= maxLink {
		c.Actions = []action{{Type: "Action.OpenUrl", Title: "Open in Gatecrier", URL: link}}
	}
	return c
}

func facts(all []module.Fact) []fact {
	var list []fact
	for _, f := range all {
		label, value := module.SingleLine(f.Label), module.SingleLine(f.Value)
		if label == "" && value == "" {
			continue
		}
		if len(list) == maxFacts {
			break
		}
		list = append(list, fact{Title: fit(label, maxLabel), Value: fit(value, maxValue)})
	}
	return list
}

// items is a line each; the last says how many are left out.
func items(all []string) []element {
	var lines []element
	for i, item := range all {
		text := "• " + fit(module.SingleLine(item), maxItem)
		if i == maxItems {
			text = fmt.Sprintf("and %d more", len(all)-i)
		}
		e := element{Type: "TextBlock", Text: text, Wrap: true, Spacing: "None"}
		if i == 0 {
			e.Spacing = "Medium"
		}
		lines = append(lines, e)
		if i == maxItems {
			break
		}
	}
	return lines
}

// footer has the time as the reader's own clock shows it.
func footer(m module.Message) string {
	var parts []string
	if m.Test {
		parts = append(parts, "Test message")
	}
	if !m.Time.IsZero() {
		at := m.Time.UTC().Format(time.RFC3339) // with seconds and no fraction, as DATE wants it
		parts = append(parts, "{{DATE("+at+",SHORT)}} {{TIME("+at+")}}")
	}
	return strings.Join(parts, " · ")
}

func color(t module.Tone) string {
	switch t {
	case module.ToneBad:
		return "Attention"
	case module.ToneGood:
		return "Good"
	case module.TonePlain:
	}
	return "Default"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
