package webhook

import (
	"encoding/json"
	"strings"
	"time"

	"gatecrier/app/module"
)

// The formats of a body.
const (
	formatStandard = "standard"
	formatSekoia   = "sekoia_v2"
)

// body is the body of a Standard Webhook.
type body struct {
	Type      string          `json:"type"`
	Version   int             `json:"version"`
	Timestamp time.Time       `json:"timestamp"` // of the event
	Test      bool            `json:"test,omitempty"`
	Actor     string          `json:"actor,omitempty"` // the user who caused the event
	Link      string          `json:"link,omitempty"`  // the page about it
	Actions   []action        `json:"actions,omitempty"`
	Data      json.RawMessage `json:"data"`
}

// action is what a reader can do, with the page to do it on.
type action struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// envelope is the body of Sekoia's notifications: what happened to which object, and nothing more
// (https://docs.sekoia.io/getting_started/notifications-Examples/).
type envelope struct {
	Type       string     `json:"type"`
	Action     string     `json:"action"`
	Attributes attributes `json:"attributes"`
	Metadata   metadata   `json:"metadata"`
}

type attributes struct {
	UUID    string `json:"uuid"`     // of the event
	ShortID string `json:"short_id"` // what it is about: "gate/7"
	Title   string `json:"title,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Link    string `json:"link,omitempty"`
	Test    bool   `json:"test,omitempty"`
}

type metadata struct {
	Version     int       `json:"version"`
	CreatedAt   time.Time `json:"created_at"`
	Community   *string   `json:"community_uuid"`
	Avatar      *string   `json:"avatar_uuid"`
	User        *string   `json:"user_uuid"`
	Permissions []string  `json:"permissions"`
}

func bodyOf(format string, m module.Message) any {
	if format == formatSekoia {
		return envelopeOf(m)
	}
	data := m.Data
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	return body{
		Type:      m.Type,
		Version:   m.Version,
		Timestamp: m.Time.UTC(),
		Test:      m.Test,
		Actor:     m.Actor,
		Link:      m.Link,
		Actions:   actionsOf(m),
		Data:      data,
	}
}

// actionsOf returns the actions of a message: none if it only has the link to its page.
func actionsOf(m module.Message) []action {
	var list []action
	if len(m.Actions) > 0 {
		for _, b := range m.Buttons() {
			list = append(list, action{b.Label, b.Link})
		}
	}
	return list
}

// Bounds of an envelope's texts, in characters.
const (
	maxTitle  = 300
	maxReason = 2000
)

func envelopeOf(m module.Message) envelope {
	thing, verb, _ := strings.Cut(m.Type, ".")
	return envelope{
		Type: thing, Action: actionOf(verb),
		Attributes: attributes{
			UUID: strings.TrimPrefix(m.ID, "msg_"), ShortID: m.Key, Title: module.Truncate(m.Title, maxTitle),
			Reason: module.Truncate(m.WhyAlone(), maxReason), Link: m.Link, Test: m.Test,
		},
		Metadata: metadata{Version: 2, CreatedAt: m.Time.UTC(), Permissions: []string{}},
	}
}

// actionOf returns the action of a verb, one of the three that the envelope has.
func actionOf(verb string) string {
	switch verb {
	case "changed", "updated", "edited", "status_changed", "error", "recovered", "expiring", "stale":
		return "updated"
	case "deleted":
		return "deleted"
	}
	return "created"
}
