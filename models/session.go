package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Session finds the data of a session that has not expired. ok is false when
// there is none.
func (r reads) Session(ctx context.Context, token string) (data []byte, ok bool, err error) {
	err = r.get(ctx, "SELECT data FROM sessions WHERE token = ? AND expiry > ?", []any{token, micro(r.Now())}, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// UpdateSession writes a session that was there before. One that was ended
// meanwhile stays so.
func (tx *Tx) UpdateSession(token string, data []byte, userID int64, expiry time.Time) error {
	_, err := tx.exec("UPDATE sessions SET data = ?, user_id = ?, expiry = ? WHERE token = ?", data, orNull(userID), micro(expiry), token)
	return err
}

// orNull is NULL for the id of nobody.
func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// SaveSession writes a session; userID is 0 before sign-in.
func (tx *Tx) SaveSession(token string, data []byte, userID int64, expiry time.Time) error {
	_, err := tx.exec(`INSERT INTO sessions (token, data, user_id, expiry) VALUES (?, ?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, user_id = excluded.user_id, expiry = excluded.expiry`,
		token, data, orNull(userID), micro(expiry))
	return err
}

// DeleteSession removes a session; one that is not there is no error.
func (tx *Tx) DeleteSession(token string) error {
	_, err := tx.exec("DELETE FROM sessions WHERE token = ?", token)
	return err
}

// DeleteUserSessions removes all sessions of a user.
func (tx *Tx) DeleteUserSessions(userID int64) error {
	_, err := tx.exec("DELETE FROM sessions WHERE user_id = ?", userID)
	return err
}

// DeleteExpiredSessions removes at most limit sessions that have expired, and
// says how many it did.
func (tx *Tx) DeleteExpiredSessions(limit int) (int64, error) {
	return tx.exec("DELETE FROM sessions WHERE token IN (SELECT token FROM sessions WHERE expiry <= ? LIMIT ?)", micro(tx.Now()), limit)
}
