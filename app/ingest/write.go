package ingest

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// change is what an import makes current.
type change struct {
	format     string
	counts     models.Breakdown
	cause      event.Cause
	activated  gate.Activated
	diff       *diff                     // nil for bare counts, and once its rows are written
	unsure     []int64                   // IDs of observations whose assessments end
	duplicates []models.Duplicate        // of a staged import: those of the observations that it resolves
	renewLease func(tx *models.Tx) error // of a staged import: fails if another one has taken over
}

// write makes an import and the gate that follows from it current.
func (s *Service) write(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, c change, result Result,
) (Result, error) {
	warnings := result.Warnings
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		g, err := lockDestination(tx, dest, before, c)
		if err != nil {
			return err
		}
		if err := s.markReported(tx, g); err != nil {
			return err
		}
		src, err := replace(tx, g.Branch, dest, before, c)
		if err != nil {
			return err
		}
		ended, err := endDuplicates(tx, src.ID, c)
		if err != nil {
			return err
		}
		result.duplicates, result.Warnings = ended.Rest, withDuplicates(warnings, ended)
		total := g.Branch.Minus(before.source.Breakdown).Plus(c.counts).Plus(ended.Active)
		outcome, err := s.gates.Evaluate(tx, g, gate.Evaluation{
			Active: total, Cause: c.cause, Actor: actor.Label, Activated: ended.AddTo(c.activated),
		})
		if result.Branch, result.Counts, result.Gate = g.Branch.Name, total.Counts, outcome; err != nil || dest.Once == nil {
			return err
		}
		return dest.Once(tx, result)
	})
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

// lockDestination locks the product and returns its branch, which it creates or renames
// if the import asks for that. It returns errSourceChanged if the branch is gone.
func lockDestination(tx *models.Tx, dest Destination, before snapshot, c change) (models.Gated, error) {
	if err := tx.LockProduct(dest.ProductID); err != nil {
		return models.Gated{}, err
	}
	if c.renewLease != nil {
		if err := c.renewLease(tx); err != nil {
			return models.Gated{}, err
		}
	}
	if !before.hasBranch || dest.AsDefault {
		if err := tx.EnsureBranch(dest.ProductID, dest.Branch, dest.AsDefault); err != nil {
			return models.Gated{}, err
		}
	}
	g, err := tx.GateOf(dest.ProductID, dest.Branch)
	if fault.Is(err, fault.NotFound) && before.hasBranch {
		return models.Gated{}, errSourceChanged // the branch was removed or renamed meanwhile
	}
	return g, err
}

// replace puts an import in place of its source's previous one, and returns the source. SaveSource
// returns a conflict if the source has another version.
func replace(
	tx *models.Tx, branch models.Branch, dest Destination, before snapshot, c change,
) (models.Source, error) {
	src := before.source
	if !before.hasSource {
		src = models.Source{BranchID: branch.ID, Scanner: dest.Scanner, Name: dest.Source}
	}
	src.Format, src.Breakdown, src.LastReportAt = c.format, c.counts, tx.Now()
	if err := tx.SaveSource(&src); err != nil {
		return src, err
	}
	if err := tx.Assess(c.unsure, movedUnsurely); err != nil || c.diff == nil {
		return src, err
	}
	insert := c.diff.inserted(c.diff.insert)
	for i := range insert {
		insert[i].BranchID, insert[i].SourceID = branch.ID, src.ID
	}
	if err := tx.InsertObservations(insert); err != nil {
		return src, err
	}
	for _, o := range c.diff.updated(c.diff.update) {
		if err := tx.MoveObservation(o); err != nil {
			return src, err
		}
		if err := tx.UpdateObservation(o); err != nil {
			return src, err
		}
	}
	return src, tx.ResolveObservations(c.diff.resolve)
}

// movedUnsurely ends the assessment of an observation that has moved where another finding fits
// as well.
var movedUnsurely = models.AssessmentInput{Action: models.ActionMove, ClearStatus: true, ClearSeverity: true}
