package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// SignInLimit is the number of failed tries under a key before the next one has to wait.
type SignInLimit struct {
	Key  string
	Free int           // failures without a wait
	Max  time.Duration // the longest wait, which doubles with each failure
}

// SignInTry is a try to sign in, or to prove a password in another way.
type SignInTry struct {
	Limits []SignInLimit // each can make it wait; the first is the most specific one
	// Crowd bounds the tries of all strangers together; its Key is "" for none. When they have used
	// it up, a try is refused once and passes after CrowdWait: this slows strangers, and stops none.
	Crowd SignInLimit
}

// The bounds of tries.
const (
	// CrowdWait is how long a stranger waits for the first try when Crowd is used up.
	CrowdWait = 15 * time.Minute
	// crowdDoubles is how often that wait doubles for a stranger whose tries fail: up to 8 hours.
	crowdDoubles = 5
	// MaxSignInTries bounds the rows of tries. The oldest go first.
	MaxSignInTries = 100_000

	signInFirst  = time.Second
	signInMemory = 24 * time.Hour // the time after which failures are forgotten
)

// signInState is the stored state of a key.
type signInState struct {
	failures  int
	until, at time.Time
}

// signInState reads the state of a limit. A wait ends at the latest after longest, also if the
// clock has jumped: a time from the future counts for nothing.
func (r queries) signInState(
	ctx context.Context, key string, longest time.Duration, now time.Time,
) (signInState, error) {
	var s signInState
	err := r.get(ctx, "SELECT failures, until, at FROM sign_in_tries WHERE key = ?",
		[]any{key}, &s.failures, timeTo(&s.until), timeTo(&s.at))
	if errors.Is(err, sql.ErrNoRows) || err == nil && now.Sub(s.at) > signInMemory {
		return signInState{}, nil
	}
	if err != nil {
		return signInState{}, err
	}
	if s.at.After(now.Add(time.Minute)) {
		s.at, s.until = now, time.Time{}
	}
	if end := s.at.Add(longest); s.until.After(end) {
		s.until = end
	}
	return s, nil
}

// longest returns the longest wait of the limit at an index.
func (t SignInTry) longest(i int) time.Duration {
	if i == 0 && t.Crowd.Key != "" {
		return max(t.Limits[i].Max, CrowdWait<<crowdDoubles)
	}
	return t.Limits[i].Max
}

// SignInWait returns until when a try has to wait, zero if it need not. It writes nothing, so that
// refused tries cost little.
func (r queries) SignInWait(ctx context.Context, t SignInTry) (time.Time, error) {
	_, until, err := r.signInStates(ctx, t, r.Now())
	return until, err
}

func (r queries) signInStates(
	ctx context.Context, t SignInTry, now time.Time,
) (states []signInState, until time.Time, err error) {
	for i, l := range t.Limits {
		s, err := r.signInState(ctx, l.Key, t.longest(i), now)
		if err != nil {
			return nil, until, err
		}
		if s.until.After(now) && s.until.After(until) {
			until = s.until
		}
		states = append(states, s)
	}
	return states, until, nil
}

// TrySignIn counts a try as failed, before the password is checked, so that many at once are
// counted too. If it has to wait, it is not counted, and TrySignIn returns until when.
func (tx *Tx) TrySignIn(t SignInTry) (until time.Time, err error) {
	if err := tx.lockSignIns(t); err != nil {
		return until, err
	}
	now := tx.Now()
	states, until, err := tx.signInStates(tx.Context(), t, now)
	if err != nil || !until.IsZero() {
		return until, err
	}
	crowded, err := tx.countCrowd(t.Crowd, now)
	if err != nil {
		return until, err
	}
	first := states[0]
	if waited := first.until.Sub(first.at); crowded && (first.until.IsZero() || waited < CrowdWait) {
		until = now.Add(CrowdWait)
		return until, tx.saveSignInState(t.Limits[0].Key, signInState{first.failures, until, now})
	}
	for i, l := range t.Limits {
		n := states[i].failures + 1
		wait := signInWait(n-l.Free, l.Max)
		if i == 0 && crowded {
			wait = max(wait, CrowdWait<<min(n, crowdDoubles))
		}
		if err := tx.saveSignInState(l.Key, signInState{n, now.Add(wait), now}); err != nil {
			return until, err
		}
	}
	return time.Time{}, nil
}

// lockSignIns locks the keys of a try in PostgreSQL, in their order: a row lock would not block
// transactions that see no row yet.
func (tx *Tx) lockSignIns(t SignInTry) error {
	if tx.dialect != Postgres {
		return nil
	}
	var keys []string
	for _, l := range append(slices.Clone(t.Limits), t.Crowd) {
		if l.Key != "" {
			keys = append(keys, l.Key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if _, err := tx.exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", key); err != nil {
			return err
		}
	}
	return nil
}

// countCrowd counts a try of a stranger. It reports whether strangers have used up their tries:
// Free at once, and as many in 24 hours.
func (tx *Tx) countCrowd(l SignInLimit, now time.Time) (crowded bool, err error) {
	if l.Key == "" {
		return false, nil
	}
	s, err := tx.signInState(tx.Context(), l.Key, signInMemory, now)
	if err != nil {
		return false, err
	}
	each := signInMemory / time.Duration(l.Free)
	if s.failures == 0 {
		s.at = now
	}
	regained := int(max(0, now.Sub(s.at)) / each)
	level, at := max(0, s.failures-regained), s.at.Add(time.Duration(regained)*each)
	if level >= l.Free {
		return true, nil
	}
	return false, tx.saveSignInState(l.Key, signInState{level + 1, time.Time{}, at})
}

func (tx *Tx) saveSignInState(key string, s signInState) error {
	until := int64(0)
	if s.until.After(s.at) {
		until = micro(s.until).(int64)
	}
	_, err := tx.exec(`
		INSERT INTO sign_in_tries (key, failures, until, at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, until = excluded.until, at = excluded.at`,
		key, s.failures, until, micro(s.at))
	return err
}

// signInWait returns a wait that doubles with each failure beyond the free ones.
func signInWait(beyond int, longest time.Duration) time.Duration {
	if beyond < 0 {
		return 0
	}
	return min(signInFirst<<min(beyond, 20), longest)
}

// SignInWorked takes back the failure that TrySignIn has counted; the first limit loses all of
// them.
func (tx *Tx) SignInWorked(t SignInTry) error {
	if err := tx.lockSignIns(t); err != nil {
		return err
	}
	for i, l := range append(slices.Clone(t.Limits), t.Crowd) {
		if l.Key == "" {
			continue
		}
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

// DeleteOldSignIns removes some of the failures that are forgotten, and of those beyond
// MaxSignInTries.
func (tx *Tx) DeleteOldSignIns(limit int) (int64, error) {
	n, err := tx.exec(`
		DELETE FROM sign_in_tries
		WHERE key IN (SELECT key FROM sign_in_tries WHERE at < ? LIMIT ?)`, micro(tx.Now().Add(-signInMemory)), limit)
	if err != nil || n > 0 {
		return n, err
	}
	return tx.exec(`
		DELETE FROM sign_in_tries
		WHERE key IN (SELECT key FROM sign_in_tries ORDER BY at DESC LIMIT ? OFFSET ?)`, limit, MaxSignInTries)
}
