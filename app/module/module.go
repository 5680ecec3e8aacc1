// Package module is the contract of connectors: what one tells about itself,
// how its configuration is prepared, what it is given to send, and the closed
// set of results that decide what happens to a delivery.
package module

import (
	"context"
	"encoding/json"
	"time"
)

// Module is a connector: a kind of place to connect to. It is safe for
// concurrent use, and no call depends on what another has left.
type Module interface {
	// Descriptor tells what the module is and which configuration it takes.
	Descriptor() Descriptor
	// Prepare trims a configuration, makes the generated secrets that are
	// missing, and checks it. What is wrong is a fault.Error with its fields
	// by their names.
	Prepare(Config) (Config, error)
	// Hint is what may be shown of a prepared configuration.
	Hint(Config) string
}

// Sender is a module that sends messages.
type Sender interface {
	Module
	// Send makes one attempt with a prepared configuration. It ends soon after
	// ctx does.
	Send(ctx context.Context, c Config, m Message) Result
}

// Shower is a module that can show what it sends.
type Shower interface {
	// Show is what Send would post, for people who look at a delivery: without
	// signatures, and with its secrets masked.
	Show(ctx context.Context, c Config, m Message) (Shown, error)
}

// Shown is a message as it goes out.
type Shown struct {
	Head []string // "Content-Type: application/json"
	Body string
}

// Rotator is a module whose secret can be replaced while receivers still check
// the old one.
type Rotator interface {
	// Rotate returns the configuration with a new secret; the old one counts
	// until then too.
	Rotate(c Config, until time.Time) Config
	// RotatedUntil is until when an older secret counts, zero where none does.
	RotatedUntil(c Config) time.Time
}

// Message is what is sent. The texts may hold anything that a scanner or a
// user wrote; a module encodes them for its receiver.
type Message struct {
	ID      string // the same in every attempt
	Type    string // of the event: "gate.changed"
	Version int    // of Data
	Time    time.Time
	Title   string   // one line
	Why     string   // the reason in a sentence, shortest first
	Key     string   // what it is about, the same in all messages about that ("gate/7"), or ""
	Tone    Tone     // of what Key names, ToneBad says that it is open, the others that it is closed
	Facts   []Fact   // details, the most telling first
	Items   []string // what failing it, worst first: "critical: CVE-2024-3094 in xz 5.6.0"
	Actor   string   // who caused it, "" where nobody did
	Link    string   // the page to read on, an absolute URL, or ""
	Data    json.RawMessage
	Test    bool // somebody wanted to see whether it arrives
}

// TypeAccount is the type of messages to one person about his own account. They
// are in no ledger.
const TypeAccount = "gatecrier.account"

// Tone is how a message is to be taken; channels that know colours show it.
type Tone string

// The tones.
const (
	TonePlain Tone = "plain"
	ToneGood  Tone = "good"
	ToneBad   Tone = "bad"
)

// Fact is a detail of a message: "Gate", "from Passed to Failed".
type Fact struct{ Label, Value string }
