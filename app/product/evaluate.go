package product

import (
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// reevaluate evaluates a product's gate after an edit, and those of its other branches if their
// policy changed. It skips a product that was never evaluated. was is the product with its
// default branch before the edit.
func (s *Service) reevaluate(tx *models.Tx, actor authz.Actor, was models.Gated, id int64) error {
	g, err := tx.GateOf(id, "")
	if err != nil {
		return err
	}
	cause := "an edit of the product"
	if g.Branch.ID != was.Branch.ID {
		cause = "a change of the default branch from " + was.Branch.Name + " to " + g.Branch.Name
	}
	if g.Branch.Evaluated {
		if err := s.evaluate(tx, actor, g.Branch, cause); err != nil {
			return err
		}
	}
	if samePolicy(was.Product, g.Product) {
		return nil
	}
	return s.reevaluateOthers(tx, actor, id, cause)
}

// samePolicy reports whether two products' own policies are the same.
func samePolicy(a, b models.Product) bool {
	return a.GateMode == b.GateMode && a.Thresholds.Limits() == b.Thresholds.Limits() &&
		a.Counting == b.Counting
}

// reevaluateOthers evaluates the branches that are not the default: in this transaction if they
// are few, else by the background sweep.
func (s *Service) reevaluateOthers(tx *models.Tx, actor authz.Actor, id int64, cause string) error {
	list, err := tx.Branches(tx.Context(), models.SystemScope("the right to edit was checked"), id)
	if err != nil {
		return err
	}
	if len(list) > maxAtOnce {
		tx.AfterCommit(s.sweep)
		return tx.RepeatGateSweep()
	}
	for _, b := range list {
		if b.Default || !b.Evaluated {
			continue
		}
		if err := s.evaluate(tx, actor, b, cause); err != nil {
			return err
		}
	}
	return nil
}

// reevaluateGroup evaluates the gates of a group's products: in this transaction if they are
// few, else by the background sweep.
func (s *Service) reevaluateGroup(tx *models.Tx, actor authz.Actor, id int64) error {
	list, err := tx.EvaluatedBranchesOfGroup(tx.Context(), id, maxAtOnce+1)
	if err != nil {
		return err
	}
	if len(list) > maxAtOnce {
		tx.AfterCommit(s.sweep)
		return tx.RepeatGateSweep()
	}
	for _, b := range list {
		if err := s.evaluate(tx, actor, b, "an edit of the product's group"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) evaluate(tx *models.Tx, actor authz.Actor, b models.Branch, cause string) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if err != nil {
		return err
	}
	_, err = s.gates.Evaluate(tx, g, gate.Evaluation{
		Active: g.Branch.Breakdown,
		Actor:  actor.Label,
		Cause:  event.Cause{Kind: event.CauseUser, Text: cause},
	})
	return err
}

// maxAtOnce bounds the branches that are evaluated in the transaction of an edit. If there are
// more, the background sweep evaluates all gates.
const maxAtOnce = 200
