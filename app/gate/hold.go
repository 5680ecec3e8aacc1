package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// announceBatch is how many branches on hold AnnounceDue reads at once.
const announceBatch = 100

// MaxPartHold is how long a change is at least on hold while another part of its cause follows. The
// last part ends that. A crash between them delays the announcement by as much.
const MaxPartHold = time.Minute

// HoldTime returns how long a new state of a product's gate must last before it is announced.
func (s *Service) HoldTime(p models.Product) time.Duration {
	hold, _ := holdTime(s.settings(), p)
	return hold
}

// holdTime returns the hold time of a product, its own or else the global one, and its source.
func holdTime(global settings.Gate, p models.Product) (time.Duration, Source) {
	if p.HoldSeconds == nil {
		return global.Hold, SourceGlobal
	}
	return time.Duration(*p.HoldSeconds) * time.Second, SourceProduct
}

// keepHold looks again at a change on hold whose gate stays as it is: while more of its cause
// follows, it stays on hold; with the last part it is announced, unless the product has a hold time.
func (s *Service) keepHold(tx *models.Tx, g models.Gated, e Evaluation, policy Policy, v Verdict) error {
	held := g.Branch.Held
	switch {
	case e.Part == MoreComes:
		held.Until = later(held.Until, tx.Now().Add(MaxPartHold))
		return tx.SaveHeld(g.Branch.ID, held)
	case e.Part == LastPart && s.HoldTime(g.Product) == 0 && g.Branch.Default:
		return s.announceNow(tx, g, e, policy, v)
	}
	return s.resetHold(tx, g)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// announceNow announces a change on hold with the present counts.
func (s *Service) announceNow(tx *models.Tx, g models.Gated, e Evaluation, policy Policy, v Verdict) error {
	held := g.Branch.Held
	_, ok, err := pendingChange(tx, held)
	if err != nil || !ok {
		return errors.Join(err, tx.SaveHeld(g.Branch.ID, models.Held{}))
	}
	payload, err := payloadOf(tx, g, e, policy, v)
	if err != nil {
		return err
	}
	payload.From = held.From
	announced, err := s.events.Append(tx, g.Product.ID, e.Actor, payload)
	if err != nil {
		return err
	}
	if err := tx.AnnounceGateChange(g.Product.ID, held.EventID, announced.ID); err != nil {
		return err
	}
	return tx.SaveHeld(g.Branch.ID, models.Held{})
}

// resetHold applies the current hold time to a change on hold.
func (s *Service) resetHold(tx *models.Tx, g models.Gated) error {
	held := g.Branch.Held
	change, ok, err := pendingChange(tx, held)
	if err != nil || !ok {
		return err
	}
	until := change.At.Add(s.HoldTime(g.Product))
	if until.Equal(held.Until) {
		return nil
	}
	held.Until = until
	return tx.SaveHeld(g.Branch.ID, held)
}

// pendingChange returns the event of a change on hold. ok is false if the event was
// deleted: then there is nothing to announce.
func pendingChange(tx *models.Tx, held models.Held) (e models.Event, ok bool, err error) {
	e, err = tx.Event(tx.Context(), models.SystemScope("a change on hold is announced"), held.EventID)
	if fault.Is(err, fault.NotFound) {
		return e, false, nil
	}
	return e, err == nil, err
}

// AnnounceDue announces the changes whose hold time is over. If one fails, it goes on
// with the others and returns all errors joined.
func (s *Service) AnnounceDue(ctx context.Context, store *models.Store) error {
	for {
		list, err := store.HeldBranches(ctx, announceBatch)
		if err != nil {
			return err
		}
		var errs error
		for _, b := range list {
			if err := store.Write(ctx, func(tx *models.Tx) error { return s.announceDue(tx, b) }); err != nil {
				errs = errors.Join(errs, fmt.Errorf("announce the gate change of product %d: %w", b.ProductID, err))
			}
		}
		if len(list) < announceBatch || errs != nil {
			return errs
		}
	}
}

// announceDue announces one change if it is still on hold. The event has the cause and the
// counts of the change, and goes from the last announced state to the present one.
func (s *Service) announceDue(tx *models.Tx, b models.Branch) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	held := g.Branch.Held
	if err != nil || g.Branch.ID != b.ID || !held.Any() || held.Until.After(tx.Now()) {
		return err
	}
	change, ok, err := pendingChange(tx, held)
	if err != nil {
		return err
	}
	if !ok || !g.Branch.Default { // the branch is the default no longer: it announces nothing
		return tx.SaveHeld(b.ID, models.Held{})
	}
	var payload event.GateChange
	if err := json.Unmarshal(change.Payload, &payload); err != nil {
		return fmt.Errorf("decode a gate change on hold: %w", err)
	}
	payload.From, payload.HeldSince = held.From, &change.At
	announced, err := s.events.Append(tx, g.Product.ID, change.Actor, payload)
	if err != nil {
		return err
	}
	if err := tx.AnnounceGateChange(g.Product.ID, held.EventID, announced.ID); err != nil {
		return err
	}
	return tx.SaveHeld(b.ID, models.Held{})
}
