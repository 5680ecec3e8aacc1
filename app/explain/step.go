package explain

import (
	"encoding/json"
	"strings"

	"gatecrier/app/event"
	"gatecrier/app/number"
	"gatecrier/models"
)

// steps returns the steps of an event so far. Each rule returns its steps, or none. An event
// that is not routed has no later steps.
func (f *data) steps() []Step {
	var list []Step
	for _, rule := range []func() []Step{f.recorded, f.hold, f.window, f.routing} {
		list = append(list, rule()...)
	}
	if !f.pending && !f.historyOnly() {
		for _, rule := range []func() []Step{f.inbox, f.silenceStep, f.settings, f.targets} {
			list = append(list, rule()...)
		}
	}
	return append(list, f.reader()...)
}

func (f *data) recorded() []Step {
	s := Step{Key: Recorded, Outcome: Done, Text: f.event.Type, At: f.event.At, Link: f.about()}
	if f.event.Actor != "" {
		s.Text += ", by " + f.event.Actor
	}
	if f.shown.Title != f.event.Type {
		s.Detail = f.shown.Title
	}
	return []Step{s}
}

// about returns the link to the subject of an event.
func (f *data) about() Link {
	switch event.Type(f.event.Type) {
	case event.GateChanged:
		return Link{event.ChangePage(f.event, f.announcement), event.GateChanged.OpenLabel()}
	case event.ExceptionReported, event.ExceptionTask:
		return f.exception()
	case event.ExceptionRequest:
		if f.actor.Administrator() {
			return f.exception()
		}
		return Link{}
	case event.SilenceHasEnded:
		if n, err := event.Describe(f.event); err == nil {
			return Link{n.Page, "The silence"}
		}
	case event.ExceptionSummary, event.IngestExceeded:
		if n, err := event.Describe(f.event); err == nil {
			return Link{n.Page, "The exceptions"}
		}
	case event.RoutingFailed:
		return Link{"/admin/unrouted", "The events"}
	case event.AccountIsAttacked:
		return Link{"/profile", "Your profile"}
	case event.ConnectorBroken, event.ConnectorRecovered, event.WaiverEnds, event.ProductIsStale:
	}
	if f.event.ProductID != 0 {
		return Link{path("products", f.event.ProductID), "The product"}
	}
	return Link{}
}

func (f *data) exception() Link {
	var p struct {
		Group int64 `json:"group"`
	}
	if err := json.Unmarshal(f.event.Payload, &p); err != nil || p.Group < 1 {
		return Link{}
	}
	return Link{path("exceptions", p.Group), "The exception"}
}

// hold explains the hold time of a gate change.
func (f *data) hold() []Step {
	if event.Type(f.event.Type) != event.GateChanged {
		return nil
	}
	var p event.GateChange
	err := json.Unmarshal(f.event.Payload, &p)
	s := Step{Key: Hold}
	switch {
	case err == nil && p.HeldSince != nil:
		s.Outcome, s.At = Done, *p.HeldSince
		s.Text = "The gate had this state since then; the notification waited for the hold time"
		if f.changed && f.announcement.Change != f.event.ID {
			s.Link = Link{path("events", f.announcement.Change), "When it changed"}
		}
	case !f.changed:
		return nil
	case f.announcement.Announced == f.event.ID:
		s.Outcome, s.Text = None, "No hold time: notified immediately"
	case f.announcement.Announced != 0:
		s.Outcome, s.At, s.Text = Done, f.announcement.NotifiedAt, "On hold first; a later event sent the notification"
		s.Link = Link{path("events", f.announcement.Announced), "The notification's event"}
	case !f.announcement.Until.IsZero():
		s.Outcome, s.Until = Waiting, f.announcement.Until
		s.Text = "On hold: notifications are sent unless the gate returns"
	default:
		s.Outcome, s.Text = Skipped, "Not notified: the gate returned within the hold time, or to the last notified state"
	}
	return []Step{s}
}

// window explains how many occurrences of an exception were suppressed before it.
func (f *data) window() []Step {
	switch event.Type(f.event.Type) {
	case event.ExceptionReported, event.ExceptionTask, event.ExceptionRequest:
	case event.GateChanged,
		event.ConnectorBroken,
		event.ConnectorRecovered,
		event.WaiverEnds,
		event.ProductIsStale,
		event.ExceptionSummary,
		event.IngestExceeded,
		event.SilenceHasEnded,
		event.AccountIsAttacked:
		return nil
	default:
		return nil
	}
	var p event.Exception
	if err := json.Unmarshal(f.event.Payload, &p); err != nil {
		return nil
	}
	s := Step{Key: Window, Outcome: Done}
	switch {
	case p.Suppressed > 0:
		s.Text = number.Of(p.Suppressed, "repeat was", "repeats were") + " suppressed since the last notification"
		if p.HeldSince != nil {
			s.At = *p.HeldSince
		}
	case p.First:
		s.Text = "First occurrence: notified immediately"
	case p.Regressed:
		s.Text = "Reopened after it was resolved: notified immediately"
	default:
		s.Text = "No repeats were suppressed since the last notification"
	}
	return []Step{s}
}

func (f *data) routing() []Step {
	s := Step{Key: Routed, Outcome: Done, Text: "The recipients were resolved"}
	switch {
	case f.historyOnly():
		s.Outcome, s.Text = None, "This event is only for the history"
	case f.pending && f.work.Behind != 0:
		s.Outcome, s.Text = Waiting, "It waits for an earlier event of its product"
		s.Link = Link{path("events", f.work.Behind), "The earlier one"}
	case f.pending && f.work.Attempts > 0:
		s.Outcome = Waiting
		s.Until = f.work.NextAt
		s.Text = "Routing has failed, after " + number.Of(f.work.Attempts, "try", "tries")
		f.addDetails(&s)
	case f.pending:
		s.Outcome, s.Until, s.Text = Waiting, f.work.NextAt, "The recipients are resolved next"
	case len(f.rows) > 0:
		s.At = f.rows[0].CreatedAt
	}
	return []Step{s}
}

// addDetails adds the details of a routing failure, for administrators.
func (f *data) addDetails(s *Step) {
	if !f.actor.Administrator() {
		return
	}
	s.Detail = f.work.Error
	s.Link = Link{"/admin/unrouted", "All events that could not be routed"}
}

func (f *data) inbox() []Step {
	s := Step{Key: Inbox, Outcome: Done}
	switch {
	case !f.listed && !event.Type(f.event.Type).InInbox():
		s.Outcome, s.Text = None, "Events of this type are not in the inbox"
	case !f.listed:
		s.Outcome, s.Text = Unknown, "Deleted: its retention is over, or an owner deleted it"
	case f.entry.UserID != 0 && f.entry.UserID == f.actor.User.ID:
		s.Text = "For you alone, and for administrators"
	case f.entry.UserID != 0:
		s.Text = "For " + f.entry.User + " alone, and for administrators"
	case f.event.ProductID != 0:
		s.Text = "For all who can see the product"
	default:
		s.Text = "For administrators"
	}
	if f.inActorsInbox() {
		s.Link = Link{path("inbox", f.event.ID), "The notification"}
	}
	return []Step{s}
}

func (f *data) silenceStep() []Step {
	s := Step{Key: Silence, Outcome: None}
	switch held := f.tally[models.DeliverySilenced] > 0; {
	case f.silence != nil:
		s.Outcome, s.Text, s.Detail = Held, "Silenced by "+f.silence.Author, f.silence.Reason
		s.At, s.Until = f.silence.StartsAt, f.silence.EndsAt
		if f.silenceVisible {
			s.Link = Link{path("silences", f.silence.ID), "The silence"}
		}
	case held:
		s.Outcome, s.Text = Held, "Silenced by a silence that was deleted"
	case event.Type(f.event.Type).Mandatory():
		s.Text = "This type cannot be silenced"
	case !f.listed && event.Type(f.event.Type).InInbox():
		s.Outcome, s.Text = Unknown, "Whether it was silenced is no longer known"
	default:
		s.Text = "No silence matched"
	}
	return []Step{s}
}

// reader explains why the actor can see the event.
func (f *data) reader() []Step {
	step := func(text string, link Link) []Step {
		return []Step{{Key: Reader, Outcome: Done, Text: "You see this " + text, Link: link}}
	}
	switch {
	case f.actor.ProductID != 0:
		return step("through a token of the product", Link{})
	case f.actor.User.Administrator:
		return step("as an administrator", Link{})
	case f.event.ProductID == 0:
		return step("because it is for you alone", Link{})
	}
	var list []Step
	for _, w := range f.roleSources {
		list = append(list, step(sourceText(w), sourceLink(w))...)
	}
	return list
}

func sourceText(w models.RoleSource) string {
	article := "a "
	if strings.HasPrefix(string(w.Role), "o") {
		article = "an "
	}
	text := "as " + article + string(w.Role) + " of "
	if w.GroupID == 0 {
		text += "the product"
	} else {
		text += "its group “" + w.Group + "”"
	}
	if w.AuthorizationGroupID != 0 {
		text += ", through the authorization group “" + w.AuthorizationGroup + "”"
	}
	return text
}

func sourceLink(w models.RoleSource) Link {
	switch {
	case w.AuthorizationGroupID != 0:
		return Link{path("authorization-groups", w.AuthorizationGroupID), "The authorization group"}
	case w.GroupID != 0:
		return Link{path("groups", w.GroupID), "The group"}
	}
	return Link{}
}
