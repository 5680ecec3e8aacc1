package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Session is a browser session, of a user or not signed in yet.
type Session struct {
	Token     string // hashed
	Data      []byte
	UserID    int64 // 0 before sign-in
	Expiry    time.Time
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	UserAgent string
	Address   string // the address that began it
	// CredentialsFrom is that of its user: otherwise it is not valid.
	CredentialsFrom int64
}

// Session finds a session that is valid; ok is false if there is none.
func (r queries) Session(ctx context.Context, token string) (s Session, ok bool, err error) {
	s.Token = token
	err = r.get(ctx, `
		SELECT s.data, s.seen_at
		FROM sessions s
		LEFT JOIN users u ON u.id = s.user_id
		WHERE s.token = ?
		AND s.expiry > ?
		AND (s.user_id IS NULL OR s.credentials_from = u.credentials_from)`,
		[]any{token, micro(r.Now())}, &s.Data, timeTo(&s.SeenAt))
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	return s, err == nil, err
}

// SessionsOf lists a user's sessions that are valid, the last seen first, without their data.
func (r queries) SessionsOf(ctx context.Context, userID int64) ([]Session, error) {
	var list []Session
	err := r.query(ctx, `
		SELECT s.token, u.id, s.expiry, s.created_at, s.seen_at, s.user_agent, s.address
		FROM sessions s
		JOIN users u ON u.id = s.user_id AND u.credentials_from = s.credentials_from
		WHERE s.user_id = ?
		AND s.expiry > ?
		ORDER BY s.seen_at DESC, s.created_at DESC, s.token`,
		[]any{userID, micro(r.Now())}, collect(&list, func(s *Session) []any {
			return []any{
				&s.Token, &s.UserID, timeTo(&s.Expiry), timeTo(&s.CreatedAt), timeTo(&s.SeenAt), &s.UserAgent, &s.Address,
			}
		}))
	return list, err
}

// UpdateSession writes an existing session. One that was ended meanwhile stays deleted.
func (tx *Tx) UpdateSession(s Session) error {
	_, err := tx.exec(`
		UPDATE sessions
		SET data = ?, user_id = ?, credentials_from = ?, expiry = ?
		WHERE token = ?`,
		s.Data, nullID(s.UserID), s.CredentialsFrom, micro(s.Expiry), s.Token)
	return err
}

// SaveSession writes a session; a new one counts as seen now.
func (tx *Tx) SaveSession(s Session) error {
	now := micro(tx.Now())
	_, err := tx.exec(`
		INSERT INTO sessions (token, data, user_id, credentials_from, expiry, created_at, seen_at, user_agent, address)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, user_id = excluded.user_id,
			credentials_from = excluded.credentials_from, expiry = excluded.expiry`,
		s.Token, s.Data, nullID(s.UserID), s.CredentialsFrom, micro(s.Expiry), now, now, s.UserAgent, s.Address)
	return err
}

// TouchSessions records when sessions were last seen.
func (tx *Tx) TouchSessions(seen map[string]time.Time) error {
	for token, at := range seen {
		_, err := tx.exec("UPDATE sessions SET seen_at = ? WHERE token = ? AND seen_at < ?", micro(at), token, micro(at))
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteSession removes a session; a missing one is no error.
func (tx *Tx) DeleteSession(token string) error {
	_, err := tx.exec("DELETE FROM sessions WHERE token = ?", token)
	return err
}

// DeleteOtherSessions removes all sessions of a user but one, and returns how many.
func (tx *Tx) DeleteOtherSessions(userID int64, but string) (int64, error) {
	return tx.exec("DELETE FROM sessions WHERE user_id = ? AND token <> ?", userID, but)
}

// DeleteExpiredSessions removes up to limit sessions that have expired, and returns how many.
func (tx *Tx) DeleteExpiredSessions(limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM sessions
		WHERE token IN (SELECT token FROM sessions WHERE expiry <= ? LIMIT ?)`, micro(tx.Now()), limit)
}
