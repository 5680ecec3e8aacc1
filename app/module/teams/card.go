package teams

import (
	"time"

	"gatecrier/app/module"
)

// A message can have some 28 KB in all, but Teams has refused smaller ones. Our limits, with those
// of texts, are bytes of the encoded JSON, and add up to less than 20 KB.
const (
	maxTitle = 600
	maxWhy   = 2400
)

var texts = module.ChatText{
	Fit: fit, Link: module.MarkdownLink, Len: module.JSONLen,
	MaxFacts: 10, MaxLabel: 100, MaxValue: 400, MaxItems: 15, MaxItem: 400,
}

const schema = "http://adaptivecards.io/schemas/adaptive-card.json"

// payload is the body of a post.
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

// message returns the card in its envelope.
func message(m module.Message) payload {
	return payload{Type: "message", Attachments: []attachment{{
		ContentType: "application/vnd.microsoft.card.adaptive", Content: compose(m),
	}}}
}

func compose(m module.Message) card {
	title := fit(m.TitleLine(), maxTitle)
	c := card{
		Schema: schema, Type: "AdaptiveCard", Version: "1.4", Teams: width{"Full"}, Summary: title,
		Body: []element{{Type: "TextBlock", Text: title, Wrap: true, Size: "Large", Weight: "Bolder", Color: color(m.Tone)}},
	}
	if why := module.SingleLine(m.Why); why != "" {
		c.Body = append(c.Body, element{Type: "TextBlock", Text: fit(why, maxWhy), Wrap: true, Spacing: "Small"})
	}
	if list := factsOf(m.Facts); len(list) > 0 {
		c.Body = append(c.Body, element{Type: "FactSet", FactList: list})
	}
	c.Body = append(c.Body, itemsOf(m.Items, m.Rest)...)
	if text := texts.Origin(m.Origin); text != "" {
		c.Body = append(c.Body, element{Type: "TextBlock", Text: text, Wrap: true, Size: "Small", Subtle: true})
	}
	if text := m.Footer(localTime); text != "" {
		c.Body = append(c.Body, element{Type: "TextBlock", Text: text, Wrap: true, Size: "Small", Subtle: true})
	}
	for _, b := range m.Buttons() {
		c.Actions = append(c.Actions, action{Type: "Action.OpenUrl", Title: b.Label, URL: b.Link})
	}
	return c
}

func factsOf(facts []module.Fact) []fact {
	var list []fact
	for _, f := range texts.Facts(facts) {
		list = append(list, fact{Title: f.Label, Value: f.Value})
	}
	return list
}

func itemsOf(items []module.Item, rest module.Rest) []element {
	var lines []element
	for i, line := range texts.Items(items, rest) {
		e := element{Type: "TextBlock", Text: line, Wrap: true, Spacing: "None"}
		if i == 0 {
			e.Spacing = "Medium"
		}
		lines = append(lines, e)
	}
	return lines
}

// localTime writes a time that Teams shows in the reader's time zone. DATE takes it with seconds
// and without a fraction.
func localTime(at time.Time) string {
	text := at.Format(time.RFC3339)
	return "{{DATE(" + text + ",SHORT)}} {{TIME(" + text + ")}}"
}

// color returns the name of a tone's color: a card takes no others, so that it fits the theme.
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
