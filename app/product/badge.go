package product

import (
	"context"
	"crypto/rand"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/models"
)

// BadgePath returns the path of the badge with a token.
func BadgePath(token string) string { return "/badge/" + token + ".svg" }

// Badge returns the path of a product's badge, "" if it has none or the actor cannot edit the
// product.
func (s *Service) Badge(ctx context.Context, actor authz.Actor, p models.Product) (string, error) {
	if p.BadgeToken == nil {
		return "", nil
	}
	may, err := authz.May(ctx, s.store, actor, authz.Edit, p.ID)
	if err != nil || !may {
		return "", err
	}
	return BadgePath(*p.BadgeToken), nil
}

// MakeBadge gives a product a badge with a new path, and returns the path. An earlier path stops
// working.
func (s *Service) MakeBadge(ctx context.Context, actor authz.Actor, id int64) (string, error) {
	token := rand.Text()
	return BadgePath(token), s.saveBadge(ctx, actor, id, token)
}

// DropBadge removes a product's badge.
func (s *Service) DropBadge(ctx context.Context, actor authz.Actor, id int64) error {
	return s.saveBadge(ctx, actor, id, "")
}

func (s *Service) saveBadge(ctx context.Context, actor authz.Actor, id int64, token string) error {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, id); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(id); err != nil {
			return err
		}
		row, err := tx.Product(tx.Context(), models.SystemScope("the right to edit was checked"), id)
		if err != nil {
			return err
		}
		var was string
		if row.BadgeToken != nil {
			was = *row.BadgeToken
		}
		if was == token {
			return nil
		}
		if err := tx.SaveBadge(id, token); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action:    audit.Change,
			Kind:      audit.Product,
			Name:      row.Name,
			ProductID: id,
			Was:       audit.Values{"badge": masked(was)},
			Became:    audit.Values{"badge": masked(token)},
		})
	})
}

// masked replaces a secret by audit.Masked, unless it is empty.
func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return audit.Masked
}

// BadgeState returns the state of the gate of the product with a badge's token.
func (s *Service) BadgeState(ctx context.Context, token string) (models.GateState, error) {
	return s.store.BadgeState(ctx, token)
}
