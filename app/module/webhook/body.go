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
	Data      json.RawMessage `json:"data"`
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
		Data:      data,
	}
}

// Bounds of an envelope's texts, in characters.
const (
	maxTitle  = 300
	maxReason = 2000
)

func envelopeOf(m module.Message) envelope {
	thing, verb, _ := strings.Cut(m.Type, ".")
	return envelope{
		Type: thing, Action: action(verb),
		Attributes: attributes{
			UUID: strings.TrimPrefix(m.ID, "msg_"), ShortID: m.Key, Title: module.Truncate(m.Title, maxTitle),
			Reason: module.Truncate(m.Why, maxReason), Link: m.Link, Test: m.Test,
		},
		Metadata: metadata{Version: 2, CreatedAt: m.Time.UTC(), Permissions: []string{}},
	}
}

// action returns the action of a verb, one of the three that the envelope has.
func action(verb string) string {
	switch verb {
	case "changed", "updated", "edited", "status_changed", "error", "recovered", "expiring", "stale":
		return "updated"
	case "deleted":
		return "deleted"
	}
	return "created"
}
