package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gatecrier/models"
)

// OpenStore opens and migrates the database of a configuration. It refuses to create one beside an
// existing key.
func OpenStore(ctx context.Context, o Options) (*models.Store, error) {
	if err := o.Config.checkWhole(ctx); err != nil {
		return nil, err
	}
	store, err := models.OpenAlone(ctx, models.Options{URL: o.Config.databaseURL(), Log: o.Log, Now: o.Now})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// errServed is the error for a SQLite file that a server uses.
var errServed = errors.New("stop it first, or use PostgreSQL for several")

// lockServing locks a SQLite file, so that only one program serves it: a second one would send
// every message again. Instances on PostgreSQL (file "") share their work through the database
// and need no lock.
func lockServing(file string) (io.Closer, error) {
	if file == "" {
		return io.NopCloser(nil), nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's directory: %w", err)
	}
	lock, err := models.TryLock(file + ".lock")
	if errors.Is(err, models.ErrLocked) {
		return nil, fmt.Errorf("another gatecrier serves %s: %w", file, errServed)
	}
	return lock, err
}
