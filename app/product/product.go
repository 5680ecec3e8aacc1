package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Get finds a product that the actor can view.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.ProductRow, error) {
	return s.store.Product(ctx, actor.Scope(), id)
}

// Delete deletes a product and all that belongs to it. version is the expected version, 0 for any;
// another is a Conflict error.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id, version int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Own, id); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		row, err := tx.Product(tx.Context(), models.SystemScope("the right to delete was checked"), id)
		if err != nil {
			return err
		}
		if version != 0 && version != row.Version {
			return changedMeanwhile("product")
		}
		if err := tx.DeleteProduct(id); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Product,
			Name:   row.Name,
			Was:    valuesOf(row.Product, row.Default.Name),
		})
	})
}

// ForImport returns the id of a product by its name, and the name as it is stored, for an actor who can import
// into it. The actor need not be able to view it.
func (s *Service) ForImport(
	ctx context.Context, actor authz.Actor, name string,
) (id int64, stored string, err error) {
	scope := models.SystemScope("the right to import is checked next")
	list, err := s.store.Products(ctx, scope, models.ProductFilter{Name: name, Limit: 1})
	if err != nil {
		return 0, "", err
	}
	if len(list) == 0 {
		return 0, "", fault.NewNotFound("product")
	}
	err = authz.Require(ctx, s.store, actor, authz.Import, list[0].ID)
	if fault.Is(err, fault.Forbidden) {
		err = fault.NewNotFound("product")
	}
	return list[0].ID, list[0].Name, err
}

// valuesOf returns the fields of a product for the audit log.
func valuesOf(p models.Product, branch string) audit.Values {
	v := audit.Values{
		"name":           p.Name,
		"description":    p.Description,
		"default_branch": branch,
		"hold_seconds":   secondsText(p.HoldSeconds),
		"stale_after":    secondsText(p.StaleAfter),
	}
	return policyValues(v, p.GateMode, p.Thresholds, p.Counting)
}
