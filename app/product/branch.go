package product

import (
	"context"
	"strconv"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// Branches lists the branches of a product that the actor can view, the default one first.
func (s *Service) Branches(ctx context.Context, actor authz.Actor, f models.BranchFilter) ([]models.BranchRow, error) {
	if _, err := s.Get(ctx, actor, f.ProductID); err != nil {
		return nil, err
	}
	return s.store.BranchRows(ctx, actor.Scope(), f)
}

// CountBranches counts a product's branches, up to one more than models.MaxCounted.
func (s *Service) CountBranches(ctx context.Context, actor authz.Actor, f models.BranchFilter) (int, error) {
	return s.store.CountBranches(ctx, actor.Scope(), f)
}

// Branch finds a branch of a product that the actor can view.
func (s *Service) Branch(ctx context.Context, actor authz.Actor, id int64) (models.BranchRow, error) {
	return s.store.Branch(ctx, actor.Scope(), id)
}

// BranchEdit is a change of a branch. A nil field stays as it is.
type BranchEdit struct {
	Name      *string
	Protected *bool
	Default   bool // whether to make it the default branch
}

// UpdateBranch changes a branch.
func (s *Service) UpdateBranch(
	ctx context.Context, actor authz.Actor, id int64, e BranchEdit,
) (models.BranchRow, error) {
	row, err := s.editable(ctx, actor, id)
	if err != nil {
		return row, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(row.ProductID); err != nil {
			return err
		}
		b, err := tx.Branch(tx.Context(), models.SystemScope("the right to edit was checked"), id)
		if err != nil {
			return err
		}
		if err := updateBranch(tx, actor, &b.Branch, e); err != nil || !e.Default || b.Default {
			return err
		}
		return defaultField(s.update(tx, actor, b.ProductID, Edit{DefaultBranch: &b.Name}))
	})
	if err != nil {
		return row, err
	}
	return s.store.Branch(ctx, models.SystemScope("the right to edit was checked"), id)
}

// defaultField turns an error of a product's field default_branch into one of a branch's field
// default.
func defaultField(err error) error {
	for _, f := range fault.FieldsOf(err) {
		if f.Name == "default_branch" {
			return fault.BadField("default", f.Message)
		}
	}
	return err
}

// editable finds a branch of a product that the actor can edit.
func (s *Service) editable(ctx context.Context, actor authz.Actor, id int64) (models.BranchRow, error) {
	row, err := s.store.Branch(ctx, models.SystemScope("the right to edit is checked next"), id)
	if err != nil {
		return row, err
	}
	err = authz.Require(ctx, s.store, actor, authz.Edit, row.ProductID)
	if fault.Is(err, fault.NotFound) {
		err = fault.NewNotFound("branch")
	}
	return row, err
}

func updateBranch(tx *models.Tx, actor authz.Actor, b *models.Branch, e BranchEdit) error {
	was := branchValues(*b)
	if e.Name != nil && strings.TrimSpace(*e.Name) != b.Name {
		b.Name = strings.TrimSpace(*e.Name)
		if err := renameBranch(tx, *b); err != nil {
			return err
		}
	}
	if e.Protected != nil && *e.Protected != b.Protected {
		b.Protected = *e.Protected
		if err := tx.ProtectBranch(b.ID, b.Protected); err != nil {
			return err
		}
	}
	return audit.Write(tx, actor, audit.Entry{
		Action:    audit.Change,
		Kind:      audit.Branch,
		Name:      b.Name,
		ProductID: b.ProductID,
		Was:       was,
		Became:    branchValues(*b),
	})
}

// renameBranch saves the name of a branch. It returns an error if another branch has the name.
func renameBranch(tx *models.Tx, b models.Branch) error {
	if reason := checkText(b.Name, 1, 255, false); reason != "" {
		return fault.BadField("name", reason)
	}
	_, err := tx.BranchByName(tx.Context(), models.SystemScope("inside an edit"), b.ProductID, b.Name)
	switch {
	case err == nil:
		return fault.BadField("name", "A branch of this name exists already")
	case fault.Is(err, fault.NotFound):
		return tx.RenameBranch(b.ID, b.Name)
	}
	return err
}

func branchValues(b models.Branch) audit.Values {
	return audit.Values{"name": b.Name, "protected": strconv.FormatBool(b.Protected)}
}

// AsDefault returns the verdict of the product's gate if a branch were the default.
func (s *Service) AsDefault(ctx context.Context, actor authz.Actor, b models.Branch) (gate.Verdict, error) {
	row, err := s.Get(ctx, actor, b.ProductID)
	if err != nil {
		return gate.Verdict{}, err
	}
	group, err := s.store.GroupOf(ctx, row.Product)
	return gate.Decide(s.gates.Policy(group, row.Product), b.Breakdown), err
}

// DeleteBranch deletes a branch and its observations. The default branch cannot be deleted. A new
// report for the branch creates it again.
func (s *Service) DeleteBranch(ctx context.Context, actor authz.Actor, id int64) error {
	row, err := s.editable(ctx, actor, id)
	if err != nil {
		return err
	}
	// A half-deleted branch is of no use, so the end of the request does not stop it.
	_, err = s.removeBranch(context.WithoutCancel(ctx), actor, row.Branch, func(b models.BranchRow) error {
		if b.Default {
			return fault.New(fault.Conflict, "You cannot delete the default branch. Make another branch the default first")
		}
		return nil
	})
	return err
}
