package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// IngestKey lets other programs report a product's exceptions, and do nothing else. It is no
// secret: it is part of the address (DSN) that a Sentry SDK is given.
type IngestKey struct {
	ProductID int64
	Key       string // 32 hexadecimal digits
	CreatedBy string
	CreatedAt time.Time
}

const ingestKeyColumns = "k.product_id, k.key, k.created_by, k.created_at"

func (k *IngestKey) dst() []any {
	return []any{&k.ProductID, &k.Key, &k.CreatedBy, timeTo(&k.CreatedAt)}
}

// IngestKey finds the key of a product in scope; ok is false if it has none.
func (r queries) IngestKey(ctx context.Context, scope Scope, productID int64) (k IngestKey, ok bool, err error) {
	cond, args := scope.where("k.product_id")
	err = r.get(ctx, `
		SELECT `+ingestKeyColumns+`
		FROM ingest_keys k
		WHERE k.product_id = ?
		AND `+cond, append([]any{productID}, args...), k.dst()...)
	if errors.Is(err, sql.ErrNoRows) {
		return IngestKey{}, false, nil
	}
	return k, err == nil, err
}

// IngestKeyIs reports whether a key is that of a product.
func (r queries) IngestKeyIs(ctx context.Context, productID int64, key string) (bool, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM ingest_keys WHERE key = ? AND product_id = ?",
		[]any{key, productID}, &n)
	return n > 0, err
}

// SaveIngestKey gives a product a key, in place of the one that it had.
func (tx *Tx) SaveIngestKey(k IngestKey) error {
	_, err := tx.exec(`
		INSERT INTO ingest_keys (product_id, key, created_by, created_at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (product_id) DO UPDATE SET key = excluded.key, created_by = excluded.created_by,
			created_at = excluded.created_at`, k.ProductID, k.Key, k.CreatedBy, micro(tx.Now()))
	return err
}

// DeleteIngestKey removes a product's key.
func (tx *Tx) DeleteIngestKey(productID int64) error {
	_, err := tx.exec("DELETE FROM ingest_keys WHERE product_id = ?", productID)
	return err
}
