package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gatecrier/app/backup"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// BackupParams are the choices of a backup.
type BackupParams struct {
	Path      string
	Overwrite bool
	WithKey   bool
	Progress  backup.Progress
}

// Backup makes a backup of an installation, also while a server runs. It changes nothing in the
// database.
func Backup(ctx context.Context, o Options, p BackupParams) (backup.Manifest, error) {
	if err := o.Config.FindDatabase(); err != nil {
		return backup.Manifest{}, err
	}
	key := ""
	if p.WithKey {
		keys, err := o.Config.keys()
		if err != nil {
			return backup.Manifest{}, err
		}
		if keys == nil {
			return backup.Manifest{}, fmt.Errorf("the key file %s does not exist: put it back, or leave out --with-key",
				o.Config.keyPath())
		}
		key = secret.FormatKeys(keys)
	}
	return backup.Create(ctx, backup.CreateOptions{
		DatabaseURL: o.Config.databaseURL(),
		Path:        p.Path,
		Overwrite:   p.Overwrite,
		Used:        o.Config.files(),
		Key:         key,
		Program:     Version,
		Now:         o.Now,
		Progress:    p.Progress,
	})
}

// RestoreParams are the choices of a restore.
type RestoreParams struct {
	Path           string
	Replace        bool
	DiscardSecrets bool
	Progress       backup.Progress
}

// Restore restores a backup. It refuses to while a server runs on the SQLite database of the
// configuration.
func Restore(ctx context.Context, o Options, p RestoreParams) (r backup.Restored, err error) {
	keys, err := o.Config.keys()
	if err != nil {
		return r, err
	}
	if err := backup.Verify(p.Path, p.Progress); err != nil { // before the directory is made
		return r, err
	}
	lock, err := lockStopped(o.Config)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return backup.Restore(ctx, backup.RestoreOptions{
		Path:           p.Path,
		DatabaseURL:    o.Config.databaseURL(),
		KeyPath:        o.Config.keyPath(),
		Keys:           keys,
		Replace:        p.Replace,
		DiscardSecrets: p.DiscardSecrets,
		Log:            o.Log,
		Now:            o.Now,
		Progress:       p.Progress,
	})
}

// lockStopped locks the SQLite database of a configuration against servers.
func lockStopped(c Config) (io.Closer, error) {
	file := models.File(c.databaseURL())
	lock, err := lockServing(file)
	if err != nil {
		if errors.Is(err, errServed) {
			return nil, fmt.Errorf("a gatecrier server uses %s: stop it first", file)
		}
		return nil, err
	}
	return lock, nil
}

// Rotation is what a rotation of the key did.
type Rotation struct {
	Sealed    int    // values that were sealed again
	Path      string // the key file, "" for a key in the environment
	Continued bool   // an earlier rotation was finished
}

// RotateKey makes a new key and seals all secrets with it. Until that is done, the key file has both
// keys, so it can be interrupted at any point and repeated.
func RotateKey(ctx context.Context, o Options) (r Rotation, err error) {
	if err := o.Config.FindDatabase(); err != nil {
		return r, err
	}
	lock, err := lockStopped(o.Config)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	keys, err := o.Config.keys()
	if err != nil {
		return r, err
	}
	r.Path = o.Config.keyPath()
	if keys == nil {
		return r, fmt.Errorf("the key file %s does not exist: put it back", r.Path)
	}
	store, err := OpenStore(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := o.Config.checkKeys(ctx, store, keys); err != nil {
		return r, err
	}
	if r.Continued = len(keys) > 1; !r.Continued {
		if keys, err = o.Config.addKey(keys); err != nil {
			return r, err
		}
	}
	if r.Sealed, err = backup.Reseal(ctx, store, keys); err != nil {
		return r, err
	}
	// The log of the database still has values under the old key.
	if err := store.Checkpoint(ctx); err != nil || r.Path == "" {
		return r, err
	}
	return r, secret.WriteKeyFile(r.Path, keys[:1])
}

// DiscardKey removes all that the lost key of an installation has sealed, and returns what it removes.
// Unless confirmed, it only counts. It refuses to while the present key opens everything.
func DiscardKey(ctx context.Context, o Options, confirmed bool) (lost models.SealedCounts, err error) {
	if err := o.Config.FindDatabase(); err != nil {
		return lost, err
	}
	lock, err := lockStopped(o.Config)
	if err != nil {
		return lost, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	keys, err := o.Config.keys()
	if err != nil {
		return lost, err
	}
	store, err := OpenStore(ctx, o)
	if err != nil {
		return lost, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return backup.Discard(ctx, store, keys, !confirmed)
}

// addKey puts a new key before the old one in the key file. A key in the environment is changed by
// the operator.
func (c Config) addKey(keys [][]byte) ([][]byte, error) {
	if c.keyPath() == "" {
		return nil, errors.New("the key is in GATECRIER_SECRET_KEY, which this program cannot change: make a key with " +
			"openssl rand -base64 32, set GATECRIER_SECRET_KEY=NEW,OLD, and run gatecrier key rotate again")
	}
	key, err := secret.NewKey()
	if err != nil {
		return nil, err
	}
	keys = append([][]byte{key}, keys...)
	if err := secret.WriteKeyFile(c.keyPath(), keys); err != nil {
		return nil, fmt.Errorf("%w: make the file writable, or put a new key of openssl rand -base64 32 before the old "+
			"one in it yourself, and run gatecrier key rotate again", err)
	}
	return keys, nil
}

// checkKeys checks that keys are those of a database.
func (c Config) checkKeys(ctx context.Context, store *models.Store, keys [][]byte) error {
	ring, err := secret.NewRing(keys...)
	if err != nil {
		return err
	}
	return c.checkKey(ctx, store, ring)
}

// makeBackup makes a scheduled backup, without the key.
func makeBackup(ctx context.Context, o Options, path string) error {
	_, err := Backup(ctx, o, BackupParams{Path: path})
	return err
}
