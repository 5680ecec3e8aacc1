package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// announceBatch is how many changes that were held are announced in one look.
const announceBatch = 100

// HoldTime is how long a new state of a product's gate has to stand before it is
// announced.
func (s *Service) HoldTime(p models.Product) time.Duration { return OriginOf(s.policy(), nil, p).Hold }

// resetHold lets a change that waits go by the time that counts now.
func (s *Service) resetHold(tx *models.Tx, g models.Gated) error {
	held := g.Branch.Held
	change, ok, err := heldChange(tx, held)
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

// heldChange finds the event of a change that waits; ok is false where that is
// gone, so that there is nothing left to tell.
func heldChange(tx *models.Tx, held models.Held) (e models.Event, ok bool, err error) {
	e, err = tx.Event(tx.Context(), models.SystemScope("a change that was held is announced"), held.EventID)
	if fault.Is(err, fault.NotFound) {
		return e, false, nil
	}
	return e, err == nil, err
}

// AnnounceDue announces the changes that have stood for their time. One that cannot
// be announced keeps no other from it.
func (s *Service) AnnounceDue(ctx context.Context, store *models.Store) error {
	for {
		list, err := store.HeldBranches(ctx, announceBatch)
		if err != nil {
			return err
		}
		var wrong error
		for _, b := range list {
			if err := store.Write(ctx, func(tx *models.Tx) error { return s.announceDue(tx, b) }); err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("announce what was held of product %d: %w", b.ProductID, err))
			}
		}
		if len(list) < announceBatch || wrong != nil {
			return wrong
		}
	}
}

// announceDue announces one, if it is still to be. It is told as what it was when
// it happened, from what people know to what the gate says.
func (s *Service) announceDue(tx *models.Tx, b models.Branch) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	held := g.Branch.Held
	if err != nil || g.Branch.ID != b.ID || !held.Any() || held.Until.After(tx.Now()) {
		return err
	}
	change, ok, err := heldChange(tx, held)
	if err != nil {
		return err
	}
	if !ok || !g.Branch.Default { // what another branch says is announced to nobody
		return tx.SaveHeld(b.ID, models.Held{})
	}
	var payload event.GateChange
	if err := json.Unmarshal(change.Payload, &payload); err != nil {
		return fmt.Errorf("read a change that was held: %w", err)
	}
	payload.From, payload.HeldSince = held.From, &change.At
	told, err := s.log.Append(tx, g.Product.ID, change.Actor, payload)
	if err != nil {
		return err
	}
	if err := tx.AnnounceGateChange(g.Product.ID, held.EventID, told.ID); err != nil {
		return err
	}
	return tx.SaveHeld(b.ID, models.Held{})
}
