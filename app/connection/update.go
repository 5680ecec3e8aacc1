package connection

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// TurnedOff is why a delivery to a target that is turned off is not made.
const TurnedOff = "The target is turned off"

// Change says what to change of a connection; nil leaves a thing as it is. A
// configuration replaces the values it names and keeps the others.
type Change struct {
	Name    *string
	Enabled *bool
	Config  module.Config
	Version int64 // that was seen; another one by now is a conflict, 0 is any
}

// Update changes a connection of a product.
func (s *Service) Update(ctx context.Context, actor authz.Actor, id int64, c Change) (Saved, error) {
	now, err := s.editable(ctx, actor, id)
	if err != nil {
		return Saved{}, err
	}
	if c.Version != 0 && c.Version != now.Version {
		return Saved{}, s.errChangedMeanwhile(ctx, now)
	}
	before, saved := now, Saved{Made: module.Config{}}
	if c.Name != nil {
		if why := nameProblem(strings.TrimSpace(*c.Name)); why != "" {
			return Saved{}, fault.BadField("name", why)
		}
		now.Name = strings.TrimSpace(*c.Name)
	}
	if c.Enabled != nil {
		now.Enabled, now.DisabledWhy = *c.Enabled, ""
	}
	if len(c.Config) > 0 {
		if saved.Warning, err = s.reconfigure(ctx, &now, c.Config); err != nil {
			return Saved{}, err
		}
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		saved.Connection = now
		if err := tx.SaveConnection(&saved.Connection); err != nil {
			return err
		}
		if err := writeAudit(tx, actor, audit.Change, &before, &saved.Connection); err != nil {
			return err
		}
		if !now.Enabled {
			return tx.CancelWaiting(now.ID, TurnedOff)
		}
		if now.Endpoint() != now.ID || len(c.Config) == 0 && before.Enabled {
			return nil
		}
		return tx.Resume(now.ID) // it may be right now
	})
	return saved, err
}

func (s *Service) reconfigure(
	ctx context.Context, c *models.Connection, change module.Config,
) (warning string, err error) {
	config, err := s.Open(*c)
	if err != nil {
		return "", err
	}
	m, ok := s.modules.Get(c.Module)
	if !ok {
		return "", fault.BadField("module", "There is no module of that name")
	}
	for _, f := range m.Descriptor().Fields {
		if _, asked := change[f.Name]; asked && f.Hidden {
			return "", fault.BadField(f.Name, "there is no such field")
		}
	}
	was := maps.Clone(config)
	maps.Copy(config, change)
	_, config, err = s.prepare(Draft{Module: c.Module, Name: c.Name, Config: config}, false)
	if err != nil || maps.Equal(was, config) {
		return "", err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("encode a configuration: %w", err)
	}
	c.Hint = m.Hint(config)
	c.Config, err = s.ring.Seal(c.ConfigPlace(), string(text))
	return s.warn(ctx, config["url"]), err
}
