package slack

import (
	"fmt"
	"strings"
	"time"

	"gatecrier/app/module"
)

// Slack's limits are 50 blocks, 150 characters in a header, 3000 in a section, 2000 in each of 10
// fields, and, undocumented, some 13,200 in all blocks. Ours are in UTF-16 units, which are never
// fewer than the characters that Slack counts.
const (
	maxHeader  = 150
	maxWhy     = 2900
	maxPlain   = 600
	maxActions = 2500
)

var texts = module.ChatText{
	Fit: fit, Link: linked, Len: module.UTF16Len,
	MaxFacts: 10, MaxLabel: 80, MaxValue: 300, MaxItems: 20, MaxItem: 250, MaxList: 2900,
}

// payload is the body of a post. Slack turns nothing in it into a link or a mention that is not
// marked so, and does not look up links.
type payload struct {
	Text        string  `json:"text"` // where blocks are not shown: in notifications and screen readers
	Blocks      []block `json:"blocks"`
	UnfurlLinks bool    `json:"unfurl_links"`
	UnfurlMedia bool    `json:"unfurl_media"`
}

type block struct {
	Type     string `json:"type"`
	Text     *text  `json:"text,omitempty"`
	Fields   []text `json:"fields,omitempty"`
	Elements []text `json:"elements,omitempty"`
}

type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"` // no links or names from plain words
}

func mrkdwn(s string) text { return text{Type: "mrkdwn", Text: s, Verbatim: true} }

func section(s string) block {
	t := mrkdwn(s)
	return block{Type: "section", Text: &t}
}

func compose(m module.Message) payload {
	title := m.Tone.Mark() + m.TitleLine()
	head := text{Type: "plain_text", Text: module.TruncateUTF16(title, maxHeader)}
	p := payload{Text: fit(title, maxHeader), Blocks: []block{{Type: "header", Text: &head}}}
	if why := module.SingleLine(m.WhyAlone()); why != "" {
		p.Text += "\n" + fit(why, maxPlain)
	}
	if why := module.SingleLine(m.Why); why != "" {
		p.Blocks = append(p.Blocks, section(fit(why, maxWhy)))
	}
	if fields := fieldsOf(m.Facts); len(fields) > 0 {
		p.Blocks = append(p.Blocks, block{Type: "section", Fields: fields})
	}
	if list := texts.List(m.Items, m.Rest); list != "" {
		p.Blocks = append(p.Blocks, section(list))
	}
	buttons := m.Buttons()
	if line := texts.Actions(buttons, maxActions); line != "" {
		// Slack shows a warning at each click on a button, also on one with a URL, unless an endpoint
		// acknowledges it. An incoming webhook has none, so these are links.
		p.Blocks = append(p.Blocks, section(line))
		p.Text += "\n" + escape(buttons[0].Link)
	}
	return p.with(m.Footer(localTime), texts.Origin(m.Origin))
}

// with adds lines below the message. It leaves out the empty ones.
func (p payload) with(footers ...string) payload {
	var elements []text
	for _, footer := range footers {
		if footer != "" {
			elements = append(elements, mrkdwn(footer))
		}
	}
	if len(elements) > 0 {
		p.Blocks = append(p.Blocks, block{Type: "context", Elements: elements})
	}
	return p
}

func fieldsOf(facts []module.Fact) []text {
	var fields []text
	for _, f := range texts.Facts(facts) {
		if f.Label != "" {
			f.Label = "*" + f.Label + "*\n"
		}
		fields = append(fields, mrkdwn(f.Label+f.Value))
	}
	return fields
}

// localTime writes a time that Slack shows in the reader's time zone.
func localTime(at time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", at.Unix(), at.Format(time.RFC3339))
}

// fit escapes a line and truncates it to limit UTF-16 units. It leaves marks such as * alone: Slack
// documents no escape for them.
func fit(s string, limit int) string {
	return module.TruncateEncoded(s, limit, module.UTF16Len, func(r rune) string { return escape(string(r)) })
}

// linked returns a link on an escaped text.
func linked(text, link string) string { return "<" + escape(link) + "|" + text + ">" }

// escape escapes the three characters that Slack requires, and no others
// (https://docs.slack.dev/messaging/formatting-message-text#escaping).
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
