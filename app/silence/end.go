package silence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	endAtOnce = 100 // silences are seen to in one look
	// settle is how long after its end a silence is seen to: an event from before
	// it may be written by another transaction that takes its time.
	settle = 2 * time.Second
)

// End sees to the silences whose time is over, each once, and tells what they
// held. One from before whose end an event is still to be routed waits for the
// next look, and keeps no other from it.
func (s *Service) End(ctx context.Context) error {
	list, err := s.store.DueSilences(ctx, s.store.Now().Add(-settle), endAtOnce)
	if err != nil {
		return err
	}
	var wrong error
	for _, one := range list {
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return s.end(tx, one) }); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("end silence %d: %w", one.ID, err))
		}
	}
	return wrong
}

func (s *Service) end(tx *models.Tx, one models.Silence) error {
	if one.ProductID != 0 { // whoever changes its gate has it locked, and is waited for
		if err := tx.LockProduct(one.ProductID); err != nil {
			return gone(err)
		}
	}
	waits, err := tx.UnroutedEvents(tx.Context(), string(event.ReaderNotify), one.EndsAt)
	if waits || err != nil {
		return err
	}
	first, err := tx.EndSilence(one.ID)
	if !first || err != nil {
		return err
	}
	if one, err = tx.Silence(tx.Context(), models.SystemScope("it ends by itself"), one.ID); err != nil {
		return gone(err)
	}
	if one.EndsAt.Before(one.StartsAt) { // it was taken back before it began: there is nothing to tell
		return nil
	}
	payload, err := ended(tx, one)
	if err != nil {
		return err
	}
	_, err = s.events.Append(tx, one.ProductID, "", payload)
	return err
}

// gone takes what is not there any more as done: it has taken its silences
// along.
func gone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// ended is what there is to tell of a silence that is over.
func ended(tx *models.Tx, one models.Silence) (event.SilenceEnded, error) {
	p := event.SilenceEnded{
		Silence: one.ID, Author: one.Author, Reason: one.Reason,
		Started: one.StartsAt, Ended: one.EndsAt, EndedBy: one.EndedBy, Named: []event.HeldBack{},
	}
	held, err := tx.HeldBy(tx.Context(), []int64{one.ID})
	if err != nil {
		return p, err
	}
	p.Held, p.Products = held[one.ID].Rows, held[one.ID].Products
	list, err := tx.FirstHeld(tx.Context(), one.ID, event.HeldNamed)
	if err != nil {
		return p, err
	}
	for _, n := range list {
		p.Named = append(p.Named, event.HeldBack{ID: n.EventID, Name: n.Name, Product: n.Product, At: n.At})
	}
	switch {
	case one.ProductID != 0:
		p.Product = &event.Product{ID: one.ProductID, Name: one.ScopeName}
		g, err := tx.GateOf(one.ProductID, "")
		if err != nil {
			return p, err
		}
		p.Gate = &g.Branch.Gate
	case one.GroupID != 0:
		p.Group = &event.Group{ID: one.GroupID, Name: one.ScopeName}
	}
	p.UserID, err = whoHears(tx, one)
	return p, err
}

// whoHears is who made a silence, if he may still see what it is of; else 0.
func whoHears(tx *models.Tx, one models.Silence) (int64, error) {
	if one.UserID == 0 {
		return 0, nil
	}
	u, err := tx.User(tx.Context(), one.UserID)
	if err != nil || !u.Active {
		return 0, gone(err)
	}
	may, actor := u.Administrator, authz.UserActor(u)
	switch {
	case one.ProductID != 0:
		may, err = authz.May(tx.Context(), tx, actor, authz.View, one.ProductID)
	case one.GroupID != 0:
		may, err = authz.MayGroup(tx.Context(), tx, actor, authz.View, one.GroupID)
	}
	if !may || err != nil {
		return 0, err
	}
	return u.ID, nil
}
