package models

import (
	"database/sql"
	"errors"
	"time"
)

// SignInLimit is the number of failed sign-ins in a row under a key before the next one has to
// wait.
type SignInLimit struct {
	Key  string
	Free int // failures without a wait
}

const (
	signInFirst  = time.Second
	maxSignIn    = 15 * time.Minute
	signInMemory = 24 * time.Hour // the time after which failures are forgotten
)

// TrySignIn counts a sign-in as failed, under all keys, before the password is checked, so that
// many at once are counted too. If one has to wait, nothing is counted, and it returns until
// when.
func (tx *Tx) TrySignIn(limits ...SignInLimit) (until time.Time, err error) {
	now := tx.Now()
	failures := make([]int, len(limits))
	for i, l := range limits {
		var at, last time.Time
		if tx.dialect == Postgres { // a row lock would not block transactions that see no row yet
			if _, err := tx.exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", l.Key); err != nil {
				return until, err
			}
		}
		err := tx.get(tx.Context(), "SELECT failures, until, at FROM sign_in_tries WHERE key = ?",
			[]any{l.Key}, &failures[i], timeTo(&at), timeTo(&last))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return until, err
		}
		if now.Sub(last) > signInMemory {
			failures[i] = 0
		}
		if at.After(now) && at.After(until) {
			until = at
		}
	}
	if !until.IsZero() {
		return until, nil
	}
	for i, l := range limits {
		n := failures[i] + 1
		if _, err := tx.exec(`
			INSERT INTO sign_in_tries (key, failures, until, at)
			VALUES (?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, until = excluded.until, at = excluded.at`,
			l.Key, n, micro(now.Add(signInWait(n-l.Free))), micro(now)); err != nil {
			return until, err
		}
	}
	return until, nil
}

// signInWait returns a wait that doubles with each failure beyond the free ones.
func signInWait(beyond int) time.Duration {
	if beyond < 0 {
		return 0
	}
	return min(signInFirst<<min(beyond, 20), maxSignIn)
}

// SignInWorked takes back the failure that TrySignIn has counted; the first key loses all of
// them.
func (tx *Tx) SignInWorked(limits ...SignInLimit) error {
	for i, l := range limits {
		query := "DELETE FROM sign_in_tries WHERE key = ?"
		if i > 0 {
			query = "UPDATE sign_in_tries SET failures = failures - 1, until = 0 WHERE key = ? AND failures > 0"
		}
		if _, err := tx.exec(query, l.Key); err != nil {
			return err
		}
	}
	return nil
}

// DeleteOldSignIns removes some of the failures that are forgotten.
func (tx *Tx) DeleteOldSignIns(limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM sign_in_tries
		WHERE key IN (SELECT key FROM sign_in_tries WHERE at < ? LIMIT ?)`, micro(tx.Now().Add(-signInMemory)), limit)
}
