package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ExceptionReport is one occurrence of an exception, as far as it is stored.
type ExceptionReport struct {
	ProductID int64 // 0 = none
	Key       string
	By        string
	Kind      ExceptionKind
	Class     string
	Message   string
	Function  string
	Release   string // "" = not known
	Sample    []byte
}

// ExceptionCount is a number of occurrences of a group that is not stored yet.
type ExceptionCount struct {
	GroupID  int64
	N        int64
	LastAt   time.Time
	Sample   []byte // a newer one, nil for none
	Releases []string
}

// ExceptionClaim is the answer to whether users are notified of an occurrence.
type ExceptionClaim struct {
	GroupID    int64
	Notify     bool      // users are notified, by the event appended in the same transaction
	First      bool      // the group is new
	Regressed  bool      // the group was resolved
	Suppressed int64     // how often it occurred since the last notification, without this one
	HeldSince  time.Time // the time of the last notification, zero for none
	Until      time.Time // users are not notified before then
}

// ExceptionKey finds the group of a key of a product, or of none: the key's own, or the one that
// a user has merged it into. id is 0 if the group does not exist yet.
func (r queries) ExceptionKey(ctx context.Context, productID int64, key string) (id int64, groupKey string, err error) {
	err = r.get(ctx, `
		SELECT g.id, g.key
		FROM exception_merges m
		JOIN exception_groups g ON g.id = m.group_id
		WHERE m.owner = ?
		AND m.key = ?
		UNION ALL
		SELECT g.id, g.key
		FROM exception_groups g
		WHERE g.owner = ?
		AND g.key = ?
		LIMIT 1`, []any{productID, key, productID, key}, &id, &groupKey)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, key, nil
	}
	return id, groupKey, err
}

// CountNewExceptions counts the groups of a product, or of none, that were first seen after a
// time, up to a limit.
func (r queries) CountNewExceptions(ctx context.Context, productID int64, since time.Time, limit int) (int, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM exception_groups
			WHERE owner = ?
			AND first_at > ?
			LIMIT ?
		) x`, []any{productID, micro(since), limit}, &n)
	return n, err
}

// ClaimException counts an exception, and decides in one statement whether users are notified of
// it: if its group is new, its window is over, or it was resolved; never while it is muted. Of
// several concurrent claims one succeeds. before is what was counted earlier and is not stored
// yet; it is stored first.
func (tx *Tx) ClaimException(e ExceptionReport, window time.Duration, before *ExceptionCount) (ExceptionClaim, error) {
	if before != nil && before.N > 0 {
		if _, err := tx.CountExceptions([]ExceptionCount{*before}); err != nil {
			return ExceptionClaim{}, err
		}
	}
	now := tx.Now()
	var c ExceptionClaim
	var notified int64
	var regressed time.Time
	err := tx.get(tx.Context(), `
		INSERT INTO exception_groups (owner, product_id, key, by, kind, class, message, function, first_at, last_at,
			count, notified, notified_at, until, sample, sample_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?, ?)
		ON CONFLICT (owner, key) DO UPDATE SET last_at = excluded.last_at, count = exception_groups.count + 1,
			notified = exception_groups.notified + 1, was_notified_at = exception_groups.notified_at,
			notified_at = excluded.notified_at, was_suppressed = exception_groups.new_suppressed,
			new_suppressed = 0, until = excluded.until,
			sample = excluded.sample, sample_at = excluded.sample_at,
			regressed_at = CASE WHEN exception_groups.state = 'resolved'
				THEN excluded.last_at ELSE exception_groups.regressed_at END,
			state = 'open', resolved_at = NULL, resolved_by = ''
		WHERE (exception_groups.until <= excluded.last_at OR exception_groups.state = 'resolved')
		AND (exception_groups.muted_until IS NULL OR exception_groups.muted_until <= excluded.last_at)
		RETURNING id, notified, was_suppressed, was_notified_at, until, regressed_at`,
		[]any{
			e.ProductID, nullID(e.ProductID), e.Key, e.By, e.Kind, e.Class, e.Message, e.Function, micro(now),
			micro(now), micro(now), micro(now.Add(window)), string(e.Sample), micro(now),
		},
		&c.GroupID, &notified, &c.Suppressed, timeTo(&c.HeldSince), timeTo(&c.Until), timeTo(&regressed))
	switch {
	case err == nil:
		c.Notify, c.First, c.Regressed = true, notified == 1, regressed.Equal(now)
		return c, tx.noteException(c.GroupID, 1, now, e.Release)
	case !errors.Is(err, sql.ErrNoRows):
		return c, err
	}
	var muted time.Time
	if err := tx.get(tx.Context(), `
		SELECT id, until, muted_until, new_suppressed + 1
		FROM exception_groups
		WHERE owner = ?
		AND key = ?`,
		[]any{e.ProductID, e.Key}, &c.GroupID, timeTo(&c.Until), timeTo(&muted), &c.Suppressed); err != nil {
		return c, err
	}
	if muted.After(c.Until) {
		c.Until = muted
	}
	_, err = tx.CountExceptions([]ExceptionCount{{GroupID: c.GroupID, N: 1, LastAt: now, Releases: releasesOf(e.Release)}})
	return c, err
}

func releasesOf(release string) []string {
	if release == "" {
		return nil
	}
	return []string{release}
}

// ExceptionWindow is the state of a group after its count was stored.
type ExceptionWindow struct {
	GroupID    int64
	Gone       bool      // the group is deleted
	Resolved   bool      // it is resolved: the next report of it notifies users at once
	Until      time.Time // users are not notified before then
	Suppressed int64     // occurrences since the last notification
}

// CountExceptions stores counts of groups, and returns the state of each. The counts must be in
// the order of their group ids, so that two calls never wait for each other.
func (tx *Tx) CountExceptions(list []ExceptionCount) ([]ExceptionWindow, error) {
	windows := make([]ExceptionWindow, len(list))
	for i, c := range list {
		w := ExceptionWindow{GroupID: c.GroupID}
		var muted time.Time
		var state ExceptionState
		err := tx.get(tx.Context(), `
			UPDATE exception_groups
			SET count = count + ?, suppressed = suppressed + ?, new_suppressed = new_suppressed + ?,
				last_at = CASE WHEN last_at < CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE last_at END
			WHERE id = ?
			RETURNING until, muted_until, state, new_suppressed`,
			[]any{c.N, c.N, c.N, micro(c.LastAt), micro(c.LastAt), c.GroupID}, timeTo(&w.Until), timeTo(&muted), &state,
			&w.Suppressed)
		if errors.Is(err, sql.ErrNoRows) {
			w.Gone = true
			windows[i] = w
			continue
		}
		if err != nil {
			return nil, err
		}
		if w.Resolved = state == ExceptionResolved; muted.After(w.Until) {
			w.Until, w.Resolved = muted, w.Resolved && !muted.After(tx.Now())
		}
		windows[i] = w
		if err := tx.noteException(c.GroupID, c.N, c.LastAt, c.Releases...); err != nil {
			return nil, err
		}
		if c.Sample == nil {
			continue
		}
		if _, err := tx.exec("UPDATE exception_groups SET sample = ?, sample_at = ? WHERE id = ?",
			string(c.Sample), micro(c.LastAt), c.GroupID); err != nil {
			return nil, err
		}
	}
	return windows, nil
}

// noteException adds to the hours and the releases of a group.
func (tx *Tx) noteException(groupID, n int64, at time.Time, releases ...string) error {
	_, err := tx.exec(`
		INSERT INTO exception_hours (group_id, hour, count)
		VALUES (?, ?, ?)
		ON CONFLICT (group_id, hour) DO UPDATE SET count = exception_hours.count + excluded.count`, groupID, hourOf(at), n)
	for _, release := range releases {
		if err != nil || release == "" {
			return err
		}
		var first time.Time
		err = tx.get(tx.Context(), `
			INSERT INTO exception_releases (group_id, name, first_at, last_at)
			VALUES (?, ?, ?, ?)
			ON CONFLICT (group_id, name) DO UPDATE SET last_at = excluded.last_at
			RETURNING first_at`, []any{groupID, release, micro(at), micro(at)}, timeTo(&first))
		if err == nil && first.Equal(at.Truncate(time.Microsecond)) {
			err = tx.dropOldReleases(groupID)
		}
	}
	return err
}

const (
	// maxReleases is how many releases of a group are kept: those that were seen last.
	maxReleases = 1000
	// dropAtOnce is how many older ones a write removes.
	dropAtOnce = 200
)

func (tx *Tx) dropOldReleases(groupID int64) error {
	_, err := tx.exec(`
		DELETE FROM exception_releases
		WHERE group_id = ?
		AND name IN (
			SELECT name
			FROM exception_releases
			WHERE group_id = ?
			ORDER BY last_at DESC, name
			LIMIT ?
			OFFSET ?
		)`, groupID, groupID, dropAtOnce, maxReleases)
	return err
}

// hourOf returns the number of a time's hour since 1970.
func hourOf(t time.Time) int64 { return t.UTC().Unix() / int64(time.Hour/time.Second) }

// ReopenException opens a resolved group, and reports whether it did: of several concurrent
// calls one does. The caller has counted the report that led to it.
func (tx *Tx) ReopenException(groupID int64, window time.Duration) (g ExceptionGroup, reopened bool, err error) {
	now := tx.Now()
	n, err := tx.exec(`
		UPDATE exception_groups
		SET state = 'open', resolved_at = NULL, resolved_by = '', regressed_at = ?, notified = notified + 1,
			suppressed = suppressed - 1, was_notified_at = notified_at, notified_at = ?,
			was_suppressed = new_suppressed - 1, new_suppressed = 0,
			until = ?
		WHERE id = ?
		AND state = 'resolved'
		AND (muted_until IS NULL OR muted_until <= ?)`,
		micro(now), micro(now), micro(now.Add(window)), groupID, micro(now))
	if err != nil || n == 0 {
		return ExceptionGroup{}, false, err
	}
	g, err = tx.ExceptionGroup(tx.Context(), SystemScope("it has come back"), groupID)
	return g, true, err
}
