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
	// CreatedByID is the id of that user, 0 for none. Only SaveIngestKey uses it.
	CreatedByID int64
	CreatedAt   time.Time
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

// KeyCount is a number of events in a minute or a day, which is numbered since 1970 in UTC.
type KeyCount struct{ At, N int64 }

// Add returns the count with that of another writer: the sum in the same minute or day, else the
// other's, unless that is empty.
func (c KeyCount) Add(other KeyCount) KeyCount {
	switch {
	case other.N == 0:
		return c
	case c.At == other.At:
		other.N += c.N
	}
	return other
}

// In returns the events in a minute or day.
func (c KeyCount) In(at int64) int64 {
	if c.At != at {
		return 0
	}
	return c.N
}

// KeyUse is how many events a key has reported in its last minute and its last day.
type KeyUse struct{ Minute, Day KeyCount }

const keyUseSelect = `
	SELECT minute, minute_count, day, day_count
	FROM ingest_keys
	WHERE key = ?
	AND product_id = ?`

func (u *KeyUse) dst() []any { return []any{&u.Minute.At, &u.Minute.N, &u.Day.At, &u.Day.N} }

// IngestKeyUse reads how much a key of a product has reported; ok is false if the product has
// another key or none.
func (r queries) IngestKeyUse(ctx context.Context, productID int64, key string) (u KeyUse, ok bool, err error) {
	err = r.get(ctx, keyUseSelect, []any{key, productID}, u.dst()...)
	if errors.Is(err, sql.ErrNoRows) {
		return KeyUse{}, false, nil
	}
	return u, err == nil, err
}

// AddKeyUse adds what a key has reported, and returns all that it has; ok is false if it has been
// replaced or removed.
func (tx *Tx) AddKeyUse(productID int64, key string, more KeyUse) (u KeyUse, ok bool, err error) {
	query := keyUseSelect
	if tx.dialect == Postgres {
		query += " FOR UPDATE"
	}
	err = tx.get(tx.Context(), query, []any{key, productID}, u.dst()...)
	if errors.Is(err, sql.ErrNoRows) {
		return KeyUse{}, false, nil
	}
	if err != nil {
		return KeyUse{}, false, err
	}
	u = KeyUse{Minute: u.Minute.Add(more.Minute), Day: u.Day.Add(more.Day)}
	_, err = tx.exec("UPDATE ingest_keys SET minute = ?, minute_count = ?, day = ?, day_count = ? WHERE key = ?",
		u.Minute.At, u.Minute.N, u.Day.At, u.Day.N, key)
	return u, err == nil, err
}

// MarkKeyExceeded records that the owners are notified of a key that exceeded its budget, and
// reports whether they are: not if they were within a time.
func (tx *Tx) MarkKeyExceeded(productID int64, key string, within time.Duration) (bool, error) {
	now := tx.Now()
	n, err := tx.exec(`
		UPDATE ingest_keys
		SET exceeded_at = ?
		WHERE key = ?
		AND product_id = ?
		AND (exceeded_at IS NULL OR exceeded_at <= ? OR exceeded_at > ?)`,
		micro(now), key, productID, micro(now.Add(-within)), micro(now))
	return n > 0, err
}

// SaveIngestKey gives a product a key with a budget of its own, in place of the one that it had.
func (tx *Tx) SaveIngestKey(k IngestKey) error {
	_, err := tx.exec(`
		INSERT INTO ingest_keys (product_id, key, created_by, created_by_id, created_at)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (product_id) DO UPDATE SET key = excluded.key, created_by = excluded.created_by,
			created_by_id = excluded.created_by_id, created_at = excluded.created_at, minute_count = 0, day_count = 0`,
		k.ProductID, k.Key, k.CreatedBy, nullID(k.CreatedByID), micro(tx.Now()))
	return err
}

// DeleteIngestKey removes a product's key.
func (tx *Tx) DeleteIngestKey(productID int64) error {
	_, err := tx.exec("DELETE FROM ingest_keys WHERE product_id = ?", productID)
	return err
}
