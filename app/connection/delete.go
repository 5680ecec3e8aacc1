package connection

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/models"
)

// Delete removes a connection of a product, with its deliveries.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id int64) error {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.DeleteConnection(id); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Delete, &c, nil)
	})
}

// Losses are what is lost with a connection.
type Losses struct {
	Deliveries int // with those that wait
	Waiting    int
}

// Losses counts what would be lost with a connection that the actor may edit.
func (s *Service) Losses(ctx context.Context, actor authz.Actor, id int64) (Losses, error) {
	if _, err := s.editable(ctx, actor, id); err != nil {
		return Losses{}, err
	}
	waiting, err := s.store.Waiting(ctx, []int64{id})
	if err != nil {
		return Losses{}, err
	}
	lost := Losses{Waiting: waiting[id]}
	list, err := s.store.LedgerTally(ctx, actor.Scope(), models.LedgerFilter{ConnectionID: id})
	for _, t := range list {
		lost.Deliveries += t.N
	}
	return lost, err
}
