package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Members lists the direct members of a product or a group.
func (s *Service) Members(ctx context.Context, actor authz.Actor, at Owner) ([]models.Member, error) {
	if err := s.Require(ctx, actor, authz.View, at); err != nil {
		return nil, err
	}
	if at.GroupID != 0 {
		return s.store.GroupMembers(ctx, at.GroupID)
	}
	return s.store.Members(ctx, actor.Scope(), at.ProductID)
}

// SetMember gives a user, by name, a role in a product or a group. Only owners can give or change
// the role owner, and the last owner keeps it.
func (s *Service) SetMember(
	ctx context.Context, actor authz.Actor, at Owner, userName string, role models.Role,
) (models.Member, error) {
	if err := s.Require(ctx, actor, authz.Edit, at); err != nil {
		return models.Member{}, err
	}
	u, err := s.store.UserByName(ctx, userName)
	if fault.Is(err, fault.NotFound) {
		err = fault.BadField("user", "This user does not exist")
	}
	if err := fault.Join(err, checkRole(role)); err != nil {
		return models.Member{}, err
	}
	m := models.Member{UserID: u.ID, ProductID: at.ProductID, GroupID: at.GroupID, Role: role, User: u.Name}
	return m, s.store.Write(ctx, func(tx *models.Tx) error {
		was, err := guardOwners(tx, actor, m)
		if err != nil {
			return err
		}
		if err := tx.SaveMember(m); err != nil {
			return err
		}
		return noteMember(tx, actor, m, u.Name, was)
	})
}

func checkRole(role models.Role) error {
	if !role.Valid() {
		return fault.BadField("role", "Choose reader, upload, writer, maintainer or owner")
	}
	return nil
}

// RemoveMember removes a user from a product or a group.
func (s *Service) RemoveMember(ctx context.Context, actor authz.Actor, at Owner, userID int64) error {
	if err := s.Require(ctx, actor, authz.Edit, at); err != nil {
		return err
	}
	m := models.Member{UserID: userID, ProductID: at.ProductID, GroupID: at.GroupID}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		was, err := guardOwners(tx, actor, m)
		if err != nil {
			return err
		}
		found, err := tx.DeleteMember(m)
		if err != nil || !found {
			return errOrNotFound(err, "member")
		}
		u, err := tx.User(tx.Context(), userID)
		if err != nil {
			return err
		}
		return noteMember(tx, actor, m, u.Name, was)
	})
}

// guardOwners refuses a change of an owner by an actor who is none, and one that leaves no owner.
// It returns the role before the change.
func guardOwners(tx *models.Tx, actor authz.Actor, next models.Member) (was models.Role, err error) {
	at := Owner{ProductID: next.ProductID, GroupID: next.GroupID}
	if err := lock(tx, at); err != nil { // two changes at once could remove both last owners
		return "", err
	}
	was, err = tx.OwnRole(tx.Context(), next)
	if err != nil || was != models.RoleOwner && next.Role != models.RoleOwner {
		return was, err
	}
	if err := require(tx.Context(), tx, actor, authz.Own, at); err != nil {
		return was, onlyOwners(err)
	}
	if was != models.RoleOwner || next.Role == models.RoleOwner {
		return was, nil
	}
	others, err := tx.HasOtherOwner(tx.Context(), next)
	if err == nil && !others {
		return was, fault.New(fault.Conflict, "This is the last owner. Add another owner first")
	}
	return was, err
}

func onlyOwners(err error) error {
	if fault.Is(err, fault.Forbidden) {
		return fault.New(fault.Forbidden, "Only owners can manage owners")
	}
	return err
}

// noteMember writes a change of a member's role to the audit log.
func noteMember(tx *models.Tx, actor authz.Actor, m models.Member, who string, was models.Role) error {
	where, err := ownerName(tx, Owner{ProductID: m.ProductID, GroupID: m.GroupID})
	if err != nil {
		return err
	}
	return audit.Write(tx, actor, roleEntry(who+" in "+where, m.ProductID, was, m.Role))
}

// roleEntry returns the audit entry of a change of a role. The role "" is none.
func roleEntry(name string, productID int64, was, became models.Role) audit.Entry {
	e := audit.Entry{Action: audit.Change, Kind: audit.Member, Name: name, ProductID: productID}
	if was != "" {
		e.Was = audit.Values{"role": string(was)}
	} else {
		e.Action = audit.Create
	}
	if became != "" {
		e.Became = audit.Values{"role": string(became)}
	} else {
		e.Action = audit.Delete
	}
	return e
}
