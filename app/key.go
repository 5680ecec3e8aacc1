package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatecrier/app/secret"
	"gatecrier/models"
)

// keyFileName is the name of the key's file in the data directory, unless the configuration names another.
const keyFileName = "secret.key"

// keyPath returns the path of the key's file, "" if the environment has the key itself.
func (c Config) keyPath() string {
	switch {
	case c.SecretKey != "":
		return ""
	case c.SecretKeyFile != "":
		return c.SecretKeyFile
	}
	return filepath.Join(c.DataDir, keyFileName)
}

// keys reads the keys that open secrets, the one that seals them first. It returns nil if the file
// does not exist.
func (c Config) keys() ([][]byte, error) {
	path := c.keyPath()
	if path == "" {
		keys, err := secret.ParseKeys(c.SecretKey)
		if err != nil {
			return nil, fmt.Errorf("GATECRIER_SECRET_KEY: %w", err)
		}
		return keys, nil
	}
	keys, err := secret.ReadKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return keys, err
}

// checkWhole refuses a key file beside a SQLite database that does not exist or is empty: the rest of
// the installation is missing, and a new one would hide that. A key from elsewhere, such as the
// environment, is not beside it: it exists before the first start.
func (c Config) checkWhole(ctx context.Context) error {
	key, file := c.keyPath(), models.File(c.databaseURL())
	if file == "" || !c.keyIsBeside(file) {
		return nil
	}
	if _, err := os.Stat(key); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("find the key file: %w", err)
	}
	has, err := models.HasTables(ctx, file)
	if err != nil {
		return fmt.Errorf("look into %s: %w", file, err)
	}
	if has {
		return nil
	}
	const text = "the key file %s exists, but its database %s is missing or empty: put the database back, " +
		"or restore a backup with gatecrier restore FILE, or move the key file away to start without any data"
	return fmt.Errorf(text, key, file)
}

// keyIsBeside reports whether the key is a file that belongs to the directory of the database or of
// the data.
func (c Config) keyIsBeside(database string) bool {
	if c.SecretKey != "" {
		return false
	}
	key, err := filepath.Abs(c.keyPath())
	if err != nil {
		return true
	}
	file, err := filepath.Abs(database)
	return c.SecretKeyFile == "" || err != nil || filepath.Dir(key) == filepath.Dir(file)
}

// openRing returns the ring of the keys. It refuses keys that are not the database's. It creates a
// key only for a database without secrets: a new key cannot open any.
func openRing(ctx context.Context, o Options, store *models.Store, keys [][]byte) (*secret.Ring, error) {
	if keys == nil {
		var err error
		if keys, err = newKey(ctx, o, store); err != nil {
			return nil, err
		}
	}
	r, err := secret.NewRing(keys...)
	if err != nil {
		return nil, err
	}
	if len(keys) > 1 {
		o.Log.Warn("the rotation of the key is not finished: stop the program, and run gatecrier key rotate")
	}
	return r, o.Config.checkKey(ctx, store, r)
}

func newKey(ctx context.Context, o Options, store *models.Store) ([][]byte, error) {
	path := o.Config.keyPath()
	if needs, err := store.NeedsKey(ctx); err != nil {
		return nil, err
	} else if needs {
		const text = "the key file %s does not exist, and this database's secrets are encrypted with its key: " +
			"put back your copy of it, or set GATECRIER_SECRET_KEY, " +
			"or restore a backup that has the key with gatecrier restore FILE"
		return nil, fmt.Errorf(text, path)
	}
	keys, created, err := secret.KeyFile(path)
	if created {
		o.Log.Info("create key file: back it up, secrets cannot be decrypted without it", "path", path)
	}
	return keys, err
}

// checkKey checks the key by opening a value that the database's key has sealed.
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
		const text = "%s is not the key of this database: start it with the key that it was created with (%w)"
		return fmt.Errorf(text, name, err)
	}
	return nil
}

// saveKeyCheck saves the value for checkKey at the first start, then checks it: of two programs
// that start at once with different keys, one is refused.
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
