package module

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf16"
)

// ChatText writes the facts and the items of a message within the limits of a receiver.
type ChatText struct {
	// Fit escapes a line for the receiver and truncates it to limit, in the unit of the receiver's
	// limits: UTF-16 units or bytes of JSON.
	Fit func(line string, limit int) string

	MaxFacts int
	MaxLabel int // of a fact, as Fit counts
	MaxValue int // of a fact, as Fit counts
	MaxItems int
	MaxItem  int // of an item, as Fit counts, without the markup of its link

	// Link sets a link on an escaped text; nil for a receiver without links in texts. Len returns
	// the length of an escaped text, as Fit counts.
	Link func(text, link string) string
	Len  func(text string) int

	// MaxList is the maximum of all items with their bullets and line breaks, without the line
	// "and 5 more". It is in UTF-16 units, whatever Fit counts; 0 is no limit. It is needed if the
	// text that has the list can take less than MaxItems items of MaxItem.
	MaxList int

	Bullet string // before each item, "• " if empty
	More   string // before "and 5 more"
}

// Facts returns the first facts, escaped and truncated. It leaves out those without any text.
func (c ChatText) Facts(all []Fact) []Fact {
	var facts []Fact
	for _, f := range all {
		label, value := SingleLine(f.Label), SingleLine(f.Value)
		if label == "" && value == "" {
			continue
		}
		if len(facts) == c.MaxFacts {
			break
		}
		facts = append(facts, Fact{Label: c.Fit(label, c.MaxLabel), Value: c.Fit(value, c.MaxValue)})
	}
	return facts
}

// Items returns a line for each item. If some are left out, here or by rest, a last line says how
// many. Its link takes a part of MaxList.
func (c ChatText) Items(all []Item, rest Rest) []string {
	var lines []string
	limit := c.MaxList
	if link := SafeLink(rest.Link); c.Link == nil || link == "" || len(link) > maxRestLink {
		rest.Link = ""
	} else {
		rest.Link = link
		limit -= UTF16Len(c.Link("", link))
	}
	size := 0 // of the lines joined by line breaks
	for i, item := range all {
		line := c.item(item)
		if i == c.MaxItems || c.MaxList > 0 && size+UTF16Len(line) > limit {
			rest.Count += len(all) - i
			break
		}
		lines = append(lines, line)
		size += UTF16Len(line)
		if i > 0 {
			size++
		}
	}
	if rest.Count <= 0 {
		return lines
	}
	if rest.Link == "" {
		return append(lines, c.More+rest.Text())
	}
	return append(lines, c.More+c.Link(rest.Text(), rest.Link))
}

// maxRestLink is the maximum length of a link to a whole list, in bytes.
const maxRestLink = 500

// item returns an item as a line, with its link if it can have one.
func (c ChatText) item(i Item) string {
	bullet := cmp.Or(c.Bullet, "• ")
	link := i.SafeLink()
	if c.Link == nil || link == "" {
		return bullet + c.Fit(i.Line(), c.MaxItem)
	}
	var parts []string
	rest := c.MaxItem
	add := func(text string, limit int, wrap func(string) string) {
		if text = SingleLine(text); text == "" || limit <= 0 {
			return
		}
		text = c.Fit(text, limit)
		rest -= c.Len(text) + 1
		parts = append(parts, wrap(text))
	}
	plain := func(text string) string { return text }
	add(i.Label, c.MaxItem/5, plain)
	add(i.Text, c.MaxItem*3/5, func(text string) string { return c.Link(text, link) })
	add(i.More, rest, plain)
	return bullet + strings.Join(parts, " ")
}

// List returns the lines of Items as one text.
func (c ChatText) List(all []Item, rest Rest) string { return strings.Join(c.Items(all, rest), "\n") }

// TitleLine returns the title as a single line, "Gatecrier" if it has none.
func (m Message) TitleLine() string { return cmp.Or(SingleLine(m.Title), "Gatecrier") }

// Footer returns the last line of a message: whether it is a test, and its time in UTC as format
// writes it.
func (m Message) Footer(format func(time.Time) string) string {
	var parts []string
	if m.Test {
		parts = append(parts, "Test message")
	}
	if !m.Time.IsZero() {
		parts = append(parts, format(m.Time.UTC()))
	}
	return strings.Join(parts, " · ")
}

// Mark returns the emoji that begins a title in chats, with a space behind it; "" for a plain tone.
func (t Tone) Mark() string {
	switch t {
	case ToneBad:
		return "🔴 "
	case ToneGood:
		return "🟢 "
	case TonePlain:
	}
	return ""
}

// Color returns the color of the tone as 0xRRGGBB; 0 for a plain tone, which has none.
func (t Tone) Color() int {
	switch t {
	case ToneBad:
		return 0xC62828
	case ToneGood:
		return 0x23894E
	case TonePlain:
	}
	return 0
}

// TruncateUTF16 truncates a line to limit UTF-16 units.
func TruncateUTF16(line string, limit int) string {
	return TruncateEncoded(line, limit, UTF16Len, func(r rune) string { return string(r) })
}

// UTF16Len returns the length of s in UTF-16 units: never fewer than its characters.
func UTF16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// JSONLen returns how many bytes a line without control characters takes in JSON, at most.
func JSONLen(s string) int { return len(s) + strings.Count(s, `"`) + strings.Count(s, `\`) }
