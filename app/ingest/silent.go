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

// verdict is what is new of a product's silence.
type verdict int

const (
	same      verdict = iota
	falls             // silent, and nobody was told
	returns           // people were told, and a report has come since
	forgotten         // people were told, but by the time that counts now it is not silent
)

// judge decides what is new: told is when people were told of the silence, zero
// where they were not, last when the last report came, after the time that
// counts, 0 for never.
func judge(told, last time.Time, after time.Duration, now time.Time) verdict {
	silent := after > 0 && !last.IsZero() && !last.After(now.Add(-after))
	switch {
	case told.IsZero() && silent:
		return falls
	case told.IsZero() || silent:
		return same
	case after > 0 && last.After(told.Add(-settings.SilentLeast)): // no silence is told of so soon after a report
		return returns
	}
	return forgotten
}

// Silence is what a look has found: how many products people were told of.
type Silence struct{ Fell, Returned int64 }

// WatchSilence tells of the products whose default branch has got no report for
// its time, once, and once when it gets some again. Where the time was turned
// off or has become longer, it forgets what was told.
func (s *Service) WatchSilence(ctx context.Context) (Silence, error) {
	var n Silence
	if err := s.Flush(ctx); err != nil {
		return n, err
	}
	var wrong error
	for after := int64(0); ; {
		ids, err := s.store.SilenceNews(ctx, s.settings().SilentAfter, after, staleBatch)
		if err != nil || len(ids) == 0 {
			return n, errors.Join(wrong, err)
		}
		for _, id := range ids {
			after = id
			found, err := s.watch(ctx, id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				wrong = errors.Join(wrong, fmt.Errorf("look whether product %d is silent: %w", id, err))
			}
			switch found {
			case falls:
				n.Fell++
			case returns:
				n.Returned++
			case same, forgotten:
			}
		}
	}
}

// watch looks at one product once more, and tells what is new.
func (s *Service) watch(ctx context.Context, productID int64) (verdict, error) {
	var found verdict
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
		found = judge(g.Branch.SilentAt, last, s.settings().Silent(g.Product), tx.Now())
		if found == returns {
			last = time.Time{} // which one came before is not known any more
		}
		return s.tell(tx, g, found, last)
	})
	if err != nil {
		return same, err
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
func (s *Service) tell(tx *models.Tx, g models.Gated, v verdict, last time.Time) error {
	p := event.ProductSilent{
		Product: event.Product{ID: g.Product.ID, Name: g.Product.Name}, Branch: g.Branch.Name, Last: last,
		After: int64(s.settings().Silent(g.Product) / time.Second),
	}
	at := time.Time{}
	switch v {
	case same:
		return nil
	case falls:
		p.State, at = event.SilenceSilent, tx.Now()
	case returns:
		p.State = event.SilenceBack
	case forgotten:
		return tx.SaveSilent(g.Branch.ID, at)
	}
	if _, err := s.events.Append(tx, g.Product.ID, "", p); err != nil {
		return err
	}
	return tx.SaveSilent(g.Branch.ID, at)
}

// heard tells that a report has come for a branch of which people were told
// that none does. It comes before that report is written down.
func (s *Service) heard(tx *models.Tx, g models.Gated) error {
	if g.Branch.SilentAt.IsZero() || !g.Branch.Default {
		return nil
	}
	sources, err := tx.BranchSources(tx.Context(), g.Branch.ID)
	if err != nil {
		return err
	}
	last := newest(sources, nil)
	v := judge(g.Branch.SilentAt, last, s.settings().Silent(g.Product), tx.Now())
	if v == same { // it was silent until now
		v = returns
	}
	return s.tell(tx, g, v, last)
}

// heardAgain is heard for a report that changed nothing, which writes when it
// came too: another instance must not take the product for silent.
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
