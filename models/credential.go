package models

import "context"

// LockUser returns a user as they are now. Until the end of the transaction no other one that
// locks the user can change them.
func (tx *Tx) LockUser(id int64) (User, error) {
	if tx.dialect == Postgres { // SQLite has one writer at a time
		if _, err := tx.exec("SELECT 1 FROM users WHERE id = ? FOR NO KEY UPDATE", id); err != nil {
			return User{}, err
		}
	}
	return tx.User(tx.Context(), id)
}

// RenewCredentials raises the time since when the credentials of a user are valid, and deletes
// those that were valid before: sessions, links and the feed, but no tokens and no link that undoes
// a change of the address. A new address that is not confirmed yet is forgotten. The caller has
// locked the user, and saves u.
func (tx *Tx) RenewCredentials(u *User) error {
	// The clock can go back, and two renewals can have the same time.
	u.CredentialsFrom = max(tx.Now().UnixMicro(), u.CredentialsFrom+1)
	u.EmailPending = ""
	for _, query := range []string{
		"DELETE FROM sessions WHERE user_id = ?",
		"DELETE FROM user_links WHERE user_id = ? AND purpose <> 'undo'",
		"DELETE FROM feeds WHERE user_id = ?",
	} {
		if _, err := tx.exec(query, u.ID); err != nil {
			return err
		}
	}
	return nil
}

// KeepTokens makes the tokens of a user valid since when their credentials are, and deletes those
// with the given ids.
func (tx *Tx) KeepTokens(u User, revoked []int64) error {
	if len(revoked) > 0 {
		_, err := tx.exec("DELETE FROM tokens WHERE user_id = ? AND id IN ("+placeholders(len(revoked))+")",
			append([]any{u.ID}, toAny(revoked)...)...)
		if err != nil {
			return err
		}
	}
	_, err := tx.exec("UPDATE tokens SET credentials_from = ? WHERE user_id = ?", u.CredentialsFrom, u.ID)
	return err
}

// NewestToken returns the id of the newest token that a user has, 0 if they have none.
func (r queries) NewestToken(ctx context.Context, userID int64) (int64, error) {
	var id int64
	err := r.get(ctx, "SELECT coalesce(max(id), 0) FROM tokens WHERE user_id = ?", []any{userID}, &id)
	return id, err
}
