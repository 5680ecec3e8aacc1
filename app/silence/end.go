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
	endBatch = 100 // silences per run
	// settleTime is how long after its end a silence is completed: a slow transaction can
	// still write an event from before the end.
	settleTime = 2 * time.Second
)

// End completes the silences whose time is over, each once, and announces what they have
// silenced. A silence waits for the next run while an event from before its end is not
// routed. If one silence fails, End goes on with the others and returns all errors joined.
func (s *Service) End(ctx context.Context) error {
	list, err := s.store.DueSilences(ctx, s.store.Now().Add(-settleTime), endBatch)
	if err != nil {
		return err
	}
	var errs error
	for _, one := range list {
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return s.end(tx, one) }); err != nil {
			errs = errors.Join(errs, fmt.Errorf("end silence %d: %w", one.ID, err))
		}
	}
	return errs
}

func (s *Service) end(tx *models.Tx, one models.Silence) error {
	if one.ProductID != 0 { // waits for a transaction that changes its gate
		if err := tx.LockProduct(one.ProductID); err != nil {
			return ignoreNotFound(err)
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
		return ignoreNotFound(err)
	}
	if one.EndsAt.Before(one.StartsAt) { // it was ended before it began: nothing to announce
		return nil
	}
	payload, err := endedPayload(tx, one)
	if err != nil {
		return err
	}
	_, err = s.events.Append(tx, one.ProductID, "", payload)
	return err
}

// ignoreNotFound returns nil for fault.NotFound: a deleted product or group has deleted its
// silences.
func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// endedPayload returns the event of a silence that has ended.
func endedPayload(tx *models.Tx, one models.Silence) (event.SilenceEnded, error) {
	p := event.SilenceEnded{
		Silence: one.ID, Author: one.Author, Reason: one.Reason,
		Started: one.StartsAt, Ended: one.EndsAt, EndedBy: one.EndedBy, Named: []event.HeldBack{},
	}
	held, err := tx.SilencedBy(tx.Context(), []int64{one.ID})
	if err != nil {
		return p, err
	}
	p.Held, p.Products = held[one.ID].Rows, held[one.ID].Products
	list, err := tx.FirstSilenced(tx.Context(), one.ID, event.HeldNamed)
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
		p.Gate, p.Why = &g.Branch.Gate, g.Branch.Why
	case one.GroupID != 0:
		p.Group = &event.Group{ID: one.GroupID, Name: one.ScopeName}
	}
	p.UserID, err = notifiedAuthor(tx, one)
	return p, err
}

// notifiedAuthor returns the author of a silence, or 0 if they cannot see its scope any more.
func notifiedAuthor(tx *models.Tx, one models.Silence) (int64, error) {
	if one.UserID == 0 {
		return 0, nil
	}
	u, err := tx.User(tx.Context(), one.UserID)
	if err != nil || !u.Active {
		return 0, ignoreNotFound(err)
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
