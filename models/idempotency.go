package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gatecrier/app/fault"
)

// Answered is the first answer to a request with an idempotency key.
type Answered struct {
	Scope  string // the caller, the route and the product of the request
	Key    string
	Hash   []byte // of the request's body
	Answer string
}

// Answered finds the answer to a key that was saved after a time; ok is false if there is none.
func (r queries) Answered(ctx context.Context, scope, key string, after time.Time) (a Answered, ok bool, err error) {
	a = Answered{Scope: scope, Key: key}
	err = r.get(ctx, `
		SELECT hash, answer
		FROM idempotency_keys
		WHERE scope = ?
		AND key = ?
		AND created_at > ?`, []any{scope, key, micro(after)}, &a.Hash, &a.Answer)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, err
}

// SaveAnswered saves an answer for its key. It replaces an answer from before a time, and
// returns a conflict for a newer one.
func (tx *Tx) SaveAnswered(a Answered, before time.Time) error {
	n, err := tx.exec(`
		INSERT INTO idempotency_keys (scope, key, hash, answer, created_at)
		VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (scope, key) DO UPDATE SET hash = excluded.hash, answer = excluded.answer,
			created_at = excluded.created_at
		WHERE idempotency_keys.created_at <= ?`, a.Scope, a.Key, a.Hash, a.Answer, micro(tx.Now()), micro(before))
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "Another request with this Idempotency-Key was faster")
	}
	return err
}

// DeleteAnswered removes some of the answers from before a time.
func (tx *Tx) DeleteAnswered(before time.Time, limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM idempotency_keys
		WHERE (scope, key) IN (SELECT scope, key FROM idempotency_keys WHERE created_at <= ? LIMIT ?)`,
		micro(before), limit)
}
