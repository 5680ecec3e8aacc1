package exception

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatecrier/models"
)

// Flush stores what was counted before the call, also where another Flush is storing
// it. What a crash loses is at most what came since the last one, never a notice.
func (s *Service) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	var wrong error
	for part := range slices.Chunk(s.takePending(), storeAtOnce) {
		wrong = errors.Join(wrong, s.storeCounts(ctx, part))
	}
	return wrong
}

// pendingCount is an entry with what of it is to be stored.
type pendingCount struct {
	at     groupKey
	entry  *window
	claims int // when it was taken
	count  models.ExceptionCount
}

// takePending takes what is to be stored, in the order of the groups, and forgets
// what is of no use any more.
func (s *Service) takePending() []pendingCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.store.Now()
	var list []pendingCount
	for at, e := range s.known {
		switch {
		case e.busy != nil: // it stores that itself
		case e.n > 0:
			list = append(list, pendingCount{
				at,
				e,
				e.claims,
				models.ExceptionCount{GroupID: e.group, N: e.n, LastAt: e.lastAt, Sample: e.sample, Releases: e.releases},
			})
			e.n, e.sample, e.releases = 0, nil, nil
		case !e.until.After(now) || len(s.known) > maxKnown:
			delete(s.known, at)
		}
	}
	for owner, until := range s.full {
		if !until.After(now) {
			delete(s.full, owner)
		}
	}
	slices.SortFunc(list, func(a, b pendingCount) int { return int(a.count.GroupID - b.count.GroupID) })
	return list
}

// storeCounts writes counts, and learns of each group how it stands: one that
// was resolved meanwhile, and came back by what was counted, is told of.
func (s *Service) storeCounts(ctx context.Context, list []pendingCount) error {
	counts := make([]models.ExceptionCount, len(list))
	for i, d := range list {
		counts[i] = d.count
	}
	var windows []models.ExceptionWindow
	err := s.store.Write(ctx, func(tx *models.Tx) (err error) {
		if windows, err = tx.CountExceptions(counts); err != nil {
			return err
		}
		for i := range windows {
			switch {
			case windows[i].Gone:
				err = recount(tx, list[i])
			case windows[i].Resolved:
				windows[i], err = s.reopenAndNotify(tx, windows[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range list {
		e := d.entry
		switch {
		case err != nil: // it is stored the next time
			e.n += d.count.N
			if e.sample == nil {
				e.sample = d.count.Sample
			}
		case windows[i].Gone:
			if s.known[d.at] == e && e.busy == nil && e.n == 0 {
				delete(s.known, d.at)
			} else {
				e.until = time.Time{}
			}
		case e.busy == nil && e.claims == d.claims: // nobody knows better meanwhile
			e.until, e.held = windows[i].Until, windows[i].Held+e.n
		}
	}
	return err
}

// recount counts where a group has gone that its key was merged into, if there
// is one.
func recount(tx *models.Tx, d pendingCount) error {
	id, _, err := tx.ExceptionKey(tx.Context(), d.at.owner, d.at.key)
	if err != nil || id == 0 {
		return err
	}
	d.count.GroupID = id
	_, err = tx.CountExceptions([]models.ExceptionCount{d.count})
	return err
}

// reopenAndNotify tells of a group that was resolved and has come back.
func (s *Service) reopenAndNotify(tx *models.Tx, w models.ExceptionWindow) (models.ExceptionWindow, error) {
	g, yes, err := tx.ReopenException(w.GroupID, s.policy().Window)
	if err != nil || !yes {
		return w, err
	}
	r, err := restored(g)
	if err != nil {
		return w, err
	}
	w.Until, w.Held = g.Until, 0
	return w, s.announce(
		tx, g.ProductID, r, models.ExceptionClaim{GroupID: g.ID, Regressed: true, Held: max(0, g.Held)}, KeyMethod(g.By),
	)
}
