package connection

import (
	"context"
	"maps"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// TurnedOff is the reason of a delivery that is not sent because its target is turned off.
const TurnedOff = "The target is turned off"

// Change is a change of a connection; a nil field stays as it is. Config replaces the values that
// it names and keeps the others.
type Change struct {
	Name    *string
	Enabled *bool
	Config  module.Config
	// Waiting is what happens to the messages that wait if the connection is off after the change.
	Waiting Waiting
	Version int64 // the version that the user saw; 0 accepts any
}

// Update changes a connection that the actor can edit. It returns a conflict if the connection has
// another version than the change expects.
func (s *Service) Update(ctx context.Context, actor authz.Actor, id int64, c Change) (Saved, error) {
	now, err := s.editable(ctx, actor, id)
	if err != nil {
		return Saved{}, err
	}
	if c.Version != 0 && c.Version != now.Version {
		return Saved{}, s.errChangedMeanwhile(ctx, now)
	}
	before, saved := now, Saved{Made: module.Config{}}
	var invalid error
	if c.Name != nil {
		now.Name, invalid = visible.Name(*c.Name), checkName(*c.Name)
	}
	invalid = fault.Join(invalid, c.turn(&now))
	if len(c.Config) > 0 {
		saved.Warning, err = s.reconfigure(ctx, &now, c.Config)
		invalid = fault.Join(invalid, err)
	}
	if invalid != nil {
		return Saved{}, invalid
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		saved.Connection = now
		if now.Enabled && !before.Enabled {
			if err := tx.RequireCancelled(now.ID); err != nil {
				return err
			}
		}
		if err := tx.SaveConnection(&saved.Connection); err != nil {
			return err
		}
		if err := writeAudit(tx, actor, audit.Change, &before, &saved.Connection); err != nil {
			return err
		}
		if !now.Enabled {
			return cancelWaiting(tx, now)
		}
		if before.KeepsWaiting {
			if err := tx.FreeKept(now.ID); err != nil {
				return err
			}
		}
		if now.Endpoint() != now.ID || len(c.Config) == 0 && before.Enabled {
			return nil
		}
		return tx.Resume(now.ID) // the new configuration can work
	})
	return saved, err
}

// reconfigure merges a change into the configuration of c. It does nothing if that changes no
// value.
func (s *Service) reconfigure(
	ctx context.Context, c *models.Connection, change module.Config,
) (warning string, err error) {
	config, err := s.Open(*c)
	if err != nil {
		return "", err
	}
	m, ok := s.modules.Get(c.Module)
	if !ok {
		return "", fault.BadField("module", "This module does not exist")
	}
	for _, f := range m.Descriptor().Fields {
		if _, asked := change[f.Name]; asked && f.Hidden {
			return "", fault.BadField(f.Name, "this field does not exist")
		}
	}
	was := maps.Clone(config)
	maps.Copy(config, change)
	if err := keepsSecrets(m.Descriptor(), was, config, change); err != nil {
		return "", err
	}
	_, config, err = s.prepare(Draft{Module: c.Module, Name: c.Name, Config: config}, false)
	if err != nil || maps.Equal(was, config) {
		return "", err
	}
	return s.warn(ctx, config["url"]), s.setConfig(c, config)
}
