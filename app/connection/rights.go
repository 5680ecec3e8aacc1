package connection

import (
	"context"
	"slices"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// MayEditSystem returns an error unless the actor can change the connections of the system.
func (*Service) MayEditSystem(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can change connections of the system")
	}
	return nil
}

// MayEditOwners reports for each owner whether the actor can change its connections. It reads the
// actor's roles once for all products.
func (s *Service) MayEditOwners(
	ctx context.Context, actor authz.Actor, owners []models.Owner,
) (map[models.Owner]bool, error) {
	var products []int64
	for _, o := range owners {
		if o.ProductID != 0 && !slices.Contains(products, o.ProductID) {
			products = append(products, o.ProductID)
		}
	}
	mine, err := authz.Among(ctx, s.store, actor, authz.Edit, products)
	if err != nil {
		return nil, err
	}
	may := map[models.Owner]bool{}
	for _, o := range owners {
		if _, known := may[o]; known {
			continue
		}
		switch {
		case o.ProductID != 0:
			may[o] = mine[o.ProductID]
		case o.GroupID != 0:
			if may[o], err = authz.MayGroup(ctx, s.store, actor, authz.Edit, o.GroupID); err != nil {
				return nil, err
			}
		default:
			may[o] = s.mayEdit(ctx, actor, o) == nil // without a query
		}
	}
	return may, nil
}

// Editable returns a connection that the actor can edit. Accounts are not found: forms and routes of
// targets do not fit them.
func (s *Service) Editable(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	return s.editable(ctx, actor, id)
}

func (s *Service) editable(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	c, err := s.store.Connection(ctx, actor.Scope(), id)
	if err != nil {
		return c, err
	}
	if c.Field == models.FieldPeople || c.Purpose == models.PurposeAccount {
		return c, fault.NewNotFound("target")
	}
	return c, s.mayEdit(ctx, actor, c.Owner())
}

// mayEdit returns an error unless the actor can change the connections of an owner. Those of a
// product or a group need the right to edit it, a user's own belong to that user, and those of the
// system need an administrator.
func (s *Service) mayEdit(ctx context.Context, actor authz.Actor, o models.Owner) error {
	switch {
	case o.ProductID != 0:
		return authz.Require(ctx, s.store, actor, authz.Edit, o.ProductID)
	case o.GroupID != 0:
		return authz.RequireGroup(ctx, s.store, actor, authz.Edit, o.GroupID)
	case o.UserID != 0:
		if o.UserID != actor.User.ID || actor.Role != "" && !authz.Allows(actor.Role, authz.Edit) {
			return fault.NewNotFound("target")
		}
		return nil
	}
	return s.MayEditSystem(actor)
}
