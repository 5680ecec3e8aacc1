package delivery

import (
	"context"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/event"
	"gatecrier/models"
)

// A delivery is canceled with one of these reasons, with connection.TurnedOff, or with the two
// that decideOutdated writes. Only users who can edit the target see them.
const (
	reasonGroup   = "The product is no longer in this target's group"
	reasonOwner   = "Its owner no longer has access to this product"
	reasonAddress = "The user with this address no longer has access"
)

// accessReason returns why a connection must not get a message any more, "" if it can: it is turned
// off, or its owner or those that the message is for have lost access to the product. The origin of
// the message decides which access counts.
func (d *Dispatcher) accessReason(
	ctx context.Context, row models.Delivery, target models.ConnectionWithHealth,
) (string, error) {
	if !target.Enabled {
		return connection.TurnedOff, nil
	}
	if target.UserID != nil {
		can, err := d.store.CanNotifyUser(ctx, *target.UserID, row.ProductID)
		return unless(can, reasonOwner), err
	}
	switch row.Origin {
	case models.OriginEvent:
		return d.targetReason(ctx, row, target)
	case models.OriginTest, models.OriginRun: // its rights were checked when it was started
	}
	return "", nil
}

// targetReason is accessReason of a message that was routed to a target.
func (d *Dispatcher) targetReason(
	ctx context.Context, row models.Delivery, target models.ConnectionWithHealth,
) (string, error) {
	switch {
	case target.GroupID != nil:
		can, err := d.store.InGroup(ctx, row.ProductID, *target.GroupID)
		return unless(can, reasonGroup), err
	case target.Field == models.FieldPeople:
		can, err := d.store.CanNotify(ctx, row.Recipient, row.ProductID)
		return unless(can, reasonAddress), err
	}
	return "", nil
}

// unless returns a reason, "" if ok.
func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

// lateAfter is the age from which a first attempt can be out of date.
const lateAfter = 10 * time.Minute

// outdated returns why a message is out of date: the gate has changed since. The messages behind it,
// up to the event outdatedUpTo, are then out of date too. It checks only a message that is sent
// again, after its endpoint was stopped, or that is late for another reason than our own rate.
func (d *Dispatcher) outdated(
	ctx context.Context, row models.Delivery, target models.ConnectionWithHealth,
) (why string, outdatedUpTo int64, err error) {
	if !row.Queues() || row.ByHand || !mayBeOutdated(row, target.Shared, d.store.Now()) {
		return "", 0, nil
	}
	w, err := d.store.LastNotifiedOf(ctx, row)
	if err != nil || !w.Changing {
		return "", 0, err
	}
	why, outdatedUpTo = decideOutdated(w, row.EventID)
	return why, outdatedUpTo, nil
}

func mayBeOutdated(row models.Delivery, endpoint models.Health, now time.Time) bool {
	throttled := !endpoint.BusySince.IsZero() && endpoint.BusySince.Before(row.DueSince.Add(lateAfter))
	released := row.DueSince.After(row.CreatedAt) // it was held after a restore
	return released || row.Attempts > 0 || row.Probe || endpoint.ClosedAt.After(row.DueSince) ||
		now.Sub(row.DueSince) > lateAfter && !throttled
}

// decideOutdated decides about a gate change. One that is not the last is out of date. If the last
// leads back to what the target was notified of before, no change needs to be sent, unless one in
// between might have arrived.
func decideOutdated(w models.LastNotified, eventID int64) (why string, outdatedUpTo int64) {
	back := w.Delivered == w.Now && !w.MayKnow
	switch {
	case back:
		return "Superseded: the gate is back at " + event.StateWord(w.Now) + ", the last state sent to this target", w.Latest
	case w.Latest != eventID:
		return "Superseded: the gate has changed to " + event.StateWord(w.Now) + " since", w.Latest - 1
	}
	return "", 0
}
