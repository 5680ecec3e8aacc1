package explain

import (
	"slices"
	"strings"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/app/number"
	"gatecrier/models"
)

// mailModule is the module that sends emails.
const mailModule = "email"

// settings explains messages that were skipped because of a setting: email is not configured.
func (f *data) settings() []Step {
	var reasons []string
	link := Link{"/admin/settings/mail", "The email settings"}
	for _, row := range f.rows {
		if row.State == models.DeliverySkipped && row.Reason != "" && row.Reason != connection.TurnedOff &&
			!slices.Contains(reasons, row.Reason) {
			reasons = append(reasons, row.Reason)
			if row.Module != mailModule {
				link = Link{"/admin/settings", "The settings"}
			}
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	s := Step{Key: Settings, Outcome: Skipped, Text: "No channel is configured", Detail: strings.Join(reasons, "; ")}
	if f.actor.Administrator() {
		s.Link = link
	}
	return []Step{s}
}

// targets explains each delivery, and the number of those that are not shown.
func (f *data) targets() []Step {
	var list []Step
	for i := range f.rows {
		s := targetOf(&f.rows[i])
		s.Why, s.SetUpBy = f.why(&f.rows[i]), f.setUpBy(&f.rows[i])
		list = append(list, s)
	}
	all := f.sentCount()
	if hidden := all - len(f.rows); hidden > 0 && f.moreRows {
		list = append(list, Step{
			Key:     Target,
			Outcome: Unknown,
			Text:    number.Of(hidden, "more message is", "more messages are") + " in the delivery log",
			Link:    Link{"/deliveries", "Deliveries"},
		})
	} else if hidden > 0 {
		list = append(list, Step{
			Key:     Target,
			Outcome: Unknown,
			Text:    number.Of(hidden, "message", "messages") + " to targets that you cannot see",
		})
	}
	switch {
	case !event.Type(f.event.Type).InInbox() && all == 0:
		list = append(list, Step{Key: Target, Outcome: None, Text: "No target gets events of this type"})
	case !f.listed && all == 0:
		list = append(list, Step{Key: Target, Outcome: Unknown, Text: "Whether anything was sent is no longer known"})
	case f.listed && f.entry.Targets < 0 && all == 0:
		list = append(list, Step{
			Key:     Target,
			Outcome: Unknown,
			Text:    "The number of targets was not recorded; no delivery is kept",
		})
	case f.listed && f.entry.Targets == 0 && all == 0:
		list = append(list, f.notSent())
	case f.listed && f.entry.Targets > all:
		list = append(list, Step{Key: Target, Outcome: Unknown, Text: goneText(f.entry.Targets, f.entry.Targets-all)})
	}
	return list
}

// notSent explains why the event had no target.
func (f *data) notSent() Step {
	s := Step{Key: Target, Outcome: None, Text: "The product had no targets"}
	switch kind := event.Type(f.event.Type); {
	case kind == event.SilenceHasEnded:
		s.Text = "Only a silence of a product that silenced something notifies its targets"
	case kind == event.AccountIsAttacked:
		s.Text = "Only the user is notified, in the inbox and by email"
	case kind == event.ConnectorBroken || kind == event.ConnectorRecovered:
		s.Text = "No other connection and no email is configured"
	case f.event.ProductID == 0:
		s.Text = "No connection is configured for events without a product"
	default:
		s.Link = Link{path("products", f.event.ProductID) + "?tab=targets", "Its targets"}
	}
	return s
}

func goneText(were, gone int) string {
	return number.Of(were, "target", "targets") + " then; " +
		number.Of(gone, "has", "have") + " been deleted since, or the deliveries are no longer kept"
}

// targetOf explains a delivery. The delivery log has removed the parts that the actor cannot see.
func targetOf(row *delivery.Row) Step {
	s := Step{
		Key:    Target,
		Detail: row.Reason,
		At:     row.FinishedAt,
		Link:   Link{path("deliveries", row.ID), "The delivery"},
		Sent:   row,
	}
	tries := number.Of(row.Delivery.Attempts, "attempt", "attempts")
	switch row.State {
	case models.DeliveryDelivered:
		s.Outcome, s.Text = Done, "Delivered after "+tries
		if row.Delivery.Attempts == 1 {
			s.Text = "Delivered at the first attempt"
		}
	case models.DeliveryDead:
		s.Outcome, s.Text = Failed, "Failed after "+tries
	case models.DeliveryRetrying:
		s.Outcome, s.Text, s.Until = Waiting, "Not delivered yet, after "+tries, row.NextAt
	case models.DeliveryPending:
		s.Outcome, s.Text, s.Until = Waiting, "Waiting in its queue", row.NextAt
	case models.DeliverySending:
		s.Outcome, s.Text = Waiting, "Sending"
	case models.DeliveryHeld:
		s.Outcome, s.Text = Waiting, "Held after a restore, until an administrator decides"
	case models.DeliverySkipped:
		s.Outcome, s.Text = Skipped, "Not sent"
	case models.DeliverySilenced:
		s.Outcome, s.Text = Held, "Not sent: silenced"
	case models.DeliveryCancelled:
		s.Outcome, s.Text = Cancelled, "Canceled after "+tries
	}
	if row.Kept && row.State.Open() {
		s.Text, s.Until = "Kept until the target is enabled", time.Time{}
	} else if row.Down && row.State.Open() {
		s.Text, s.Until = s.Text+"; its target does not answer", row.ProbeAt
	}
	return s
}
