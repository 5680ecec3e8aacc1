// Package connection keeps the saved configurations of modules: sealed, shown as a hint, and opened
// for a send.
package connection

import (
	"context"
	"encoding/json"
	"fmt"

	"gatecrier/app/module"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// Service manages connections.
type Service struct {
	store        *models.Store
	ring         *secret.Ring
	modules      *module.Registry
	warn         func(ctx context.Context, url string) string
	mailServerID int64 // the connection by which mail goes to people
}

// New returns a service. warn says what is doubtful about an address that is
// saved all the same, "" for nothing.
func New(
	store *models.Store, ring *secret.Ring, modules *module.Registry, warn func(ctx context.Context, url string) string,
) *Service {
	return &Service{store: store, ring: ring, modules: modules, warn: warn}
}

// Modules lists what a connection can be of.
func (s *Service) Modules() []module.Module { return s.modules.All() }

// Open opens a connection's configuration, for a send.
func (s *Service) Open(c models.Connection) (module.Config, error) {
	text, err := s.ring.Open(c.ConfigPlace(), c.Config)
	if err != nil {
		return nil, err
	}
	config := module.Config{}
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return nil, fmt.Errorf("decode %s", c.ConfigPlace()) // the cause could hold the content
	}
	return config, nil
}

func (s *Service) seal(c *models.Connection, w fieldTarget) error {
	text, err := json.Marshal(w.config)
	if err != nil {
		return fmt.Errorf("encode a configuration: %w", err)
	}
	if m, ok := s.modules.Get(w.module); ok {
		c.Hint = m.Hint(w.config)
	}
	c.Config, err = s.ring.Seal(c.ConfigPlace(), string(text))
	return err
}
