// Package product manages products and product groups: their settings, branches, members,
// tokens and keys.
package product

import (
	"context"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// DefaultBranch is the name of a default branch, unless the product names another.
const DefaultBranch = "main"

// Service manages products.
type Service struct {
	store *models.Store
	gates *gate.Service
	conns *connection.Service
	users func() settings.Users
	sweep func() // evaluates all gates in the background
	// Notify stores an email to a user about what they have created; nil: none is sent.
	Notify func(tx *models.Tx, u models.User, n account.Notice) error
}

// New returns a service. sweep starts an evaluation of all gates in the background.
func New(
	store *models.Store, gates *gate.Service, conns *connection.Service, users func() settings.Users, sweep func(),
) *Service {
	return &Service{store: store, gates: gates, conns: conns, users: users, sweep: sweep}
}

// saveWithTargets runs save and a change of the target fields in one transaction. save returns
// the product or the group that the fields belong to. The errors of all fields are returned together.
func (s *Service) saveWithTargets(
	ctx context.Context, actor authz.Actor, targets connection.FieldsChange, save func(*models.Tx) (Owner, error),
) error {
	apply, _, planErr := s.conns.PlanFields(ctx, actor, targets)
	if planErr != nil && len(fault.FieldsOf(planErr)) == 0 {
		return planErr
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		owner, err := save(tx)
		if err := fault.Join(err, planErr); err != nil {
			return err
		}
		return apply(tx, owner)
	})
}
