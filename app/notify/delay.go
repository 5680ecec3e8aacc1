package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

const (
	// MaxWait is the longest time between two tries to route an event.
	MaxWait       = 10 * time.Minute
	announceAfter = 3    // tries of an event, until administrators are notified
	maxReason     = 1000 // bytes that are stored of why a try failed
)

// waitAfter returns the time until the next try: 5 s, 20 s, 45 s, 80 s, ...
func waitAfter(try int) time.Duration {
	return min(time.Duration(try*try)*5*time.Second, MaxWait)
}

// delay reschedules an event that could not be routed, later each time. It is never given up.
// Administrators are notified once for all failures that last at the same time.
func (r *Router) delay(ctx context.Context, w models.Work, why error) error {
	try, reason := w.Attempts+1, readable(why)
	r.log.Error("route event", "event", w.Event.ID, "try", try, "error", why)
	return r.store.Write(ctx, func(tx *models.Tx) error {
		announced, err := tx.HasAnnouncedWork(tx.Context(), string(event.ReaderNotify))
		if err != nil {
			return err
		}
		if !announced && try >= announceAfter {
			if err := r.announce(tx, w.Event, reason, try); err != nil {
				return err
			}
			announced = true
		}
		return tx.DelayWork(string(event.ReaderNotify), w.Event.ID, reason, tx.Now().Add(waitAfter(try)), announced)
	})
}

// announce notifies administrators that an event cannot be routed, unless that event is such a
// notification itself.
func (r *Router) announce(tx *models.Tx, e models.Event, reason string, try int) error {
	if event.Type(e.Type) == event.RoutingFailed {
		return nil
	}
	p := event.RoutingFailure{Event: e.ID, Type: event.Type(e.Type), At: e.At, Reason: reason, Tries: try}
	if e.ProductID != 0 {
		p.Product = &event.Product{ID: e.ProductID, Name: e.Product}
	}
	if _, err := r.events.Append(tx, 0, "", p); err != nil {
		return fmt.Errorf("announce that an event cannot be routed: %w", err)
	}
	return nil
}

// readable returns the text of an error, bounded and without bytes that a database refuses.
func readable(err error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "?"), "\x00", "?")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}
