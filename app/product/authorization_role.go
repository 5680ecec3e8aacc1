package product

import (
	"context"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// AuthorizationRoles lists the roles of authorization groups in a product or a group.
func (s *Service) AuthorizationRoles(
	ctx context.Context, actor authz.Actor, at Owner,
) ([]models.AuthorizationRole, error) {
	if err := s.Require(ctx, actor, authz.View, at); err != nil {
		return nil, err
	}
	return s.store.AuthorizationRoles(ctx, at)
}

// SetAuthorizationRole gives an authorization group, by name, a role in a product or a group; the
// role "" removes it. Only owners can give or change the role owner.
func (s *Service) SetAuthorizationRole(
	ctx context.Context, actor authz.Actor, at Owner, name string, role models.Role,
) error {
	if err := s.Require(ctx, actor, authz.Edit, at); err != nil {
		return err
	}
	if role != "" {
		if err := checkRole(role); err != nil {
			return err
		}
	}
	group, err := s.store.AuthorizationGroupByName(ctx, strings.TrimSpace(name))
	if fault.Is(err, fault.NotFound) {
		return fault.BadField("authorization_group", "This authorization group does not exist")
	}
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		return setAuthorizationRole(tx, actor, models.AuthorizationRole{
			GroupID: group.ID,
			Group:   group.Name,
			Owner:   at,
			Role:    role,
		})
	})
}

func setAuthorizationRole(tx *models.Tx, actor authz.Actor, a models.AuthorizationRole) error {
	if err := lock(tx, a.Owner); err != nil {
		return err
	}
	list, err := tx.AuthorizationRoles(tx.Context(), a.Owner)
	if err != nil {
		return err
	}
	var was models.Role
	for _, other := range list {
		if other.GroupID == a.GroupID {
			was = other.Role
		}
	}
	if was == models.RoleOwner || a.Role == models.RoleOwner {
		if err := require(tx.Context(), tx, actor, authz.Own, a.Owner); err != nil {
			return onlyOwners(err)
		}
	}
	if a.Role == "" {
		if found, err := tx.DeleteAuthorizationRole(a); err != nil || !found {
			return errOrNotFound(err, "authorization group here")
		}
	} else if err := tx.SaveAuthorizationRole(a); err != nil {
		return err
	}
	where, err := ownerName(tx, a.Owner)
	if err != nil {
		return err
	}
	name := "authorization group " + a.Group + " in " + where
	return audit.Write(tx, actor, roleEntry(name, a.Owner.ProductID, was, a.Role))
}
