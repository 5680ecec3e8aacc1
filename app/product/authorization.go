package product

import (
	"context"
	"strconv"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// AuthorizationRoles lists the roles that groups of users have in a place.
func (s *Service) AuthorizationRoles(
	ctx context.Context, actor authz.Actor, at Owner,
) ([]models.AuthorizationRole, error) {
	if err := s.Require(ctx, actor, authz.View, at); err != nil {
		return nil, err
	}
	return s.store.AuthorizationRoles(ctx, at)
}

// SetAuthorizationRole gives a group of users, by name, a role in a place; ""
// takes it away. Owners are for owners to make.
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
		return fault.BadField("authorization_group", "There is no authorization group of that name")
	}
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		return setAuthorizationRole(
			tx, actor, models.AuthorizationRole{GroupID: group.ID, Group: group.Name, Owner: at, Role: role},
		)
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
		if there, err := tx.DeleteAuthorizationRole(a); err != nil || !there {
			return missingOr(err, "authorization group here")
		}
	} else if err := tx.SaveAuthorizationRole(a); err != nil {
		return err
	}
	where, err := ownerName(tx, a.Owner)
	if err != nil {
		return err
	}
	return audit.Write(tx, actor, roleEntry("authorization group "+a.Group+" in "+where, a.Owner.ProductID, was, a.Role))
}

func missingOr(err error, what string) error {
	if err != nil {
		return err
	}
	return fault.NewNotFound(what)
}

// AuthorizationGroups lists the groups of users that the actor is in;
// administrators see all.
func (s *Service) AuthorizationGroups(
	ctx context.Context, actor authz.Actor, f models.GroupFilter,
) ([]models.AuthorizationGroupRow, error) {
	user, err := seesGroupsOf(actor)
	if err != nil {
		return nil, err
	}
	return s.store.AuthorizationGroups(ctx, user, f)
}

// seesGroupsOf is the user whose groups of users an actor sees, 0 for all.
func seesGroupsOf(actor authz.Actor) (int64, error) {
	switch {
	case actor.Administrator():
		return 0, nil
	case actor.User.ID == 0 || actor.Role != "" && !authz.Allows(actor.Role, authz.View):
		return 0, fault.New(fault.Forbidden, "This token has nothing to do with authorization groups")
	}
	return actor.User.ID, nil
}

// AuthorizationGroup is a group of users as one of them, or an administrator,
// sees it.
type AuthorizationGroup struct {
	models.AuthorizationGroupRow
	Members []models.AuthorizationMember
	Roles   []models.AuthorizationRole // for administrators alone
	MayEdit bool                       // its members
}

// AuthorizationGroup finds a group of users that the actor is in.
func (s *Service) AuthorizationGroup(ctx context.Context, actor authz.Actor, id int64) (AuthorizationGroup, error) {
	user, err := seesGroupsOf(actor)
	if err != nil {
		return AuthorizationGroup{}, err
	}
	row, err := s.store.AuthorizationGroup(ctx, user, id)
	if err != nil {
		return AuthorizationGroup{}, err
	}
	g := AuthorizationGroup{AuthorizationGroupRow: row, MayEdit: actor.Administrator() || row.Manager && actor.Role == ""}
	if g.Members, err = s.store.AuthorizationMembers(ctx, id); err != nil || !actor.Administrator() {
		return g, err
	}
	g.Roles, err = s.store.RolesOfAuthorizationGroup(ctx, id)
	return g, err
}

// SaveAuthorizationGroup makes a group of users (id 0), or renames one. It is
// for administrators. version is that of the group that was edited, 0 =
// whichever it is.
func (s *Service) SaveAuthorizationGroup(
	ctx context.Context, actor authz.Actor, id int64, name string, version int64,
) (models.AuthorizationGroup, error) {
	g := models.AuthorizationGroup{Name: strings.TrimSpace(name)}
	if !actor.Administrator() {
		return g, fault.New(fault.Forbidden, "Only administrators make authorization groups")
	}
	if why := badText(g.Name, 1, 255, false); why != "" {
		return g, fault.BadField("name", why)
	}
	e := audit.Entry{
		Action: audit.Create,
		Kind:   audit.AuthorizationGroup,
		Name:   g.Name,
		Became: audit.Values{"name": g.Name},
	}
	if id != 0 {
		row, err := s.store.AuthorizationGroup(ctx, 0, id)
		if err != nil {
			return g, err
		}
		if version != 0 && version != row.Version {
			return g, fault.New(fault.Conflict, "Somebody else has changed this authorization group meanwhile")
		}
		e.Action, e.Was = audit.Change, audit.Values{"name": row.Name}
		row.Name, g = g.Name, row.AuthorizationGroup
		g.Name = row.Name
	}
	var saved models.AuthorizationGroup
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		saved = g // a transaction that was lost is run again
		if err := tx.SaveAuthorizationGroup(&saved); err != nil {
			return err
		}
		return audit.Write(tx, actor, e)
	})
	return saved, err
}

// DeleteAuthorizationGroup removes a group of users with the roles that it has
// given them. It is for administrators.
func (s *Service) DeleteAuthorizationGroup(ctx context.Context, actor authz.Actor, id int64) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators delete authorization groups")
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		row, err := tx.AuthorizationGroup(tx.Context(), 0, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteAuthorizationGroup(id); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete, Kind: audit.AuthorizationGroup, Name: row.Name,
			Was: audit.Values{"members": strconv.Itoa(row.Members), "roles": strconv.Itoa(row.Roles)},
		})
	})
}

// SetAuthorizationMember puts a user, by name, into a group of users, as its
// manager or not. It is for administrators and its managers.
func (s *Service) SetAuthorizationMember(
	ctx context.Context, actor authz.Actor, id int64, userName string, manager bool,
) error {
	g, err := s.managed(ctx, actor, id)
	if err != nil {
		return err
	}
	u, err := s.store.UserByName(ctx, userName)
	if fault.Is(err, fault.NotFound) {
		return fault.BadField("user", "There is no user of that name")
	}
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.SaveAuthorizationMember(
			models.AuthorizationMember{UserID: u.ID, GroupID: id, Manager: manager},
		); err != nil {
			return err
		}
		e := audit.Entry{
			Action: audit.Create,
			Kind:   audit.Member,
			Name:   u.Name + " in authorization group " + g.Name,
			Became: audit.Values{"manager": strconv.FormatBool(manager)},
		}
		for _, m := range g.Members {
			if m.UserID == u.ID {
				e.Action, e.Was = audit.Change, audit.Values{"manager": strconv.FormatBool(m.Manager)}
			}
		}
		return audit.Write(tx, actor, e)
	})
}

// RemoveAuthorizationMember takes a user out of a group of users. It is for
// administrators and its managers.
func (s *Service) RemoveAuthorizationMember(ctx context.Context, actor authz.Actor, id, userID int64) error {
	g, err := s.managed(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		there, err := tx.DeleteAuthorizationMember(userID, id)
		if err != nil || !there {
			return missingOr(err, "member")
		}
		u, err := tx.User(tx.Context(), userID)
		if err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Member,
			Name:   u.Name + " in authorization group " + g.Name,
			Was:    audit.Values{"member": "true"},
		})
	})
}

func (s *Service) managed(ctx context.Context, actor authz.Actor, id int64) (AuthorizationGroup, error) {
	g, err := s.AuthorizationGroup(ctx, actor, id)
	if err == nil && !g.MayEdit {
		err = fault.New(fault.Forbidden, "Only its managers change who is in an authorization group")
	}
	return g, err
}
