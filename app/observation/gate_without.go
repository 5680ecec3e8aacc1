package observation

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// Without returns the gate of an observation's branch as if the observation did not exist, and the
// number of its duplicates, which count again then. It changes nothing.
func (s *Service) Without(ctx context.Context, actor authz.Actor, id int64) (BranchGate, int, error) {
	o, productID, err := s.Get(ctx, actor, id)
	if err != nil {
		return BranchGate{}, 0, err
	}
	duplicates, err := s.store.Observations(ctx, actor.Scope(), models.ObservationFilter{
		ProductID: productID, Same: id, All: true, Limit: gate.MaxEnded,
	})
	if err != nil {
		return BranchGate{}, 0, err
	}
	row, err := s.store.Product(ctx, actor.Scope(), productID)
	if err != nil {
		return BranchGate{}, 0, err
	}
	group, err := s.store.GroupOf(ctx, row.Product)
	if err != nil {
		return BranchGate{}, 0, err
	}
	branches, err := s.store.Branches(ctx, actor.Scope(), productID)
	if err != nil {
		return BranchGate{}, 0, err
	}
	again := models.AssessmentInput{Action: models.ActionReopen, ClearStatus: true} // as EndDuplicates does
	for _, b := range branches {
		if b.ID != o.BranchID {
			continue
		}
		if o.Status.Active() {
			b.Add(o.Severity, o.Flags(), -1)
		}
		for _, d := range duplicates {
			if d = d.Assess(again, s.store.Now()); d.Status.Active() {
				b.Add(d.Severity, d.Flags(), 1)
			}
		}
		v := gate.Decide(s.gates.Policy(group, row.Product), b.Breakdown)
		return BranchGate{
			Branch:  b.Name,
			Default: b.Default,
			Counts:  b.Counts,
			Outcome: gate.Outcome{Before: b.Gate, After: v.State, Why: v.Why},
		}, len(duplicates), nil
	}
	return BranchGate{}, 0, fault.NewNotFound("branch")
}
