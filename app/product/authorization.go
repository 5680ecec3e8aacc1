package product

import (
	"context"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// errOrNotFound returns err, or an error that a thing does not exist if err is nil.
func errOrNotFound(err error, what string) error {
	if err != nil {
		return err
	}
	return fault.NewNotFound(what)
}

// AuthorizationGroups lists the authorization groups that the actor is in, all for
// administrators.
func (s *Service) AuthorizationGroups(
	ctx context.Context, actor authz.Actor, f models.GroupFilter,
) ([]models.AuthorizationGroupRow, error) {
	user, err := seesGroupsOf(actor)
	if err != nil {
		return nil, err
	}
	return s.store.AuthorizationGroups(ctx, user, f)
}

// CountAuthorizationGroups counts them, up to one more than models.MaxCounted.
func (s *Service) CountAuthorizationGroups(
	ctx context.Context, actor authz.Actor, f models.GroupFilter,
) (int, error) {
	user, err := seesGroupsOf(actor)
	if err != nil {
		return 0, err
	}
	return s.store.CountAuthorizationGroups(ctx, user, f)
}

// seesGroupsOf returns the user whose authorization groups an actor sees, 0 for all groups.
func seesGroupsOf(actor authz.Actor) (int64, error) {
	switch {
	case actor.Administrator():
		return 0, nil
	case actor.User.ID == 0 || actor.Role != "" && !authz.Allows(actor.Role, authz.View):
		return 0, fault.New(fault.Forbidden, "This token has no access to authorization groups")
	}
	return actor.User.ID, nil
}

// AuthorizationGroup is a group of users as a member or an administrator sees it.
type AuthorizationGroup struct {
	models.AuthorizationGroupRow
	Members []models.AuthorizationMember
	Roles   []models.AuthorizationRole // only for administrators and managers
	MayEdit bool                       // whether the actor can change its members
}

// AuthorizationGroup finds an authorization group that the actor is in.
func (s *Service) AuthorizationGroup(ctx context.Context, actor authz.Actor, id int64) (AuthorizationGroup, error) {
	user, err := seesGroupsOf(actor)
	if err != nil {
		return AuthorizationGroup{}, err
	}
	row, err := s.store.AuthorizationGroup(ctx, user, id)
	if err != nil {
		return AuthorizationGroup{}, err
	}
	mayEdit := actor.Administrator() || row.Manager && actor.Role == ""
	g := AuthorizationGroup{AuthorizationGroupRow: row, MayEdit: mayEdit}
	if g.Members, err = s.store.AuthorizationMembers(ctx, id); err != nil || !mayEdit {
		return g, err
	}
	g.Roles, err = s.store.RolesOfAuthorizationGroup(ctx, id)
	return g, err
}

// SaveAuthorizationGroup creates an authorization group (id 0) or renames one, for
// administrators. version is the expected version, 0 for any; another is a Conflict error.
func (s *Service) SaveAuthorizationGroup(
	ctx context.Context, actor authz.Actor, id int64, name string, version int64,
) (models.AuthorizationGroup, error) {
	g := models.AuthorizationGroup{Name: visible.Name(name)}
	if !actor.Administrator() {
		return g, fault.New(fault.Forbidden, "Only administrators can create authorization groups")
	}
	if reason := checkText(g.Name, 1, 255, false); reason != "" {
		return g, fault.BadField("name", reason)
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
			return g, changedMeanwhile("authorization group")
		}
		e.Action, e.Was = audit.Change, audit.Values{"name": row.Name}
		wanted := keepName(row.Name, g.Name)
		g = row.AuthorizationGroup
		g.Name = wanted
	}
	var saved models.AuthorizationGroup
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		saved = g // the transaction can run more than once
		if err := tx.SaveAuthorizationGroup(&saved); err != nil {
			return err
		}
		return audit.Write(tx, actor, e)
	})
	return saved, err
}

// DeleteAuthorizationGroup deletes an authorization group and the roles that it gives, for
// administrators. version is the expected version, 0 for any; another is a Conflict error.
func (s *Service) DeleteAuthorizationGroup(ctx context.Context, actor authz.Actor, id, version int64) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can delete authorization groups")
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		row, err := tx.AuthorizationGroup(tx.Context(), 0, id)
		if err != nil {
			return err
		}
		if version != 0 && version != row.Version {
			return changedMeanwhile("authorization group")
		}
		if err := tx.DeleteAuthorizationGroup(id); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.AuthorizationGroup,
			Name:   row.Name,
			Was: audit.Values{
				"members": strconv.Itoa(row.Members),
				"roles":   strconv.Itoa(row.Roles),
			},
		})
	})
}

// SetAuthorizationMember adds a user, by name, to an authorization group, or changes whether they
// manage it. It is for administrators and the managers of the group.
func (s *Service) SetAuthorizationMember(
	ctx context.Context, actor authz.Actor, id int64, userName string, manager bool,
) error {
	g, err := s.managed(ctx, actor, id)
	if err != nil {
		return err
	}
	u, err := s.store.UserByName(ctx, userName)
	if fault.Is(err, fault.NotFound) {
		return fault.BadField("user", "This user does not exist")
	}
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		member := models.AuthorizationMember{UserID: u.ID, GroupID: id, Manager: manager}
		if err := tx.SaveAuthorizationMember(member); err != nil {
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

// RemoveAuthorizationMember removes a user from an authorization group. It is for administrators
// and the managers of the group.
func (s *Service) RemoveAuthorizationMember(ctx context.Context, actor authz.Actor, id, userID int64) error {
	g, err := s.managed(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		found, err := tx.DeleteAuthorizationMember(userID, id)
		if err != nil || !found {
			return errOrNotFound(err, "member")
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

// managed finds an authorization group whose members the actor can change.
func (s *Service) managed(ctx context.Context, actor authz.Actor, id int64) (AuthorizationGroup, error) {
	g, err := s.AuthorizationGroup(ctx, actor, id)
	if err == nil && !g.MayEdit {
		err = fault.New(fault.Forbidden, "Only its managers can change the members of an authorization group")
	}
	return g, err
}
