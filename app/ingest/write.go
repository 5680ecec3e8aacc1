package ingest

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// write makes an import and the gate that follows from it current.
func (s *Service) write(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, changes []*change,
) ([]Result, error) {
	var results []Result
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		g, err := lockDestination(tx, dest, before, changes)
		if err != nil {
			return err
		}
		if err := s.markReported(tx, g); err != nil {
			return err
		}
		e := gate.Evaluation{Active: g.Branch.Breakdown, Cause: causeOf(changes), Actor: actor.Label}
		var sources []int64
		for _, c := range changes {
			id, err := replace(tx, g.Branch, c)
			if err != nil {
				return err
			}
			sources = append(sources, id)
			e.Active = e.Active.Minus(c.before.Breakdown).Plus(c.source.Breakdown)
			e.Activated.Merge(c.activated)
		}
		ended, at, err := endDuplicates(tx, sources, changes)
		if err != nil {
			return err
		}
		e.Active, e.Activated = e.Active.Plus(ended.Active), ended.AddTo(e.Activated)
		outcome, err := s.gates.Evaluate(tx, g, e)
		results = resultsOf(changes, g.Branch.Name, e.Active.Counts, outcome)
		results[at].duplicates, results[at].Warnings = ended.Rest, withDuplicates(results[at].Warnings, ended)
		if err != nil || dest.Once == nil {
			return err
		}
		return dest.Once(tx, results)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// resultsOf returns the results of an import, each with the counts and the gate of the branch after
// all of it.
func resultsOf(changes []*change, branch string, counts models.Counts, outcome gate.Outcome) []Result {
	var results []Result
	for _, c := range changes {
		r := c.result
		r.Branch, r.Counts, r.Gate = branch, counts, outcome
		results = append(results, r)
	}
	return results
}

// lockDestination locks the product and returns its branch, which it creates or renames
// if the import asks for that. It returns errSourceChanged if the branch is gone.
func lockDestination(tx *models.Tx, dest Destination, before snapshot, changes []*change) (models.Gated, error) {
	if err := tx.LockProduct(dest.ProductID); err != nil {
		return models.Gated{}, err
	}
	for _, c := range changes {
		if c.renewLease != nil {
			if err := c.renewLease(tx); err != nil {
				return models.Gated{}, err
			}
		}
		if c.said != nil {
			if err := c.said.requireCurrent(tx, dest.ProductID); err != nil {
				return models.Gated{}, err
			}
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

// checkNew returns errSourceChanged if a bundle that is new has come meanwhile, in a file with its
// tools in another order.
func (c *change) checkNew(tx *models.Tx, branchID int64) error {
	if c.source.ID != 0 || c.incoming == nil || len(c.incoming.tools()) == 0 {
		return nil
	}
	sources, err := tx.AllSources(tx.Context(), branchID)
	if err == nil && c.incoming.find(sources).ID != 0 {
		return errSourceChanged
	}
	return err
}

// replace puts an import in place of its source's previous one, and returns the source's ID. It
// returns a conflict if the source has changed since it was read.
func replace(tx *models.Tx, branch models.Branch, c *change) (int64, error) {
	if err := c.checkNew(tx, branch.ID); err != nil {
		return 0, err
	}
	src := c.source
	src.BranchID, src.LastReportAt = branch.ID, tx.Now()
	if err := tx.SaveSource(&src); err != nil {
		return 0, err
	}
	if err := tx.Assess(c.unsure, movedUnsurely); err != nil || c.diff == nil {
		return src.ID, err
	}
	insert := c.diff.inserted(c.diff.insert)
	for i := range insert {
		insert[i].BranchID, insert[i].SourceID = branch.ID, src.ID
	}
	if err := tx.InsertObservations(insert); err != nil {
		return src.ID, err
	}
	if err := tx.UpdateObservations(c.diff.updated(c.diff.update)); err != nil {
		return src.ID, err
	}
	return src.ID, tx.ResolveObservations(c.diff.resolve)
}

// movedUnsurely ends the assessment of an observation that has moved where another finding fits
// as well.
var movedUnsurely = models.AssessmentInput{Action: models.ActionMove, ClearStatus: true, ClearSeverity: true}
