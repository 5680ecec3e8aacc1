package product

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Members lists a product's members.
func (s *Service) Members(ctx context.Context, actor authz.Actor, productID int64) ([]models.Member, error) {
	if err := authz.Require(ctx, s.store, actor, authz.View, productID); err != nil {
		return nil, err
	}
	return s.store.Members(ctx, actor.Scope(), productID)
}

// SetMember gives a user, by name, a role in a product. Only owners make
// owners or change one, and the last owner stays.
func (s *Service) SetMember(ctx context.Context, actor authz.Actor, productID int64, userName string, role models.Role) (models.Member, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, productID); err != nil {
		return models.Member{}, err
	}
	if !role.Valid() {
		return models.Member{}, fault.BadField("role", "One of reader, upload, writer, maintainer, owner")
	}
	u, err := s.store.UserByName(ctx, userName)
	if fault.Is(err, fault.NotFound) {
		return models.Member{}, fault.BadField("user", "There is no user of that name")
	}
	if err != nil {
		return models.Member{}, err
	}
	m := models.Member{UserID: u.ID, ProductID: productID, Role: role, User: u.Name}
	return m, s.store.Write(ctx, func(tx *models.Tx) error {
		if err := s.guardOwners(tx, actor, m); err != nil {
			return err
		}
		return tx.SaveMember(m)
	})
}

// RemoveMember takes a user out of a product.
func (s *Service) RemoveMember(ctx context.Context, actor authz.Actor, productID, userID int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, productID); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := s.guardOwners(tx, actor, models.Member{UserID: userID, ProductID: productID}); err != nil {
			return err
		}
		was, err := tx.DeleteMember(userID, productID)
		if err == nil && !was {
			return fault.Missing("member")
		}
		return err
	})
}

// guardOwners looks at what a member was before what he is to become.
func (s *Service) guardOwners(tx *models.Tx, actor authz.Actor, next models.Member) error {
	if err := tx.LockProduct(next.ProductID); err != nil { // two owners cannot be the last one each
		return err
	}
	was, err := tx.RoleOf(tx.Context(), next.UserID, next.ProductID)
	if err != nil {
		return err
	}
	if was != models.RoleOwner && next.Role != models.RoleOwner {
		return nil
	}
	if err := authz.Require(tx.Context(), tx, actor, authz.Own, next.ProductID); err != nil {
		return fault.New(fault.Forbidden, "Only owners manage owners")
	}
	owners, err := tx.CountOwners(tx.Context(), next.ProductID)
	if err == nil && was == models.RoleOwner && next.Role != models.RoleOwner && owners < 2 {
		return fault.New(fault.Conflict, "This is the last owner: name another one first")
	}
	return err
}
