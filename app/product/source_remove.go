package product

import (
	"context"
	"errors"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// removeWait is how long a caller waits for the removal of a source.
const removeWait = 20 * time.Second

// RemoveSource removes a source with its observations, a large one in several transactions, between
// which others write. Between them the branch is consistent, with fewer observations. If a large one
// takes long, done is false: ContinueRemoval goes on, also after a restart. A new report of the source
// stops the removal; one that comes later creates the source again.
func (s *Service) RemoveSource(ctx context.Context, actor authz.Actor, id int64) (done bool, err error) {
	row, err := s.Source(ctx, actor, id)
	if err != nil {
		return false, err
	}
	many, err := s.store.RemovedInParts(ctx, models.RemoveSource, id)
	if err != nil {
		return false, err
	}
	if !many {
		return true, s.removeSource(context.WithoutCancel(ctx), actor, row)
	}
	m := removalOf(row)
	m.Reason = actor.Label
	if err := s.store.Write(ctx, func(tx *models.Tx) error { return tx.BeginRemoval(m) }); err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, removeWait)
	defer cancel()
	err = s.finishRemoval(limited, actor, row)
	if err != nil && limited.Err() != nil { // the rest is removed in the background
		return false, nil
	}
	return err == nil, err
}

// ContinueRemoval removes what is left of a source whose removal has begun.
func (s *Service) ContinueRemoval(ctx context.Context, m models.Removal) error {
	row, err := s.store.SourceByID(ctx, models.SystemScope("the right to remove was checked"), m.SubjectID)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && row.LastReportAt.After(m.CreatedAt):
		return s.store.Write(ctx, func(tx *models.Tx) error { return tx.EndRemoval(m) })
	case err != nil:
		return err
	}
	err = s.finishRemoval(ctx, authz.Actor{Label: m.Reason}, row)
	if fault.Is(err, fault.Conflict) { // a new report: the rest is kept
		return nil
	}
	return err
}

// finishRemoval removes a source whose removal has begun. A conflict ends the removal.
func (s *Service) finishRemoval(ctx context.Context, actor authz.Actor, row models.SourceRow) error {
	err := s.removeSource(ctx, actor, row)
	switch {
	case fault.Is(err, fault.NotFound): // another caller was faster
		err = nil
	case !fault.Is(err, fault.Conflict):
		return err
	}
	return errors.Join(err, s.store.Write(ctx, func(tx *models.Tx) error { return tx.EndRemoval(removalOf(row)) }))
}

// removalOf returns the removal of a source.
func removalOf(row models.SourceRow) models.Removal {
	return models.Removal{Kind: models.RemoveSource, SubjectID: row.ID, Name: sourceName(row)}
}

// errNewReport is the conflict of a removal with a report that came after it had begun.
var errNewReport = fault.New(
	fault.Conflict, "A new report of this source was imported while it was being removed: the rest is kept",
)

// removeSource removes a source in parts.
func (s *Service) removeSource(ctx context.Context, actor authz.Actor, row models.SourceRow) error {
	parts := models.Parts{Background: true}
	for done := false; !done; {
		err := s.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (n int, err error) {
			n, done, err = s.removeSourcePart(tx, actor, row, limit)
			return n, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// removeSourcePart deletes up to limit observations of a source and returns how many, or the source
// with the rest of them. done reports that the source is deleted.
func (s *Service) removeSourcePart(
	tx *models.Tx, actor authz.Actor, row models.SourceRow, limit int,
) (n int, done bool, err error) {
	now, err := sourceNow(tx, row)
	if err != nil {
		return 0, false, err
	}
	if !now.LastReportAt.Equal(row.LastReportAt) {
		return 0, false, errNewReport
	}
	g, err := tx.GateOf(now.ProductID, now.Branch)
	if err != nil {
		return 0, false, err
	}
	last, err := onlySource(tx.Context(), tx, now.Source)
	if err != nil {
		return 0, false, err
	}
	e := gate.Evaluation{
		Actor: actor.Label, Unreported: last,
		Cause: event.Cause{Kind: event.CauseUser, Text: "the removal of the source " + sourceName(now)},
	}
	list, err := tx.ObservationsOfSource(now.ID, limit)
	if err != nil {
		return 0, false, err
	}
	if len(list) > 0 {
		n, err = s.removeObservations(tx, g.Branch, list, e)
		if err == nil {
			err = tx.AddRemoved(removalOf(row), n)
		}
		if err != nil || n < len(list) || len(list) == limit {
			return n, false, err
		}
		if now, err = sourceNow(tx, row); err != nil {
			return 0, false, err
		}
		if g, err = tx.GateOf(now.ProductID, now.Branch); err != nil {
			return 0, false, err
		}
	}
	if err := errors.Join(tx.DeleteSource(now.ID), tx.EndRemoval(removalOf(row))); err != nil {
		return 0, false, err
	}
	// Bare counts have no observations.
	e.Active = g.Branch.Minus(now.Breakdown)
	if err := s.evaluateRemoval(tx, g.Branch, e); err != nil {
		return 0, false, err
	}
	return n, true, writeSourceAudit(tx, actor, audit.Delete, now, sourceValues(now), nil)
}
