package delivery

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	heldAtOnce    = 10  // parts that a decision waits for; the loop does the rest
	maxHeldReason = 200 // characters
	countHeld     = 1000
)

// reasonUnconfirmed is the reason of a delivery that is held after a restore.
const reasonUnconfirmed = "Held after a restore: an administrator decides whether it is sent"

// Held decides about the deliveries that waited in a backup. After a restore they are held: the
// installation that made the backup has perhaps sent them.
type Held struct {
	store      *models.Store
	dispatcher *Dispatcher
}

// NewHeld returns the service of held deliveries.
func NewHeld(store *models.Store, dispatcher *Dispatcher) *Held { return &Held{store, dispatcher} }

// HeldStatus is what a restore holds.
type HeldStatus struct {
	Restored bool // a backup was ever restored into this database
	models.Restore
	Count   int                 // deliveries
	Oldest  time.Time           // when the first of them was made
	Targets []models.HeldTarget // with the most first

	GateChanges int // on hold: their messages are held, or sent, when their hold time is over
}

// Waiting reports whether an administrator has to decide.
func (s HeldStatus) Waiting() bool {
	return s.Restored && s.Decision == models.RestoreUndecided && s.Count+s.GateChanges > 0
}

// Status returns what is held.
func (h *Held) Status(ctx context.Context, actor authz.Actor) (HeldStatus, error) {
	if err := requireAdministrator(actor); err != nil {
		return HeldStatus{}, err
	}
	restore, ok, err := h.store.Restore(ctx)
	if err != nil || !ok {
		return HeldStatus{}, err
	}
	s := HeldStatus{Restored: true, Restore: restore}
	if s.Targets, err = h.store.HeldTargets(ctx); err != nil {
		return s, err
	}
	if s.Decision == models.RestoreUndecided {
		if s.GateChanges, err = h.store.CountGateChangesOnHold(ctx, restore.EventID); err != nil {
			return s, err
		}
	}
	for _, t := range s.Targets {
		s.Count += t.Count
		if s.Oldest.IsZero() || t.Oldest.Before(s.Oldest) {
			s.Oldest = t.Oldest
		}
	}
	return s, nil
}

// Notice returns a short text for all pages of administrators while something is to be decided, "" for
// nothing.
func (h *Held) Notice(ctx context.Context, actor authz.Actor) (string, error) {
	if !actor.Administrator() {
		return "", nil
	}
	restore, ok, err := h.store.Restore(ctx)
	if err != nil || !ok || restore.Decision != models.RestoreUndecided {
		return "", err
	}
	n, err := h.store.CountHeld(ctx, countHeld+1)
	changes := 0
	if err == nil && n == 0 {
		changes, err = h.store.CountGateChangesOnHold(ctx, restore.EventID)
	}
	switch {
	case err != nil || n+changes == 0:
		return "", err
	case n == 0:
		return "A backup was restored: gate changes on hold wait for your decision", nil
	case n == 1:
		return "A backup was restored: 1 message waits for your decision", nil
	case n > countHeld:
		return fmt.Sprintf("A backup was restored: more than %d messages wait for your decision", countHeld), nil
	}
	return fmt.Sprintf("A backup was restored: %d messages wait for your decision", n), nil
}

// Decide sends or cancels all held deliveries. reason says why they are canceled. A decision is
// final: a second one is a Conflict error.
func (h *Held) Decide(ctx context.Context, actor authz.Actor, d models.RestoreDecision, reason string) error {
	if err := requireAdministrator(actor); err != nil {
		return err
	}
	action := audit.Release
	switch d {
	case models.RestoreSend:
		reason = ""
	case models.RestoreCancel:
		action = audit.Cancel
		if reason = cleanReason(reason); reason == "" {
			return fault.BadField("reason", fmt.Sprintf("Enter a reason of 1 to %d characters", maxHeldReason))
		}
	default:
		return fault.BadField("decision", "Choose send or cancel")
	}
	err := h.store.Write(ctx, func(tx *models.Tx) error {
		ok, err := tx.DecideRestore(d, reason, actor.Label)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Conflict, "There are no held messages")
		}
		return writeAudit(tx, actor, action, "messages that a restore held", 0)
	})
	if err != nil {
		return err
	}
	// The decision is stored: from here on the loop finishes it.
	ctx = context.WithoutCancel(ctx)
	var parts models.Parts
	for range heldAtOnce {
		more, err := h.apply(ctx, &parts)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// Apply carries out a decision in parts. A restart continues it.
func (h *Held) Apply(ctx context.Context) error {
	parts := models.Parts{Background: true}
	for ctx.Err() == nil {
		more, err := h.apply(ctx, &parts)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// apply changes one part, and reports whether more are left.
func (h *Held) apply(ctx context.Context, parts *models.Parts) (more bool, err error) {
	n, err := h.store.CountHeld(ctx, 1)
	if err != nil || n == 0 {
		return false, err
	}
	restore, ok, err := h.store.Restore(ctx)
	if err != nil || !ok || restore.Decision == models.RestoreUndecided {
		return false, err
	}
	err = h.store.WritePart(ctx, parts, func(tx *models.Tx, limit int) (n int, err error) {
		if restore.Decision == models.RestoreSend {
			n, err = tx.ReleaseHeld(limit)
		} else {
			n, err = tx.CancelHeld(limit, "Canceled after a restore by "+restore.DecidedBy+": "+restore.Reason)
		}
		more = n == limit
		return n, err
	})
	if err == nil && restore.Decision == models.RestoreSend && h.dispatcher != nil {
		h.dispatcher.Wake()
	}
	return more, err
}

// holds reports whether deliveries of an event are held: the event or its cause is from the backup, and
// nothing is decided yet. After a cancellation, deliveries that are made late are canceled in the same
// way.
func holds(restore models.Restore, ok bool, e models.Event) (bool, error) {
	switch {
	case !ok || e.ID == 0 || restore.Decision == models.RestoreSend:
		return false, nil
	case e.ID <= restore.EventID:
		return true, nil
	}
	since, err := event.WaitedSince(e)
	return err == nil && since.Before(e.At) && !since.After(restore.RestoredAt), err
}

// cleanReason returns a reason without spaces at its ends, "" if it is too long or has control
// characters.
func cleanReason(text string) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > maxHeldReason || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, unicode.IsControl) {
		return ""
	}
	return text
}

func requireAdministrator(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can see held messages")
	}
	return nil
}
