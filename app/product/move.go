package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Move puts a product into a group, 0 for none, and evaluates its gates. The actor must own the
// product and be able to edit both groups: the thresholds and the targets of the group apply to
// the product, and owners of the group own it too.
func (s *Service) Move(ctx context.Context, actor authz.Actor, productID, groupID int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Own, productID); err != nil {
		return err
	}
	if groupID != 0 {
		if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, groupID); err != nil {
			return groupField(err)
		}
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return s.move(tx, actor, productID, groupID) })
}

// groupField turns an error about a group into an error of the field group_id.
func groupField(err error) error {
	switch {
	case fault.Is(err, fault.NotFound):
		return fault.BadField("group_id", "This group does not exist")
	case fault.Is(err, fault.Forbidden):
		return fault.BadField("group_id", "You cannot edit that group")
	}
	return err
}

func (s *Service) move(tx *models.Tx, actor authz.Actor, productID, groupID int64) error {
	if err := tx.LockProduct(productID); err != nil {
		return err
	}
	row, err := tx.Product(tx.Context(), models.SystemScope("the right to edit was checked"), productID)
	if err != nil {
		return err
	}
	var from int64
	if row.GroupID != nil {
		from = *row.GroupID
	}
	if from == groupID {
		return nil
	}
	if err := authz.Require(tx.Context(), tx, actor, authz.Own, productID); err != nil {
		return fault.New(fault.Forbidden, "Only owners can move a product to another group, because that changes who owns it")
	}
	if from != 0 {
		if err := authz.RequireGroup(tx.Context(), tx, actor, authz.Edit, from); err != nil {
			return fault.New(fault.Forbidden, "You cannot remove products from their group: you need the right to edit it")
		}
	}
	var to *int64
	if groupID != 0 {
		to = &groupID
	}
	if err := tx.MoveProduct(productID, to); err != nil {
		return err
	}
	names, err := tx.GroupNames(tx.Context(), []int64{from, groupID})
	if err != nil {
		return err
	}
	err = audit.Write(tx, actor, audit.Entry{
		Action:    audit.Change,
		Kind:      audit.Product,
		Name:      row.Name,
		ProductID: productID,
		Was:       audit.Values{"group": names[from]},
		Became:    audit.Values{"group": names[groupID]},
	})
	if err != nil {
		return err
	}
	return s.evaluateBranches(tx, actor, productID)
}

// evaluateBranches evaluates the gates of a product that moved to another group.
func (s *Service) evaluateBranches(tx *models.Tx, actor authz.Actor, productID int64) error {
	branches, err := tx.Branches(tx.Context(), models.SystemScope("the right to edit was checked"), productID)
	if err != nil {
		return err
	}
	for _, b := range branches {
		if !b.Evaluated {
			continue
		}
		if err := s.evaluate(tx, actor, b, "a move of the product to another group"); err != nil {
			return err
		}
	}
	return nil
}
