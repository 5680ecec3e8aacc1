package product

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"gatecrier/app/account"
	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// IngestKey returns the key that programs report a product's exceptions with, for actors who can
// import into the product. ok is false if it has none.
func (s *Service) IngestKey(
	ctx context.Context, actor authz.Actor, productID int64,
) (k models.IngestKey, ok bool, err error) {
	if err := authz.Require(ctx, s.store, actor, authz.Import, productID); err != nil {
		return models.IngestKey{}, false, err
	}
	return s.store.IngestKey(ctx, models.SystemScope("the right to import was checked"), productID)
}

// ShowIngestKey is IngestKey for a user who will see the key: the audit log has who did.
func (s *Service) ShowIngestKey(
	ctx context.Context, actor authz.Actor, productID int64,
) (k models.IngestKey, err error) {
	if err := authz.Require(ctx, s.store, actor, authz.Import, productID); err != nil {
		return models.IngestKey{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := authz.RequireCurrent(tx, actor); err != nil {
			return err
		}
		found, ok, err := tx.IngestKey(tx.Context(), models.SystemScope("the right to import was checked"), productID)
		if err != nil {
			return err
		}
		if k = found; !ok {
			return fault.NewNotFound("DSN")
		}
		return audit.Write(tx, actor, audit.Entry{
			Action:    audit.Show,
			Kind:      audit.IngestKey,
			Name:      "ingest key",
			ProductID: productID,
			Was:       keyValues(k),
		})
	})
	return k, err
}

// NewIngestKey gives a product a new key, for actors who can edit the product. The earlier key
// stops working.
func (s *Service) NewIngestKey(ctx context.Context, actor authz.Actor, productID int64) (models.IngestKey, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, productID); err != nil {
		return models.IngestKey{}, err
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return models.IngestKey{}, err
	}
	k := models.IngestKey{
		ProductID: productID, Key: hex.EncodeToString(random[:]), CreatedBy: actor.Label, CreatedByID: actor.User.ID,
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		former, had, err := tx.IngestKey(tx.Context(), models.SystemScope("the right to edit was checked"), productID)
		if err != nil {
			return err
		}
		e := audit.Entry{
			Action:    audit.Create,
			Kind:      audit.IngestKey,
			Name:      "ingest key",
			ProductID: productID,
			Became:    keyValues(k),
		}
		if had {
			e.Action, e.Was = audit.Change, keyValues(former)
		}
		k.CreatedAt = tx.Now()
		if err := tx.SaveIngestKey(k); err != nil {
			return err
		}
		if err := audit.Write(tx, actor, e); err != nil {
			return err
		}
		return s.notify(tx, actor, productID, account.KeyNotice)
	})
	return k, err
}

// RemoveIngestKey removes a product's key. Programs that report with it are refused at once.
func (s *Service) RemoveIngestKey(ctx context.Context, actor authz.Actor, productID int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, productID); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		k, had, err := tx.IngestKey(tx.Context(), models.SystemScope("the right to edit was checked"), productID)
		if err != nil || !had {
			return err
		}
		if err := tx.DeleteIngestKey(productID); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action:    audit.Delete,
			Kind:      audit.IngestKey,
			Name:      "ingest key",
			ProductID: productID,
			Was:       keyValues(k),
		})
	})
}

func keyValues(k models.IngestKey) audit.Values { return audit.Values{"ends_in": k.Key[len(k.Key)-4:]} }

// DSN returns the address for a Sentry SDK. It has the key as its user, and is "" if baseURL is
// not a URL.
func DSN(baseURL string, k models.IngestKey) string {
	u, err := url.Parse(baseURL)
	if err != nil {
		return ""
	}
	u.User = url.User(k.Key)
	return u.JoinPath(strconv.FormatInt(k.ProductID, 10)).String() //nolint:gosec // G125: a number has nothing to escape
}

// MaskedDSN returns the DSN with only the last four characters of its key, to recognize it by.
func MaskedDSN(baseURL string, k models.IngestKey) string {
	at := len(k.Key) - 4
	return strings.Replace(DSN(baseURL, k), k.Key, strings.Repeat("•", 8)+k.Key[at:], 1)
}
