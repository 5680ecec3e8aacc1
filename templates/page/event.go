package page

import (
	"time"

	"gatecrier/templates/layout"
)

// EventView is an event and what happened to it.
type EventView struct {
	Frame     layout.View
	ID        int64
	Type      string
	Title     string
	Message   string
	Actor     string // "" = Gatecrier itself
	At        time.Time
	ProductID int64
	Product   string
	Inbox     bool // the user has it in the inbox
	Steps     []ExplainStep
}

// ExplainStep is a step in the processing of an event.
type ExplainStep struct {
	Key       string // recorded, hold, window, routing, inbox, silence, settings, target, reader
	Outcome   string // done, waiting, held, skipped, `cancelled`, failed, none, unknown
	Text      string
	Detail    string
	At        time.Time // zero = not known
	Until     time.Time // zero = it does not go on
	Href      string    // "" = none
	Link      string
	Sent      *DeliveryRow // of a target
	Recipient string
	Why       string // of a target: why it gets the event
	SetUpBy   string // of a target: who created it
}

// stepWords are the headings of steps.
var stepWords = map[string]string{
	"recorded": "Event recorded", "hold": "Hold time", "window": "Repeated exceptions", "routing": "Routing",
	"inbox":   "Inbox",
	"silence": "Silences", "settings": "Settings", "target": "Targets", "reader": "Why you see this",
}

func (s ExplainStep) word() string {
	if s.Sent != nil {
		return s.Sent.to()
	}
	return stepWords[s.Key]
}

// look returns how an outcome is shown: the colors of a state, an icon and a word.
func (s ExplainStep) look() (class, icon, word string) {
	switch s.Outcome {
	case "done":
		return "ok", "check", "Done"
	case "waiting":
		return "wait", "clock", "Waiting"
	case "held":
		return "wait", "bell-off", "Silenced"
	case "skipped":
		return "off", "player-skip-forward", "Skipped"
	case "cancelled":
		return "off", "ban", "Canceled"
	case "failed":
		return "bad", "square-rounded-x", "Failed"
	case "none":
		return "off", "minus", "Not applicable"
	}
	return "off", "circle-dashed", "Unknown"
}

func (s ExplainStep) class() string  { class, _, _ := s.look(); return class }
func (s ExplainStep) icon() string   { _, icon, _ := s.look(); return icon }
func (s ExplainStep) result() string { _, _, word := s.look(); return word }

// until says what happens, or happened, at the time in Until.
func (s ExplainStep) until(now time.Time) string {
	switch {
	case s.Key == "hold":
		return "notified"
	case s.Key == "silence" && s.Until.After(now):
		return "ends"
	case s.Key == "silence":
		return "ended"
	}
	return "next attempt"
}

func eventPath(n int64) string { return "/events/" + id(n) }
