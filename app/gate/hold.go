package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// releaseAtOnce is how many changes that were held are announced in one look.
const releaseAtOnce = 100

// Hold is how long a new state of a product's gate has to stand before it is
// announced.
func (s *Service) Hold(p models.Product) time.Duration {
	if p.HoldSeconds != nil {
		return time.Duration(*p.HoldSeconds) * time.Second
	}
	return s.policy().Hold
}

// Release announces the changes that have stood for their time.
func (s *Service) Release(ctx context.Context, store *models.Store) error {
	for {
		list, err := store.HeldBranches(ctx, releaseAtOnce)
		if err != nil {
			return err
		}
		for _, b := range list {
			if err := store.Write(ctx, func(tx *models.Tx) error { return s.release(tx, b) }); err != nil {
				return fmt.Errorf("announce what was held: %w", err)
			}
		}
		if len(list) < releaseAtOnce {
			return nil
		}
	}
}

// release announces one, if it is still to be. It is told as what it was when
// it happened, from what people know to what the gate says.
func (s *Service) release(tx *models.Tx, b models.Branch) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	held := g.Branch.Held
	if err != nil || g.Branch.ID != b.ID || !held.Any() || held.Until.After(tx.Now()) {
		return err
	}
	change, err := tx.Event(tx.Context(), models.SystemScope("a change that was held is announced"), held.EventID)
	if err != nil {
		return err
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
