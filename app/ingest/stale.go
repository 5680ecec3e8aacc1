package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// staleBatch is how many products are read in one look for silence.
const staleBatch = 500

// staleVerdict is what is new of a product's silence.
type staleVerdict int

const (
	unchanged    staleVerdict = iota
	becomesStale              // stale, and nobody was told
	returned                  // people were told, and a report has come since
	cleared                   // people were told, but by the time that counts now it is not stale
)

// staleChange decides what is new: told is when people were told of the silence, zero
// where they were not, last when the last report came, after the time that
// counts, 0 for never.
func staleChange(told, last time.Time, after time.Duration, now time.Time) staleVerdict {
	stale := after > 0 && !last.IsZero() && !last.After(now.Add(-after))
	switch {
	case told.IsZero() && stale:
		return becomesStale
	case told.IsZero() || stale:
		return unchanged
	case after > 0 && last.After(told.Add(-settings.MinStaleAfter)): // no silence is told of so soon after a report
		return returned
	}
	return cleared
}

// StaleFound is what a look has found: how many products people were told of.
type StaleFound struct{ Stale, Returned int64 }

// FindStale tells of the products whose default branch has got no report for
// its time, once, and once when it gets some again. Where the time was turned
// off or has become longer, it forgets what was told.
func (s *Service) FindStale(ctx context.Context) (StaleFound, error) {
	var n StaleFound
	if err := s.Flush(ctx); err != nil {
		return n, err
	}
	var wrong error
	for after := int64(0); ; {
		ids, err := s.store.StaleChanges(ctx, s.settings().StaleAfter, after, staleBatch)
		if err != nil || len(ids) == 0 {
			return n, errors.Join(wrong, err)
		}
		for _, id := range ids {
			after = id
			found, err := s.watch(ctx, id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				wrong = errors.Join(wrong, fmt.Errorf("look whether product %d is stale: %w", id, err))
			}
			switch found {
			case becomesStale:
				n.Stale++
			case returned:
				n.Returned++
			case unchanged, cleared:
			}
		}
	}
}

// watch looks at one product once more, and tells what is new.
func (s *Service) watch(ctx context.Context, productID int64) (staleVerdict, error) {
	var found staleVerdict
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		g, err := tx.GateOf(productID, "")
		if err != nil {
			return err
		}
		last, err := s.lastReport(tx, g.Branch.ID)
		if err != nil {
			return err
		}
		found = staleChange(g.Branch.StaleSince, last, s.settings().Stale(g.Product), tx.Now())
		if found == returned {
			last = time.Time{} // which one came before is not known any more
		}
		return s.tell(tx, g, found, last)
	})
	if err != nil {
		return unchanged, err
	}
	return found, nil
}

// lastReport is when the last report of a branch came, counting those that this
// instance has not written down yet.
func (s *Service) lastReport(tx *models.Tx, branchID int64) (time.Time, error) {
	s.mu.Lock()
	seen := maps.Clone(s.seen) // before the sources: what is not here any more is there
	s.mu.Unlock()
	sources, err := tx.BranchSources(tx.Context(), branchID)
	return newest(sources, seen), err
}

// newest is when the last report of some sources came; seen are times that are
// not written down yet.
func newest(sources []models.Source, seen map[int64]time.Time) time.Time {
	var last time.Time
	for _, source := range sources {
		if !source.Reports() {
			continue
		}
		for _, at := range []time.Time{source.LastReportAt, seen[source.ID]} {
			if at.After(last) {
				last = at
			}
		}
	}
	return last
}

// tell notes what is new of a product's silence, and tells people of it.
func (s *Service) tell(tx *models.Tx, g models.Gated, v staleVerdict, last time.Time) error {
	p := event.ProductStale{
		Product: event.Product{ID: g.Product.ID, Name: g.Product.Name}, Branch: g.Branch.Name, Last: last,
		After: int64(s.settings().Stale(g.Product) / time.Second),
	}
	at := time.Time{}
	switch v {
	case unchanged:
		return nil
	case becomesStale:
		p.State, at = event.StalenessStale, tx.Now()
	case returned:
		p.State = event.StalenessBack
	case cleared:
		return tx.SaveStale(g.Branch.ID, at)
	}
	if _, err := s.events.Append(tx, g.Product.ID, "", p); err != nil {
		return err
	}
	return tx.SaveStale(g.Branch.ID, at)
}

// heard tells that a report has come for a branch of which people were told
// that none does. It comes before that report is written down.
func (s *Service) heard(tx *models.Tx, g models.Gated) error {
	if g.Branch.StaleSince.IsZero() || !g.Branch.Default {
		return nil
	}
	sources, err := tx.BranchSources(tx.Context(), g.Branch.ID)
	if err != nil {
		return err
	}
	last := newest(sources, nil)
	v := staleChange(g.Branch.StaleSince, last, s.settings().Stale(g.Product), tx.Now())
	if v == unchanged { // it was stale until now
		v = returned
	}
	return s.tell(tx, g, v, last)
}

// heardAgain is heard for a report that changed nothing, which writes when it
// came too: another instance must not take the product for stale.
func (s *Service) heardAgain(ctx context.Context, productID, sourceID int64) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		g, err := tx.GateOf(productID, "")
		if err != nil {
			return err
		}
		if err := s.heard(tx, g); err != nil {
			return err
		}
		return tx.TouchSources(map[int64]time.Time{sourceID: tx.Now()})
	})
}
