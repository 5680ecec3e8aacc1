package account

import (
	"context"
	"slices"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	madeTime = 30 * 24 * time.Hour // for which the credentials that a user has created are listed
	maxMade  = 100
)

// Made lists the credentials of products that a user has created in the last 30 days and the actor
// can revoke, newest first. They outlive the user's own: a thief can have created them.
func (s *Service) Made(ctx context.Context, actor authz.Actor, userID int64) ([]models.MadeCredential, error) {
	if userID != actor.User.ID {
		if err := requireAdministrator(actor); err != nil {
			return nil, err
		}
	}
	list, err := s.store.MadeCredentials(ctx, actor.Scope(), userID, s.store.Now().Add(-madeTime), maxMade)
	if err != nil {
		return nil, err
	}
	return revocable(ctx, s.store, actor, list)
}

// revocable returns the credentials that the actor can revoke. It asks once per product and right.
func revocable(
	ctx context.Context, roles authz.Roles, actor authz.Actor, list []models.MadeCredential,
) ([]models.MadeCredential, error) {
	type right struct {
		product int64
		token   bool
	}
	asked := map[right]bool{}
	var mine []models.MadeCredential
	for _, m := range list {
		r := right{m.ProductID, m.TokenID != 0}
		can, known := asked[r]
		if !known {
			permission := authz.Edit
			if r.token {
				permission = authz.Own
			}
			err := authz.Require(ctx, roles, actor, permission, m.ProductID)
			if err != nil && !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			can = err == nil
			asked[r] = can
		}
		if can {
			mine = append(mine, m)
		}
	}
	return mine, nil
}

// revokeMade revokes credentials of products that a user has created, by their references.
func (s *Service) revokeMade(tx *models.Tx, actor authz.Actor, userID int64, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	ctx := tx.Context()
	list, err := tx.MadeCredentials(ctx, actor.Scope(), userID, tx.Now().Add(-madeTime), maxMade)
	if err == nil {
		list, err = revocable(ctx, tx, actor, list)
	}
	if err != nil {
		return err
	}
	for _, ref := range slices.Compact(slices.Sorted(slices.Values(refs))) {
		i := slices.IndexFunc(list, func(m models.MadeCredential) bool { return m.Ref() == ref })
		if i < 0 {
			return fault.BadField("revoke", "One of these is already revoked. Check your selection, then send it again")
		}
		if err := revokeOne(tx, actor, list[i]); err != nil {
			return err
		}
	}
	return nil
}

func revokeOne(tx *models.Tx, actor authz.Actor, m models.MadeCredential) error {
	e := audit.Entry{
		Action:    audit.Delete,
		Kind:      audit.IngestKey,
		Name:      m.Name,
		ProductID: m.ProductID,
		Was:       audit.Values{"ends_in": m.Hint},
	}
	err := tx.LockProduct(m.ProductID)
	switch {
	case err != nil:
	case m.TokenID != 0:
		e.Kind, e.Was["role"] = audit.Token, string(m.Role)
		err = tx.DeleteToken(m.TokenID)
	default:
		err = tx.DeleteIngestKey(m.ProductID)
	}
	if err != nil {
		return err
	}
	return audit.Write(tx, actor, e)
}
