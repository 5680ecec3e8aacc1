package product

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// Owner is a product or a product group: what users have roles in.
type Owner = models.Owner

// InProduct returns the owner that is a product.
func InProduct(id int64) Owner { return Owner{ProductID: id} }

// InGroup returns the owner that is a product group.
func InGroup(id int64) Owner { return Owner{GroupID: id} }

// Require checks that the actor has a permission in a product or a group. See authz.Require for
// its errors.
func (s *Service) Require(ctx context.Context, actor authz.Actor, p authz.Permission, at Owner) error {
	return require(ctx, s.store, actor, p, at)
}

func require(ctx context.Context, roles authz.Roles, actor authz.Actor, p authz.Permission, at Owner) error {
	if at.GroupID != 0 {
		return authz.RequireGroup(ctx, roles, actor, p, at.GroupID)
	}
	return authz.Require(ctx, roles, actor, p, at.ProductID)
}

func lock(tx *models.Tx, at Owner) error {
	if at.GroupID != 0 {
		return tx.LockGroup(at.GroupID)
	}
	return tx.LockProduct(at.ProductID)
}

func ownerName(tx *models.Tx, at Owner) (string, error) {
	all := models.SystemScope("the audit names what it is about")
	if at.GroupID != 0 {
		g, err := tx.Group(tx.Context(), all, at.GroupID)
		return "group " + g.Name, err
	}
	p, err := tx.Product(tx.Context(), all, at.ProductID)
	return p.Name, err
}
