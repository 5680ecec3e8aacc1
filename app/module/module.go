// Package module is the contract of modules, each the implementation of a channel: how one
// describes itself, how its configuration is prepared, what it gets to send, and the closed set of
// results that decide about a delivery.
package module

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Module is the implementation of a channel, such as Slack or email. It is safe for concurrent use,
// and no call depends on an earlier one.
type Module interface {
	// Descriptor describes the module and the configuration that it takes.
	Descriptor() Descriptor
	// Prepare trims a configuration, generates the missing secrets, and checks it. The error is
	// a fault.Error that names the fields.
	Prepare(Config) (Config, error)
	// Hint returns what can be shown of a prepared configuration.
	Hint(Config) string
}

// MaxBody is the maximum size of a body that a module posts, in bytes: that of Microsoft Teams
// (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook).
// A module stays below it whatever the message has; moduletest checks that.
const MaxBody = 28 << 10

// Sender is a module that sends messages.
type Sender interface {
	Module
	// Send makes one attempt with a prepared configuration. It ends soon after ctx does. A body
	// that it posts has at most MaxBody bytes.
	Send(ctx context.Context, c Config, m Message) Result
}

// Shower is a module that can show what it sends.
type Shower interface {
	// Show returns what Send would post, for users who look at a delivery: without signatures,
	// and with its secrets masked.
	Show(ctx context.Context, c Config, m Message) (Shown, error)
}

// Shown is a message as it is sent.
type Shown struct {
	Head []string // "Content-Type: application/json"
	Body string
}

// Rotator is a module whose secret can be replaced while receivers still check the old one.
type Rotator interface {
	// Rotate returns the configuration with a new secret. The old one stays valid until until.
	Rotate(c Config, until time.Time) Config
	// RotatedUntil returns until when an older secret is valid, zero if none is.
	RotatedUntil(c Config) time.Time
}

// Message is what to send. Its texts can hold anything that a scanner or a user wrote, in any
// length: a module flattens, truncates and encodes them for its receiver. Any field can be empty. A
// chat shows Title, Why, Facts, Items, Link, Time, Tone and Test. It can leave out Actor, which is
// also a fact, and Type, Version, Key and Data, which are for receivers that are programs.
type Message struct {
	ID      string // the same in every attempt
	Type    string // of the event: "gate.changed"
	Version int    // of Data
	Time    time.Time
	Title   string   // what happened, not yet flattened: TitleLine returns it as a single line
	Why     string   // the reason, its most important part first, not yet flattened
	Alone   string   // the reason where Items are not shown: it names the first of them; "" = Why
	Key     string   // what it is about, the same in all messages about it ("gate/7"), or ""
	Tone    Tone     // with Key: in Ilert a bad one opens the alert of Key, any other resolves it
	Facts   []Fact   // details, the most important first
	Items   []Item   // lines of a list, the worst first
	Rest    Rest     // what Items leaves out
	Actor   string   // the user who caused it, or ""
	Link    string   // the absolute URL of the page about it, or ""
	Actions []Action // what its reader can do, the most important first: Buttons returns those to show
	Origin  Origin   // why the receiver gets it
	Data    json.RawMessage
	Test    bool // a user tests whether messages arrive
	// Sent is the time of the last attempt of a message that is only shown; zero for one that is being sent.
	Sent time.Time
}

// WhyAlone returns the reason for a text without the items.
func (m Message) WhyAlone() string { return cmp.Or(m.Alone, m.Why) }

// TypeAccount is the type of messages to a user about their own account. The delivery log does not
// have them.
const TypeAccount = "gatecrier.account"

// Tone is the mood of a message; channels with colors show it.
type Tone string

// The tones.
const (
	TonePlain Tone = "plain"
	ToneGood  Tone = "good"
	ToneBad   Tone = "bad"
)

// Fact is a detail of a message: "Gate", "from Passed to Failed".
type Fact struct{ Label, Value string }

// Item is a line of a list, such as "critical: CVE-2024-3094 in xz 5.6.0 · fix: 5.6.1". A space is
// between its parts. Any of them can be empty.
type Item struct {
	Label string // before Text: "critical:"
	Text  string // what the link is set on: "CVE-2024-3094"
	Link  string // an absolute URL
	More  string // after Text: "in xz 5.6.0 · fix: 5.6.1"
}

// Action is a link to a page where the reader can do something.
type Action struct {
	Label string // verb and object: "Open change"
	Link  string // an absolute URL
}

// Origin is why a receiver gets a message, and the link to the page where that is managed.
type Origin struct {
	Text   string // a sentence without its end: "You get this because ..."
	Manage Action
}

// Rest is what a list leaves out, shown as "and 12 more".
type Rest struct {
	Count int
	Link  string // the absolute URL of the whole list, or ""
}

// Text returns "and 12 more".
func (r Rest) Text() string { return fmt.Sprintf("and %d more", r.Count) }

// MaxItemLink is the maximum length of the link of an item, in bytes.
const MaxItemLink = 200

// SafeLink returns the link in a safe spelling, "" if an item cannot have it.
func (i Item) SafeLink() string {
	link := SafeLink(i.Link)
	if len(link) > MaxItemLink || SingleLine(i.Text) == "" {
		return ""
	}
	return link
}

// Line returns the item as a single line, without its link.
func (i Item) Line() string { return SingleLine(i.Label + " " + i.Text + " " + i.More) }
