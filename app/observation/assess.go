package observation

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Assess assesses one observation, and returns it as it is then. It returns a conflict for another
// version than that of the assessment.
func (s *Service) Assess(
	ctx context.Context, actor authz.Actor, id int64, a Assessment,
) (models.Observation, Done, error) {
	o, productID, err := s.Get(ctx, actor, id)
	if err != nil {
		return o, Done{}, err
	}
	done, err := s.AssessMany(ctx, actor, Selection{ProductID: productID, IDs: []int64{id}}, a)
	if err != nil {
		return o, done, err
	}
	o, _, err = s.Get(ctx, actor, id)
	return o, done, err
}

// AssessMany assesses many observations, and evaluates the gates of their branches. If one of them
// cannot be assessed, it changes none. Up to maxAtOnce take one transaction; more are stored and
// assessed in parts, and the result says how many are left if that takes longer than sel.Wait. A
// version goes with a single one.
func (s *Service) AssessMany(ctx context.Context, actor authz.Actor, sel Selection, a Assessment) (Done, error) {
	if err := s.requireAssess(ctx, actor, sel.ProductID); err != nil {
		return Done{}, err
	}
	if err := a.check(s.store.Now()); err != nil {
		return Done{}, err
	}
	if len(sel.IDs) > MaxSelected {
		return Done{}, fault.BadField("ids", "At most 10,000 at a time")
	}
	if len(sel.IDs) != 1 {
		list, err := selectObservations(ctx, s.store, sel)
		if err != nil {
			return Done{}, err
		}
		if len(list) > maxAtOnce {
			return s.assessInParts(ctx, actor, sel, a, list)
		}
	}
	return s.assessAtOnce(ctx, actor, sel, a)
}

// assessAtOnce assesses few observations in one transaction.
func (s *Service) assessAtOnce(ctx context.Context, actor authz.Actor, sel Selection, a Assessment) (Done, error) {
	var done Done
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		done = Done{}
		if err := tx.LockProduct(sel.ProductID); err != nil {
			return err
		}
		list, err := selectObservations(tx.Context(), tx, sel)
		if err != nil {
			return err
		}
		if len(list) > 2*maxAtOnce {
			return fault.New(fault.Conflict, "Many more observations match the filter now: look at the list again")
		}
		if err := requireVersion(tx, list[0], a.IfVersion); err != nil {
			return err
		}
		if err := checkDuplicate(tx, a.DuplicateOf, sel.ProductID, list); err != nil {
			return err
		}
		cause := event.Cause{Kind: event.CauseAssessment, Text: "an assessment of " + describe(list)}
		done, err = s.apply(tx, sel.ProductID, list, a.input(tx.Now(), actor), cause, actor.Label)
		if err != nil || len(list) == 1 { // the history of a single observation is enough
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Change, Kind: audit.Observation, Name: describe(list), ProductID: sel.ProductID, Became: a.values(),
		})
	})
	if err != nil {
		return Done{}, err
	}
	return done, nil
}

// apply writes an assessment of observations of a product, and evaluates the gates of their
// branches.
func (s *Service) apply(
	tx *models.Tx, productID int64, list []models.Observation, in models.AssessmentInput, cause event.Cause, actor string,
) (Done, error) {
	ids := make([]int64, len(list))
	branches := map[int64]change{}
	for i, o := range list {
		ids[i] = o.ID
		c := branches[o.BranchID]
		c.before, c.after = append(c.before, o), append(c.after, o.Assess(in, tx.Now()))
		branches[o.BranchID] = c
	}
	all, err := tx.Branches(tx.Context(), models.SystemScope("the right to assess was checked"), productID)
	if err != nil {
		return Done{}, err
	}
	// Sources first: if a large import uses one of them, this fails before it waits for a row
	// that the import has locked.
	shifts := map[int64]branchShift{}
	for _, b := range all {
		if c, ok := branches[b.ID]; ok {
			if shifts[b.ID], err = c.shiftSources(tx); err != nil {
				return Done{}, err
			}
		}
	}
	if err := tx.Assess(ids, in); err != nil {
		return Done{}, err
	}
	done := Done{Changed: len(list)}
	for _, b := range all {
		shift, ok := shifts[b.ID]
		if !ok {
			continue
		}
		out, err := s.evaluate(tx, productID, b.Name, shift, cause, actor)
		if err != nil {
			return done, err
		}
		done.Gates = append(done.Gates, out)
	}
	return done, nil
}

// checkDuplicate returns a field error unless the original of duplicates is in their branch and in
// its last report, is none of them, and is no duplicate itself. originalID is 0 for no duplicates.
// It returns a conflict while a large import of the original's source is in progress.
func checkDuplicate(tx *models.Tx, originalID, productID int64, list []models.Observation) error {
	if originalID == 0 {
		return nil
	}
	o, product, err := tx.Observation(tx.Context(), models.SystemScope("the right to assess was checked"), originalID)
	if fault.Is(err, fault.NotFound) || err == nil && product != productID {
		return fault.BadField("duplicate_of", "There is no such observation in this product")
	}
	if err != nil {
		return err
	}
	for _, d := range list {
		switch {
		case d.ID == originalID:
			return fault.BadField("duplicate_of", "An observation cannot duplicate itself")
		case d.BranchID != o.BranchID:
			return fault.BadField("duplicate_of", "The original is in another branch")
		}
	}
	// A resolved duplicate can come back, so that its assessed status counts too.
	if o.Status == models.StatusDuplicate || o.Assessed.Status == models.StatusDuplicate {
		return fault.BadField("duplicate_of", "That observation is a duplicate: enter its original")
	}
	if !o.InReport() {
		return fault.BadField("duplicate_of", "That observation is resolved: enter one that its last report contains")
	}
	return tx.RequireSettled(o.SourceID)
}
