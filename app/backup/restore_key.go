package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gatecrier/app/secret"
	"gatecrier/models"
)

// chooseKey finds out which keys open all secrets: those of this installation, or those of the backup.
func (r *restore) chooseKey(ctx context.Context, store *models.Store) error {
	sealed, err := hasSealed(ctx, store)
	if err != nil {
		return err
	}
	if !sealed && r.archive.key == "" {
		return nil
	}
	if r.Keys != nil {
		switch err := openAll(ctx, store, r.Keys); {
		case err == nil:
			r.KeySource = "key"
			return nil
		case !errors.Is(err, errSealed):
			return err
		}
	}
	if r.archive.key != "" {
		return r.chooseBackupKey(ctx, store)
	}
	if r.Lost, err = store.CountSealed(ctx); err != nil {
		return err
	}
	if r.DiscardSecrets {
		r.Discarded = true
		return store.Write(ctx, (*models.Tx).DiscardSecrets)
	}
	where := "GATECRIER_SECRET_KEY is not the key"
	switch {
	case r.Keys == nil:
		where = r.KeyPath + " does not exist"
	case r.KeyPath != "":
		where = r.KeyPath + " is not the key"
	}
	return fmt.Errorf("no key opens the secrets of the backup: %s. Put the key of the installation there, "+
		"or restore with --discard-secrets, without %s", where, LostText(r.Lost))
}

// chooseBackupKey takes the keys of the backup. It refuses to replace other ones unless the database is
// to be replaced too.
func (r *restore) chooseBackupKey(ctx context.Context, store *models.Store) error {
	keys, err := secret.ParseKeys(r.archive.key)
	if err == nil {
		err = openAll(ctx, store, keys)
	}
	switch {
	case err != nil:
		return fmt.Errorf("the key of the backup does not open its secrets: %w", err)
	case r.KeyPath == "":
		return errors.New("GATECRIER_SECRET_KEY is not the key of the backup, which has its own: " +
			"unset it, so that the key file is restored, or set it to that key")
	case r.Keys != nil && !r.Replace:
		return fmt.Errorf("the key file %s is not the key of the backup, which has its own: "+
			"move the file away, or replace it with --force, which keeps it under another name", r.KeyPath)
	}
	r.KeySource, r.newKeys = "backup", keys
	return nil
}

// beginKey makes sure that the key file opens both databases, whichever a crash leaves.
func (r *restore) beginKey() error {
	if r.newKeys == nil {
		return nil
	}
	if r.Keys != nil {
		kept := r.keptName(r.KeyPath)
		if err := secret.WriteKeyFile(kept, r.Keys); err != nil {
			return err
		}
		r.Kept = append(r.Kept, kept)
	}
	if err := os.MkdirAll(filepath.Dir(r.KeyPath), 0o700); err != nil {
		return err
	}
	return secret.WriteKeyFile(r.KeyPath, slices.Concat(r.newKeys, r.Keys))
}

// endKey leaves the keys of the restored database alone in the key file.
func (r *restore) endKey() error {
	if r.newKeys == nil {
		return nil
	}
	r.KeyWritten = r.KeyPath
	return secret.WriteKeyFile(r.KeyPath, r.newKeys)
}
