package app

import (
	"context"
	"errors"

	"gatecrier/app/secret"
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

// warnShared warns of a SQLite file that other users of the machine can read.
func warnShared(o Options) {
	file := models.File(o.Config.databaseURL())
	if mode, shared := secret.Shared(file); file != "" && shared {
		o.Log.Warn("other users can read the database: run chmod 600 on it", "path", file, "mode", mode)
	}
}
