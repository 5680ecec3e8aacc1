package exception

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"gatecrier/models"
)

// storeBatch is how many groups' counts go into one transaction.
const storeBatch = 200

// Flush stores the occurrences that were counted before the call, after another Flush
// that runs. A crash loses at most the counts since the last Flush, never a notification.
func (s *Service) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	var errs error
	for part := range slices.Chunk(s.tracker.takePending(), storeBatch) {
		windows, err := s.storeCounts(ctx, part)
		if err != nil {
			s.tracker.restorePending(part)
			errs = errors.Join(errs, err)
			continue
		}
		s.tracker.finishPending(part, windows)
	}
	return errs
}

// storeCounts writes counts and returns the windows of their groups. A group that was
// resolved meanwhile, and came back by these counts, notifies.
func (s *Service) storeCounts(ctx context.Context, list []pendingCount) (windows []models.ExceptionWindow, err error) {
	counts := make([]models.ExceptionCount, len(list))
	for i, p := range list {
		counts[i] = p.count
	}
	err = s.store.Write(ctx, func(tx *models.Tx) (err error) {
		if windows, err = tx.CountExceptions(counts); err != nil {
			return err
		}
		var resolved []int
		for i := range windows {
			switch {
			case windows[i].Gone:
				err = recount(tx, list[i])
			case windows[i].Resolved:
				resolved = append(resolved, i)
			}
			if err != nil {
				return err
			}
		}
		// All instances lock quotas in the same order, so that they do not deadlock.
		slices.SortStableFunc(resolved, func(a, b int) int { return cmp.Compare(list[a].key.owner, list[b].key.owner) })
		for _, i := range resolved {
			if windows[i], err = s.reopenAndNotify(tx, windows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return windows, err
}

// recount counts for the group that a key was merged into after its own group has
// gone. Without such a group it drops the count.
func recount(tx *models.Tx, p pendingCount) error {
	id, _, err := tx.ExceptionKey(tx.Context(), p.key.owner, p.key.key)
	if err != nil || id == 0 {
		return err
	}
	p.count.GroupID = id
	_, err = tx.CountExceptions([]models.ExceptionCount{p.count})
	return err
}

// reopenAndNotify reopens a group that was resolved and has come back, and appends its
// event. If another instance has done so, it returns w unchanged.
func (s *Service) reopenAndNotify(tx *models.Tx, w models.ExceptionWindow) (models.ExceptionWindow, error) {
	policy := s.policy()
	g, reopened, err := tx.ReopenException(w.GroupID, policy.Window)
	if err != nil || !reopened {
		return w, err
	}
	r, err := restored(g)
	if err != nil {
		return w, err
	}
	w.Until, w.Suppressed = g.Until, 0
	o := occurrence{Report: r, policy: policy, key: groupKey{owner: g.ProductID}, by: KeyMethod(g.By)}
	claim := models.ExceptionClaim{GroupID: g.ID, Notify: true, Regressed: true, Suppressed: max(0, g.SuppressedSince)}
	err = s.notifyOrHold(tx, o, &claim)
	if !claim.Notify {
		w.Suppressed = claim.Suppressed
	}
	return w, err
}
