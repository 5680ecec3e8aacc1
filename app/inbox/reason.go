package inbox

import (
	"context"
	"slices"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// Reasons says, by event ID, why the actor gets each of some notifications. It reads the actor's
// roles in all their products at once.
func (s *Service) Reasons(
	ctx context.Context, actor authz.Actor, list []models.Notification,
) (map[int64]string, error) {
	if actor.User.ID == 0 {
		return nil, errTokenHasNoInbox()
	}
	var products []int64
	for _, n := range list {
		if n.ProductID != 0 {
			products = append(products, n.ProductID)
		}
	}
	slices.Sort(products)
	sources, err := s.store.RoleSourcesOf(ctx, actor.User.ID, slices.Compact(products)...)
	reasons := make(map[int64]string, len(list))
	for _, n := range list {
		reasons[n.EventID] = reason(actor, n, sources[n.ProductID])
	}
	return reasons, err
}

// reason says why the actor gets a notification, from their roles in its product.
func reason(actor authz.Actor, n models.Notification, sources []models.RoleSource) string {
	switch {
	case n.UserID == actor.User.ID:
		return "Addressed to you"
	case len(sources) == 0 && actor.Administrator():
		return "You are an administrator"
	case len(sources) == 0: // the last role has just ended
		return ""
	}
	switch first := sources[0]; {
	case first.AuthorizationGroupID != 0:
		return "Member of authorization group " + first.AuthorizationGroup
	case first.GroupID != 0:
		return "Member of product group " + first.Group
	}
	return "Member of the product"
}
