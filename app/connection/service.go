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
	mailServerID int64 // of the connection that mails users; see EnsurePeople
}

// New returns a service. warn returns what will keep messages to a URL from arriving, "" for
// nothing; such a URL is saved all the same.
func New(
	store *models.Store, ring *secret.Ring, modules *module.Registry, warn func(ctx context.Context, url string) string,
) *Service {
	return &Service{store: store, ring: ring, modules: modules, warn: warn}
}

// Modules returns the modules that a connection can use.
func (s *Service) Modules() []module.Module { return s.modules.All() }

// Open returns a connection's configuration in the clear, for a send. Its errors quote nothing of
// the content.
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

// create inserts a connection with its configuration and its hint.
func (s *Service) create(tx *models.Tx, c *models.Connection, config module.Config) error {
	s.setHint(c, config)
	return tx.CreateConnection(c, func(path string) (secret.Text, error) { return s.seal(path, config) })
}

// setConfig changes the configuration of c, and its hint.
func (s *Service) setConfig(c *models.Connection, config module.Config) (err error) {
	s.setHint(c, config)
	c.Config, err = s.seal(c.ConfigPlace(), config)
	return err
}

func (s *Service) setHint(c *models.Connection, config module.Config) {
	if m, ok := s.modules.Get(c.Module); ok {
		c.Hint = m.Hint(config)
	}
}

func (s *Service) seal(path string, config module.Config) (secret.Text, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return secret.Text{}, fmt.Errorf("encode a configuration: %w", err)
	}
	return s.ring.Seal(path, string(text))
}
