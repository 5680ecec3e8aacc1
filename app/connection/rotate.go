package connection

import (
	"context"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// overlap is how long the former secret stays valid after a rotation.
const overlap = 24 * time.Hour

// Rotated is a connection whose secret was replaced.
type Rotated struct {
	models.Connection
	Secret string    // the new one, shown only this once
	Until  time.Time // until when the former one is valid too
}

// Rotate replaces the secret of a connection. The former one stays valid for 24 hours.
func (s *Service) Rotate(ctx context.Context, actor authz.Actor, id int64) (Rotated, error) {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return Rotated{}, err
	}
	m, _ := s.modules.Get(c.Module)
	rotator, can := m.(module.Rotator)
	if !can {
		return Rotated{}, fault.New(fault.Invalid, "This kind of connection has no signing secret to replace")
	}
	config, err := s.Open(c)
	if err != nil {
		return Rotated{}, err
	}
	out := Rotated{Until: s.store.Now().Add(overlap)}
	before := c
	config = rotator.Rotate(config, out.Until)
	for _, f := range m.Descriptor().Fields {
		if f.Generated {
			out.Secret = config[f.Name]
		}
	}
	if err := s.setConfig(&c, config); err != nil {
		return Rotated{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		out.Connection = c // a transaction that fails on a conflict runs again
		if err := tx.SaveConnection(&out.Connection); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Change, &before, &out.Connection)
	})
	return out, err
}
