package explain

import (
	"slices"
	"strings"

	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/app/number"
	"gatecrier/models"
)

// mailModule is the module that sends mail.
const mailModule = "email"

// settings explains messages that were skipped because of a setting: mail is not set up.
func (f *data) settings() []Step {
	var reasons []string
	link := Link{"/admin/settings/mail", "The settings of mail"}
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
	s := Step{Key: Settings, Outcome: Skipped, Text: "There was nothing to send by", Detail: strings.Join(reasons, "; ")}
	if f.actor.Administrator() {
		s.Link = link
	}
	return []Step{s}
}

// targets explains each delivery, and the number of those that are not shown.
func (f *data) targets() []Step {
	var list []Step
	for i := range f.rows {
		list = append(list, targetOf(&f.rows[i]))
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
			Text:    number.Of(hidden, "message", "messages") + " to targets that are not yours to see",
		})
	}
	switch {
	case !f.listed && all == 0:
		list = append(list, Step{Key: Target, Outcome: Unknown, Text: "Whether anything was sent is not known any more"})
	case f.listed && f.entry.Targets < 0 && all == 0:
		list = append(list, Step{
			Key:     Target,
			Outcome: Unknown,
			Text:    "How many targets there were was not noted then; nothing that was sent is kept",
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
	s := Step{Key: Target, Outcome: None, Text: "The product had no targets: nobody outside was told"}
	switch kind := event.Type(f.event.Type); {
	case kind == event.SilenceHasEnded:
		s.Text = "Only a silence of a product that held something back is told outside"
	case kind == event.AccountIsAttacked:
		s.Text = "Only the user is notified, in the inbox and by email"
	case kind == event.ConnectorBroken || kind == event.ConnectorRecovered:
		s.Text = "There was nobody else to tell: no other connection, and no mail"
	case f.event.ProductID == 0:
		s.Text = "No connection is there for events without a product"
	default:
		s.Link = Link{path("products", f.event.ProductID) + "?tab=targets", "Its targets"}
	}
	return s
}

func goneText(were, gone int) string {
	return number.Of(were, "target was", "targets were") + " there; " +
		number.Of(gone, "is", "are") + " gone since, or what was sent there is not kept any more"
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
		s.Outcome, s.Text = Failed, "Given up, after "+tries
	case models.DeliveryRetrying:
		s.Outcome, s.Text, s.Until = Waiting, "Not delivered yet, after "+tries, row.NextAt
	case models.DeliveryPending:
		s.Outcome, s.Text, s.Until = Waiting, "It waits for its turn", row.NextAt
	case models.DeliverySending:
		s.Outcome, s.Text = Waiting, "It is on its way"
	case models.DeliveryHeld:
		s.Outcome, s.Text = Waiting, "Held after a restore, until an administrator decides"
	case models.DeliverySkipped:
		s.Outcome, s.Text = Skipped, "Not sent"
	case models.DeliverySilenced:
		s.Outcome, s.Text = Held, "Not sent: a silence was in force"
	case models.DeliveryCancelled:
		s.Outcome, s.Text = Cancelled, "Not sent any more, after "+tries
	}
	if row.Down && row.State.Open() {
		s.Text, s.Until = s.Text+"; its target does not answer", row.ProbeAt
	}
	return s
}
