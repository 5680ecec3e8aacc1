package connection

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/models"
)

// Delete removes a connection with its deliveries. version is the version that the user saw, 0 for
// any; another is a Conflict error.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id, version int64) error {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		now, err := tx.ConnectionRow(tx.Context(), id)
		if err != nil {
			return err
		}
		if version != 0 && version != now.Version {
			return s.errChangedMeanwhile(tx.Context(), now.Connection)
		}
		if err := tx.DeleteConnection(id); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Delete, &c, nil)
	})
}

// Losses is what deleting a connection removes.
type Losses struct {
	Deliveries int // all, with those that wait
	Waiting    int // deliveries that are not sent yet
}

// Losses counts what deleting a connection would remove. The actor needs the right to edit the
// connection.
func (s *Service) Losses(ctx context.Context, actor authz.Actor, id int64) (Losses, error) {
	if _, err := s.editable(ctx, actor, id); err != nil {
		return Losses{}, err
	}
	waiting, err := s.store.Waiting(ctx, []int64{id})
	if err != nil {
		return Losses{}, err
	}
	lost := Losses{Waiting: waiting[id]}
	list, err := s.store.ConnectionTally(ctx, actor.Scope(), models.DeliveryFilter{ConnectionID: id})
	for _, t := range list {
		lost.Deliveries += t.N
	}
	return lost, err
}
