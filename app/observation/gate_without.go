package observation

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
)

// Without returns the gate of an observation's branch as if the observation did not exist. It
// changes nothing.
func (s *Service) Without(ctx context.Context, actor authz.Actor, id int64) (BranchGate, error) {
	o, productID, err := s.Get(ctx, actor, id)
	if err != nil {
		return BranchGate{}, err
	}
	row, err := s.store.Product(ctx, actor.Scope(), productID)
	if err != nil {
		return BranchGate{}, err
	}
	group, err := s.store.GroupOf(ctx, row.Product)
	if err != nil {
		return BranchGate{}, err
	}
	branches, err := s.store.Branches(ctx, actor.Scope(), productID)
	if err != nil {
		return BranchGate{}, err
	}
	for _, b := range branches {
		if b.ID != o.BranchID {
			continue
		}
		if o.Status.Active() {
			b.Counts.Add(o.Severity, -1)
		}
		v := gate.Decide(s.gates.Policy(group, row.Product), b.Counts)
		return BranchGate{
			Branch:  b.Name,
			Default: b.Default,
			Counts:  b.Counts,
			Outcome: gate.Outcome{Before: b.Gate, After: v.State, Why: v.Why},
		}, nil
	}
	return BranchGate{}, fault.NewNotFound("branch")
}
