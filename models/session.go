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
}

// Session finds a session that has not expired; ok is false if there is none.
func (r queries) Session(ctx context.Context, token string) (s Session, ok bool, err error) {
	s.Token = token
	err = r.get(ctx, "SELECT data, seen_at FROM sessions WHERE token = ? AND expiry > ?",
		[]any{token, micro(r.Now())}, &s.Data, timeTo(&s.SeenAt))
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	return s, err == nil, err
}

// SessionsOf lists a user's sessions that have not expired, the last seen
// first, without their data.
func (r queries) SessionsOf(ctx context.Context, userID int64) ([]Session, error) {
	var list []Session
	err := r.query(ctx, `
		SELECT token, coalesce(user_id, 0), expiry, created_at, seen_at, user_agent, address
		FROM sessions
		WHERE user_id = ?
		AND expiry > ?
		ORDER BY seen_at DESC, created_at DESC, token`,
		[]any{userID, micro(r.Now())}, collect(&list, func(s *Session) []any {
			return []any{
				&s.Token, &s.UserID, timeTo(&s.Expiry), timeTo(&s.CreatedAt), timeTo(&s.SeenAt), &s.UserAgent, &s.Address,
			}
		}))
	return list, err
}

// UpdateSession writes an existing session. One that was ended meanwhile stays deleted.
func (tx *Tx) UpdateSession(s Session) error {
	_, err := tx.exec("UPDATE sessions SET data = ?, user_id = ?, expiry = ? WHERE token = ?",
		s.Data, nullID(s.UserID), micro(s.Expiry), s.Token)
	return err
}

// SaveSession writes a session; a new one counts as seen now.
func (tx *Tx) SaveSession(s Session) error {
	now := micro(tx.Now())
	_, err := tx.exec(`
		INSERT INTO sessions (token, data, user_id, expiry, created_at, seen_at, user_agent, address)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, user_id = excluded.user_id, expiry = excluded.expiry`,
		s.Token, s.Data, nullID(s.UserID), micro(s.Expiry), now, now, s.UserAgent, s.Address)
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

// DeleteUserSessions removes all sessions of a user.
func (tx *Tx) DeleteUserSessions(userID int64) error {
	_, err := tx.exec("DELETE FROM sessions WHERE user_id = ?", userID)
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
