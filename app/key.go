package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"gatecrier/app/secret"
	"gatecrier/models"
)

// keyPath is where the key's file is or will be, "" where the key itself is in
// the environment.
func (c Config) keyPath() string {
	switch {
	case c.SecretKey != "":
		return ""
	case c.SecretKeyFile != "":
		return c.SecretKeyFile
	}
	return filepath.Join(c.DataDir, "secret.key")
}

// key reads the key that seals secrets; nil where its file is not there yet.
func (c Config) key() ([]byte, error) {
	path := c.keyPath()
	if path == "" {
		key, err := secret.ParseKey(c.SecretKey)
		if err != nil {
			return nil, fmt.Errorf("GATECRIER_SECRET_KEY: %w", err)
		}
		return key, nil
	}
	key, err := secret.ReadKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return key, err
}

// openRing makes a ring of the key, and refuses one that is not the database's. A
// new key is made for a database without users alone: others have secrets that
// it would not open.
func openRing(ctx context.Context, o Options, store *models.Store, key []byte) (*secret.Ring, error) {
	if key == nil {
		var err error
		if key, err = newKey(ctx, o, store); err != nil {
			return nil, err
		}
	}
	r, err := secret.NewRing(key)
	if err != nil {
		return nil, err
	}
	return r, o.Config.checkKey(ctx, store, r)
}

func newKey(ctx context.Context, o Options, store *models.Store) ([]byte, error) {
	path := o.Config.keyPath()
	if has, err := store.HasUsers(ctx); err != nil {
		return nil, err
	} else if has {
		return nil, fmt.Errorf(
			"the key file %s is not there, and this database's secrets are sealed with its key: put back your copy of it",
			path,
		)
	}
	key, made, err := secret.KeyFile(path)
	if made {
		o.Log.Info("key file made: keep a copy, secrets cannot be opened without it", "path", path)
	}
	return key, err
}

// checkKey opens a value that the database's key has sealed.
func (c Config) checkKey(ctx context.Context, store *models.Store, r *secret.Ring) error {
	place, sealed, err := store.KeyCheck(ctx)
	if err != nil {
		return fmt.Errorf("read the check of the key: %w", err)
	}
	if _, err := r.Open(place, sealed); err != nil {
		name := c.keyPath()
		if name == "" {
			name = "GATECRIER_SECRET_KEY"
		}
		return fmt.Errorf(
			"%s is not the key of this database: give it the key that it was first started with (%w)",
			name,
			err,
		)
	}
	return nil
}

// saveKeyCheck leaves a value for checkKey at the first start. Of two that
// start at once, each with a key of its own, one is refused here.
func (a *App) saveKeyCheck(ctx context.Context, r *secret.Ring) error {
	sealed, err := r.Seal(models.KeyCheckPlace, "gatecrier")
	if err != nil {
		return err
	}
	if err := a.Store.Write(ctx, func(tx *models.Tx) error { return tx.SaveKeyCheck(sealed) }); err != nil {
		return fmt.Errorf("keep the check of the key: %w", err)
	}
	return a.config.checkKey(ctx, a.Store, r)
}
