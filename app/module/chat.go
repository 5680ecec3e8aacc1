package module

import (
	"cmp"
	"fmt"
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
	MaxItem  int // of an item, as Fit counts

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

// Items returns a line for each item. If some are left out, a last line says how many.
func (c ChatText) Items(all []string) []string {
	var lines []string
	size := 0 // of the lines joined by line breaks
	for i, item := range all {
		line := cmp.Or(c.Bullet, "• ") + c.Fit(SingleLine(item), c.MaxItem)
		if i == c.MaxItems || c.MaxList > 0 && size+UTF16Len(line) > c.MaxList {
			return append(lines, fmt.Sprintf("%sand %d more", c.More, len(all)-i))
		}
		lines = append(lines, line)
		size += UTF16Len(line)
		if i > 0 {
			size++
		}
	}
	return lines
}

// List returns the lines of Items as one text.
func (c ChatText) List(all []string) string { return strings.Join(c.Items(all), "\n") }

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
