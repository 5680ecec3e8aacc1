package page

import (
	"time"

	"gatecrier/templates/layout"
)

func eventStories() []story {
	row := rows()[1]
	row.Hint = "hooks.example/…a1b2"
	v := EventView{
		Frame:     frame("Why was this sent?", layout.NavInbox),
		ID:        7,
		Type:      "gate.changed",
		Title:     "Security gate failed: " + long,
		Message:   "1 critical (threshold 0)",
		Actor:     script,
		At:        days(1),
		ProductID: 7,
		Product:   long,
		Inbox:     true,
	}
	for i, outcome := range []string{
		"done", "done", "none", "done", "done", "held", "skipped", "waiting", "failed", "cancelled", "unknown",
	} {
		keys := []string{
			"recorded",
			"hold",
			"window",
			"routing",
			"inbox",
			"silence",
			"settings",
			"target",
			"target",
			"target",
			"reader",
		}
		s := ExplainStep{Key: keys[i], Outcome: outcome, Text: []string{script, long, arabic}[i%3], At: days(1)}
		switch s.Key {
		case "silence":
			s.Detail, s.Until, s.Href, s.Link = long, now.Add(time.Hour), "/silences/3", "The silence"
		case "target":
			s.Sent = &row
			s.Recipient = "ops@example.org"
			s.Until = now.Add(time.Minute)
			s.Href = "/deliveries/2"
			s.Link = "The delivery"
		}
		v.Steps = append(v.Steps, s)
	}
	bare := v
	bare.Inbox, bare.Message, bare.Actor, bare.Product, bare.ProductID, bare.Steps = false, "", "", "", 0, v.Steps[:1]
	return []story{{"event", Event(v)}, {"event-bare", Event(bare)}}
}
