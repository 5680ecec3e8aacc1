package product

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// IngestKey finds the key that other programs report a product's exceptions
// with, for those who may import into it; ok is false where it has none.
func (s *Service) IngestKey(ctx context.Context, actor authz.Actor, productID int64) (k models.IngestKey, ok bool, err error) {
	if err := authz.Require(ctx, s.store, actor, authz.Import, productID); err != nil {
		return models.IngestKey{}, false, err
	}
	return s.store.IngestKey(ctx, models.SystemScope("the right to read it was checked"), productID)
}

// MakeIngestKey gives a product a key, in place of the one that it had, which
// counts no more.
func (s *Service) MakeIngestKey(ctx context.Context, actor authz.Actor, productID int64) (models.IngestKey, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, productID); err != nil {
		return models.IngestKey{}, err
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return models.IngestKey{}, err
	}
	k := models.IngestKey{ProductID: productID, Key: hex.EncodeToString(random), CreatedBy: actor.Label}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		_, had, err := tx.IngestKey(tx.Context(), models.SystemScope("the right to replace it was checked"), productID)
		if err != nil {
			return err
		}
		k.CreatedAt = tx.Now()
		if err := tx.SaveIngestKey(k); err != nil {
			return err
		}
		return audit.Write(tx, actor, keyEntry(productID, had, true))
	})
	return k, err
}

// RemoveIngestKey takes a product's key away: what uses it is refused from then
// on.
func (s *Service) RemoveIngestKey(ctx context.Context, actor authz.Actor, productID int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, productID); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		_, had, err := tx.IngestKey(tx.Context(), models.SystemScope("the right to remove it was checked"), productID)
		if err != nil {
			return err
		}
		if !had {
			return fault.Missing("ingest key")
		}
		if err := tx.DeleteIngestKey(productID); err != nil {
			return err
		}
		return audit.Write(tx, actor, keyEntry(productID, true, false))
	})
}

func keyEntry(productID int64, had, has bool) audit.Entry {
	e := audit.Entry{Action: audit.Change, Kind: audit.IngestKey, Name: "ingest key", ProductID: productID}
	switch {
	case !had:
		e.Action = audit.Create
	case !has:
		e.Action = audit.Delete
	}
	if had {
		e.Was = audit.Values{"key": audit.Masked}
	}
	if has {
		e.Became = audit.Values{"key": audit.Masked}
	}
	return e
}

// DSN is the address that a Sentry SDK is given, for a product's key; "" where
// base is no address.
func DSN(base, key string, productID int64) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User, u.Path, u.RawQuery = url.User(key), u.Path+"/"+strconv.FormatInt(productID, 10), ""
	return u.String()
}
