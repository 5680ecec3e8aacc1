package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gatecrier/app/fault"
)

// LinkPurpose is the purpose of an emailed link.
type LinkPurpose string

// The purposes.
const (
	LinkPassword LinkPurpose = "password" // to choose a new password
	LinkEmail    LinkPurpose = "email"    // to confirm a new address
	LinkUndo     LinkPurpose = "undo"     // to undo a change of the address, sent to the old one
)

// UserLink is a link that was emailed to a user; only its hash is stored.
type UserLink struct {
	Hash      []byte
	UserID    int64
	Purpose   LinkPurpose
	Email     string // the address that it was sent to
	ExpiresAt time.Time
	UsedAt    time.Time
	// CredentialsFrom is that of its user: otherwise it is not valid, unless it undoes a change.
	CredentialsFrom int64
	LastToken       int64 // the newest token that the user had, 0 for none
}

// UserLink finds a valid link. One that is unknown, used or expired is missing, and so is one whose
// user has other credentials by now. A link that undoes a change of the address outlives those: who
// took the account over can have chosen them.
func (r queries) UserLink(ctx context.Context, purpose LinkPurpose, hash []byte) (UserLink, error) {
	l := UserLink{Hash: hash, Purpose: purpose}
	err := r.get(ctx, `
		SELECT l.user_id, l.email, l.expires_at, l.credentials_from, l.last_token
		FROM user_links l
		JOIN users u ON u.id = l.user_id
		WHERE l.hash = ?
		AND l.purpose = ?
		AND l.used_at IS NULL
		AND l.expires_at > ?
		AND (l.purpose = 'undo' OR l.credentials_from = u.credentials_from)`,
		[]any{hash, purpose, micro(r.Now())}, &l.UserID, &l.Email, timeTo(&l.ExpiresAt), &l.CredentialsFrom, &l.LastToken)
	if err != nil {
		return UserLink{}, notFound(err, "link")
	}
	return l, nil
}

// CreateUserLink saves a link. Earlier links of its user and purpose become invalid.
func (tx *Tx) CreateUserLink(l UserLink) error {
	if err := tx.EndUserLinks(l.UserID, l.Purpose); err != nil {
		return err
	}
	_, err := tx.exec(`
		INSERT INTO user_links (hash, user_id, purpose, email, expires_at, credentials_from, last_token)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		l.Hash, l.UserID, l.Purpose, l.Email, micro(l.ExpiresAt), l.CredentialsFrom, l.LastToken)
	return err
}

// HasUserLink reports whether a user has a link of a purpose that is neither used nor expired.
func (r queries) HasUserLink(ctx context.Context, userID int64, purpose LinkPurpose) (bool, error) {
	var n int64
	err := r.get(ctx, `
		SELECT count(*)
		FROM user_links
		WHERE user_id = ?
		AND purpose = ?
		AND used_at IS NULL
		AND expires_at > ?`, []any{userID, purpose, micro(r.Now())}, &n)
	return n > 0, err
}

// PendingUserLink reads the link of a user for a purpose that can still be used, without its hash. ok
// is false if there is none.
func (r queries) PendingUserLink(
	ctx context.Context, userID int64, purpose LinkPurpose,
) (l UserLink, ok bool, err error) {
	l = UserLink{UserID: userID, Purpose: purpose}
	err = r.get(ctx, `
		SELECT l.email, l.expires_at
		FROM user_links l
		JOIN users u ON u.id = l.user_id
		WHERE l.user_id = ?
		AND l.purpose = ?
		AND l.used_at IS NULL
		AND l.expires_at > ?
		AND l.credentials_from = u.credentials_from
		ORDER BY l.expires_at DESC
		LIMIT 1`, []any{userID, purpose, micro(r.Now())}, &l.Email, timeTo(&l.ExpiresAt))
	if errors.Is(err, sql.ErrNoRows) {
		return UserLink{}, false, nil
	}
	return l, err == nil, err
}

// UseUserLink marks a link as used. Of two concurrent calls one succeeds, for the other the link
// is missing.
func (tx *Tx) UseUserLink(l UserLink) error {
	n, err := tx.exec(`
		UPDATE user_links
		SET used_at = ?
		WHERE hash = ?
		AND used_at IS NULL
		AND expires_at > ?`, micro(tx.Now()), l.Hash, micro(tx.Now()))
	if err == nil && n == 0 {
		return fault.NewNotFound("link")
	}
	return err
}

// EndUserLinks deletes a user's links of a purpose.
func (tx *Tx) EndUserLinks(userID int64, purpose LinkPurpose) error {
	_, err := tx.exec("DELETE FROM user_links WHERE user_id = ? AND purpose = ?", userID, purpose)
	return err
}

// DeleteOldUserLinks removes some of the links that have expired.
func (tx *Tx) DeleteOldUserLinks(limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM user_links
		WHERE hash IN (SELECT hash FROM user_links WHERE expires_at < ? LIMIT ?)`, micro(tx.Now()), limit)
}
