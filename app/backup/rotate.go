package backup

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// sealBatch bounds the values that one transaction seals again.
const sealBatch = 100

// errSealed is the error for secrets that no given key opens.
var errSealed = errors.New("a secret does not open")

// hasSealed reports whether a database has any sealed value.
func hasSealed(ctx context.Context, store *models.Store) (bool, error) {
	list, _, err := store.SealedValues(ctx, models.SealedPage{}, 1)
	return len(list) > 0, err
}

// openAll returns an error that matches errSealed unless the keys open all secrets of a database.
func openAll(ctx context.Context, store *models.Store, keys [][]byte) error {
	ring, err := secret.NewRing(keys...)
	if err != nil {
		return err
	}
	return forSealed(ctx, store, func(list []models.SealedValue) error {
		for _, v := range list {
			if _, err := ring.Open(v.Place, v.Text); err != nil {
				return fmt.Errorf("%w: %w", errSealed, err)
			}
		}
		return nil
	})
}

// forSealed calls fn for all sealed values, in batches.
func forSealed(ctx context.Context, store *models.Store, fn func(list []models.SealedValue) error) error {
	for page := (models.SealedPage{}); ; {
		list, next, err := store.SealedValues(ctx, page, sealBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := fn(list); err != nil {
			return err
		}
		page = next
	}
}

// Reseal seals all secrets of a database with the first of the keys; the others only open older ones.
// It returns how many it sealed. It can be interrupted and repeated at any point.
func Reseal(ctx context.Context, store *models.Store, keys [][]byte) (sealed int, err error) {
	ring, err := secret.NewRing(keys...)
	if err != nil {
		return 0, err
	}
	if err := openAll(ctx, store, keys); err != nil { // before anything changes
		return 0, err
	}
	err = forSealed(ctx, store, func(list []models.SealedValue) error {
		n := 0
		err := store.Write(ctx, func(tx *models.Tx) error {
			n = 0
			for _, v := range list {
				if ring.Current(v.Text) {
					continue
				}
				text, err := ring.Open(v.Place, v.Text)
				if err != nil {
					return err
				}
				again, err := ring.Seal(v.Place, text)
				if err != nil {
					return err
				}
				if err := tx.Reseal(v, again); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		sealed += n
		return err
	})
	if err == nil {
		err = openAll(ctx, store, keys[:1])
	}
	if err != nil {
		return sealed, err
	}
	return sealed, store.Write(ctx, func(tx *models.Tx) error {
		return audit.Write(tx, authz.CommandLine, audit.Entry{
			Action: audit.Change,
			Kind:   audit.Key,
			Name:   "key of the installation",
			Was:    audit.Values{"key": audit.Masked},
			Became: audit.Values{"key": audit.Masked, "encrypted_again": strconv.Itoa(sealed)},
		})
	})
}
