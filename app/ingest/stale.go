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

// staleBatch is how many products one read of FindStale returns.
const staleBatch = 500

// staleChange is a change of whether a product is stale.
type staleChange int

const (
	staleUnchanged staleChange = iota
	staleBegins                // it is stale, and not announced
	staleEnds                  // it was announced, and a report has come since
	staleCleared               // it was announced, but is not stale by the present setting
)

// decideStale returns how a product changes at now. announced is when it was announced as
// stale, zero if it was not; last is the time of its last report, zero for none; after is
// the setting, 0 for never. It is pure.
func decideStale(announced, last time.Time, after time.Duration, now time.Time) staleChange {
	stale := after > 0 && !last.IsZero() && !last.After(now.Add(-after))
	switch {
	case announced.IsZero() && stale:
		return staleBegins
	case announced.IsZero() || stale:
		return staleUnchanged
	case after > 0 && last.After(announced.Add(-settings.MinStaleAfter)): // no product is stale so soon
		return staleEnds
	}
	return staleCleared
}

// StaleFound is how many products FindStale has announced.
type StaleFound struct{ Stale, Returned int64 }

// FindStale announces each product whose default branch has received no reports for its
// time, once, and once more when reports return. If the time was turned off or made
// longer, it clears the mark without an event. If one product fails, it goes on with the
// others and returns all errors joined.
func (s *Service) FindStale(ctx context.Context) (StaleFound, error) {
	var n StaleFound
	if err := s.Flush(ctx); err != nil {
		return n, err
	}
	var errs error
	for after := int64(0); ; {
		ids, err := s.store.StaleChanges(ctx, s.settings().StaleAfter, after, staleBatch)
		if err != nil || len(ids) == 0 {
			return n, errors.Join(errs, err)
		}
		for _, id := range ids {
			after = id
			found, err := s.checkStale(ctx, id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				errs = errors.Join(errs, fmt.Errorf("check whether product %d is stale: %w", id, err))
			}
			switch found {
			case staleBegins:
				n.Stale++
			case staleEnds:
				n.Returned++
			case staleUnchanged, staleCleared:
			}
		}
	}
}

// checkStale checks one product again under its lock, and stores and announces a change.
func (s *Service) checkStale(ctx context.Context, productID int64) (staleChange, error) {
	var found staleChange
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
		found = decideStale(g.Branch.StaleSince, last, s.settings().Stale(g.Product), tx.Now())
		if found == staleEnds {
			last = time.Time{} // the report before the announcement is unknown by now
		}
		return s.saveStale(tx, g, found, last)
	})
	if err != nil {
		return staleUnchanged, err
	}
	return found, nil
}

// lastReport returns the time of a branch's last report, also of one whose time this
// instance has not stored yet.
func (s *Service) lastReport(tx *models.Tx, branchID int64) (time.Time, error) {
	s.mu.Lock()
	seen := maps.Clone(s.seen) // before the sources: a time that Flush has taken from here is stored
	s.mu.Unlock()
	sources, err := tx.SourcesWithReports(tx.Context(), branchID)
	return newest(sources, seen), err
}

// newest returns the time of the last report of some sources, zero for none. seen are times
// by source that are not stored yet.
func newest(sources []models.Source, seen map[int64]models.ReportTimes) time.Time {
	var last time.Time
	for _, source := range sources {
		if !source.Reports() {
			continue
		}
		for _, at := range []time.Time{source.LastReportAt, seen[source.ID].Received} {
			if at.After(last) {
				last = at
			}
		}
	}
	return last
}

// saveStale stores whether a product is stale, and appends the event of a change.
func (s *Service) saveStale(tx *models.Tx, g models.Gated, v staleChange, last time.Time) error {
	p := event.ProductStale{
		Product: event.Product{ID: g.Product.ID, Name: g.Product.Name}, Branch: g.Branch.Name, Last: last,
		After: int64(s.settings().Stale(g.Product) / time.Second),
	}
	at := time.Time{}
	switch v {
	case staleUnchanged:
		return nil
	case staleBegins:
		p.State, at = event.StalenessStale, tx.Now()
	case staleEnds:
		p.State = event.StalenessBack
	case staleCleared:
		return tx.SaveStale(g.Branch.ID, at)
	}
	if _, err := s.events.Append(tx, g.Product.ID, "", p); err != nil {
		return err
	}
	return tx.SaveStale(g.Branch.ID, at)
}

// markReported ends the stale state of a branch that receives a report. It must run before
// the report's time is stored.
func (s *Service) markReported(tx *models.Tx, g models.Gated) error {
	if g.Branch.StaleSince.IsZero() || !g.Branch.Default {
		return nil
	}
	sources, err := tx.SourcesWithReports(tx.Context(), g.Branch.ID)
	if err != nil {
		return err
	}
	last := newest(sources, nil)
	v := decideStale(g.Branch.StaleSince, last, s.settings().Stale(g.Product), tx.Now())
	if v == staleUnchanged { // it was stale until this report
		v = staleEnds
	}
	return s.saveStale(tx, g, v, last)
}

// clearStale is markReported for reports that change nothing. It stores their times
// too, so that another instance does not find the product stale.
func (s *Service) clearStale(ctx context.Context, productID int64, times map[int64]models.ReportTimes) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		g, err := tx.GateOf(productID, "")
		if err != nil {
			return err
		}
		if err := s.markReported(tx, g); err != nil {
			return err
		}
		return tx.TouchSources(times)
	})
}
