package models

import (
	"context"
	"time"
)

// Feed is an address at which a user's inbox is read without a session; only the hash of its
// token is stored.
type Feed struct {
	UserID    int64
	Hash      []byte // SHA-256 of the token
	CreatedAt time.Time
}

// FeedOf finds a user's feed, if it is valid.
func (r queries) FeedOf(ctx context.Context, userID int64) (Feed, error) {
	f := Feed{UserID: userID}
	err := r.get(ctx, `
		SELECT f.hash, f.created_at
		FROM feeds f
		JOIN users u ON u.id = f.user_id AND u.credentials_from = f.credentials_from
		WHERE f.user_id = ?`,
		[]any{userID}, &f.Hash, timeTo(&f.CreatedAt))
	if err != nil {
		return Feed{}, notFound(err, "feed")
	}
	return f, nil
}

// FeedReader finds the valid feed with a hash, and its user. The feed of a user who is not active,
// or who has to change the password, is missing.
func (r queries) FeedReader(ctx context.Context, hash []byte) (Feed, User, error) {
	f, u := Feed{Hash: hash}, User{Active: true}
	err := r.get(ctx, `
		SELECT f.created_at, u.id, u.name, u.administrator, u.created_at
		FROM feeds f
		JOIN users u ON u.id = f.user_id AND u.credentials_from = f.credentials_from
		WHERE f.hash = ?
		AND u.active
		AND NOT u.must_change_password`,
		[]any{hash}, timeTo(&f.CreatedAt), &u.ID, &u.Name, &u.Administrator, timeTo(&u.CreatedAt))
	if err != nil {
		return Feed{}, User{}, notFound(err, "feed")
	}
	f.UserID = u.ID
	return f, u, nil
}

// SaveFeed gives a user a feed at a new address, in place of the one that they had. It is valid as
// long as the credentials that u has.
func (tx *Tx) SaveFeed(u User, hash []byte) error {
	_, err := tx.exec(`
		INSERT INTO feeds (user_id, hash, credentials_from, created_at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, credentials_from = excluded.credentials_from,
			created_at = excluded.created_at`,
		u.ID, hash, u.CredentialsFrom, micro(tx.Now()))
	return err
}

// DeleteFeed removes a user's feed, and reports whether it existed.
func (tx *Tx) DeleteFeed(userID int64) (bool, error) {
	n, err := tx.exec("DELETE FROM feeds WHERE user_id = ?", userID)
	return n > 0, err
}

// Origin is an event's public id and its actor.
type Origin struct {
	UUID  string
	Actor string // "" = Gatecrier itself
}

// Origins reads the origins of events, by event. The caller must have checked the right to see
// the events.
func (r queries) Origins(ctx context.Context, ids []int64) (map[int64]Origin, error) {
	origins := make(map[int64]Origin, len(ids))
	if len(ids) == 0 {
		return origins, nil
	}
	err := r.query(ctx, "SELECT id, uuid, actor FROM events WHERE id IN ("+placeholders(len(ids))+")",
		toAny(ids), func(rows scanner) error {
			var id int64
			var o Origin
			err := rows.Scan(&id, &o.UUID, &o.Actor)
			origins[id] = o
			return err
		})
	return origins, err
}
