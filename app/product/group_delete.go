package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// DeleteGroup deletes a group. Its products stay without a group, and their gates are evaluated.
// With withProducts it deletes them too; the actor must own them all. version is the expected
// version, 0 for any; another is a Conflict error.
func (s *Service) DeleteGroup(ctx context.Context, actor authz.Actor, id, version int64, withProducts bool) error {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Own, id); err != nil {
		return err
	}
	row, err := s.store.Group(ctx, models.SystemScope("the right to delete was checked"), id)
	if err != nil {
		return err
	}
	if version != 0 && version != row.Version {
		return changedMeanwhile("group")
	}
	// One product per transaction: a large group must not block other writers.
	for {
		products, err := s.store.ProductsOfGroup(ctx, id)
		if err != nil {
			return err
		}
		for _, p := range products {
			if withProducts {
				err = s.Delete(ctx, actor, p, 0)
			} else {
				err = s.store.Write(ctx, func(tx *models.Tx) error { return s.move(tx, actor, p, 0) })
			}
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		done, err := s.dropGroup(ctx, actor, row)
		if done || err != nil {
			return err
		}
	}
}

// dropGroup deletes an empty group. done is false if a product moved into it in the meantime.
func (s *Service) dropGroup(ctx context.Context, actor authz.Actor, row models.GroupRow) (done bool, err error) {
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockGroup(row.ID); err != nil {
			return err
		}
		left, err := tx.ProductsOfGroup(tx.Context(), row.ID)
		if done = len(left) == 0; !done || err != nil {
			return err
		}
		if err := tx.DeleteGroup(row.ID); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Group,
			Name:   row.Name,
			Was:    groupValues(row.Group),
		})
	})
	return done, err
}
