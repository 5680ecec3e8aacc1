package slack

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"gatecrier/app/module"
)

// Slack's limits are 50 blocks, 150 characters in a header, 3000 in a section,
// 2000 in each of 10 fields, and, not written down anywhere, some 13,200 in all
// blocks. These are ours, in UTF-16 units, which are never fewer than what is
// counted there.
const (
	maxHeader = 150
	maxWhy    = 2900
	maxFacts  = 10
	maxLabel  = 80
	maxValue  = 300
	maxItems  = 20
	maxItem   = 250
	maxList   = 2900
	maxPlain  = 600
	maxLink   = 2000
)

// payload is what is posted. Nothing in it is turned into a link or a mention
// that does not say so, and links are not looked up.
type payload struct {
	Text        string  `json:"text"` // where blocks are not shown: in notices, and for screen readers
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
	Verbatim bool   `json:"verbatim,omitempty"` // no links and names out of plain words
}

func mrkdwn(s string) text { return text{Type: "mrkdwn", Text: s, Verbatim: true} }

func section(s string) block {
	t := mrkdwn(s)
	return block{Type: "section", Text: &t}
}

func compose(m module.Message) payload {
	title := mark(m.Tone) + or(module.SingleLine(m.Title), "Gatecrier")
	head := text{Type: "plain_text", Text: module.TruncateEncoded(title, maxHeader, units, asIs)}
	p := payload{Text: fit(title, maxHeader), Blocks: []block{{Type: "header", Text: &head}}}
	if why := module.SingleLine(m.Why); why != "" {
		p.Text += "\n" + fit(why, maxPlain)
		p.Blocks = append(p.Blocks, section(fit(why, maxWhy)))
	}
	if fields := facts(m.Facts); len(fields) > 0 {
		p.Blocks = append(p.Blocks, block{Type: "section", Fields: fields})
	}
	if list := items(m.Items); list != "" {
		p.Blocks = append(p.Blocks, section(list))
	}
	if link := escape(module.SafeLink(m.Link)); link != "" && len(link) <= maxLink {
		// A button would ask for an answer that an incoming webhook cannot get.
		p.Blocks = append(p.Blocks, section("<"+link+"|Open in Gatecrier>"))
		p.Text += "\n" + link
	}
	return p.with(footer(m))
}

func (p payload) with(footer string) payload {
	if footer != "" {
		p.Blocks = append(p.Blocks, block{Type: "context", Elements: []text{mrkdwn(footer)}})
	}
	return p
}

func facts(all []module.Fact) []text {
	var fields []text
	for _, f := range all {
		label, value := module.SingleLine(f.Label), module.SingleLine(f.Value)
		if label == "" && value == "" {
			continue
		}
		if len(fields) == maxFacts {
			break
		}
		if label != "" {
			label = "*" + fit(label, maxLabel) + "*\n"
		}
		fields = append(fields, mrkdwn(label+fit(value, maxValue)))
	}
	return fields
}

// items is a list that says how many it leaves out.
func items(all []string) string {
	var b strings.Builder
	for i, item := range all {
		line := "• " + fit(module.SingleLine(item), maxItem)
		if i == maxItems || units(b.String())+units(line) > maxList {
			fmt.Fprintf(&b, "\nand %d more", len(all)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// footer has the time as the reader's own clock shows it.
func footer(m module.Message) string {
	var parts []string
	if m.Test {
		parts = append(parts, "Test message")
	}
	if !m.Time.IsZero() {
		at := m.Time.UTC()
		parts = append(parts, fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", at.Unix(), at.Format(time.RFC3339)))
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

func fit(s string, most int) string {
	return module.TruncateEncoded(s, most, units, func(r rune) string { return escape(string(r)) })
}

// escape makes entities of the three characters that Slack wants so, and of no
// others (https://docs.slack.dev/messaging/formatting-message-text#escaping).
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func asIs(r rune) string { return string(r) }

func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
