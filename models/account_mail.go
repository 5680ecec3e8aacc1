package models

import (
	"context"
	"errors"
	"time"

	"gatecrier/app/secret"
)

// AccountMail is an email about an account that waits to be sent, or a request for a password link.
type AccountMail struct {
	ID        string
	UserID    int64       // 0 for a request: its users are not looked up yet
	Link      []byte      // the hash of the link in it, nil for none
	Rank      int         // 1 if strangers can cause it: it is sent after all others
	Content   secret.Text // sealed for Place
	ExpiresAt time.Time
	Attempts  int
	Claim     string
}

// Place returns the place that the content is sealed for.
func (m AccountMail) Place() string { return "account_mails/" + m.ID + "/content" }

func (m *AccountMail) dst() []any {
	return []any{&m.ID, &m.UserID, &m.Link, &m.Rank, &m.Content, timeTo(&m.ExpiresAt), &m.Attempts, &m.Claim}
}

const accountMailColumns = "m.id, coalesce(m.user_id, 0), m.link, m.rank, m.content, m.expires_at, m.attempts, m.claim"

// staleMailSQL is the condition of emails that are of no use any more: they have expired, or their
// link has. It takes the time twice.
const staleMailSQL = `m.next_at IS NOT NULL
	AND (
		m.expires_at <= ?
		OR m.link IS NOT NULL AND NOT EXISTS (
			SELECT 1
			FROM user_links l
			JOIN users u ON u.id = l.user_id
			WHERE l.hash = m.link
			AND l.used_at IS NULL
			AND l.expires_at > ?
			AND u.active
			AND (l.purpose = 'undo' OR l.credentials_from = u.credentials_from)
		)
	)`

// CreateAccountMail saves an email or a request, which is due at once.
func (tx *Tx) CreateAccountMail(m AccountMail) error {
	var link any
	if m.Link != nil {
		link = m.Link
	}
	now := micro(tx.Now())
	_, err := tx.exec(`
		INSERT INTO account_mails (id, user_id, link, rank, content, created_at, expires_at, next_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, nullID(m.UserID), link, m.Rank, m.Content, now, micro(m.ExpiresAt), now)
	return err
}

// HasDueAccountMail reports whether an email is due. Requests are not counted.
func (r queries) HasDueAccountMail(ctx context.Context) (bool, error) {
	var n int64
	err := r.get(ctx, `
		SELECT count(*)
		FROM (SELECT 1 FROM account_mails WHERE next_at <= ? AND user_id IS NOT NULL LIMIT 1) x`,
		[]any{micro(r.Now())}, &n)
	return n > 0, err
}

// DropStaleAccountMails deletes up to limit emails and requests that have expired, or whose link has,
// and returns them.
func (tx *Tx) DropStaleAccountMails(limit int) ([]AccountMail, error) {
	now := micro(tx.Now())
	var list []AccountMail
	err := tx.query(tx.Context(), `
		SELECT `+accountMailColumns+`
		FROM account_mails m
		WHERE `+staleMailSQL+`
		LIMIT ?`+tx.skipLocked("m"), []any{now, now, limit}, collect(&list, (*AccountMail).dst))
	for _, m := range list {
		if err == nil {
			_, err = tx.exec("DELETE FROM account_mails WHERE id = ?", m.ID)
		}
	}
	return list, err
}

// ClaimAccountMails claims up to limit emails that are due, until a time.
func (tx *Tx) ClaimAccountMails(claim string, until time.Time, limit int) ([]AccountMail, error) {
	var list []AccountMail
	err := tx.query(tx.Context(), `
		SELECT `+accountMailColumns+`
		FROM account_mails m
		WHERE m.next_at <= ?
		AND m.user_id IS NOT NULL
		ORDER BY m.rank, m.next_at
		LIMIT ?`+tx.skipLocked("m"), []any{micro(tx.Now()), limit}, collect(&list, (*AccountMail).dst))
	for i := range list {
		list[i].Claim = claim
		list[i].Attempts++
		if err == nil {
			_, err = tx.exec("UPDATE account_mails SET claim = ?, next_at = ?, attempts = ? WHERE id = ?",
				claim, micro(until), list[i].Attempts, list[i].ID)
		}
	}
	return list, err
}

// skipLocked returns the clause that locks the rows of a table, without those of other instances.
func (tx *Tx) skipLocked(table string) string {
	if tx.dialect == Postgres {
		return " FOR UPDATE OF " + table + " SKIP LOCKED"
	}
	return ""
}

// DeleteAccountMail deletes an email under its claim, or a request. ok is false if another instance
// has it by now.
func (tx *Tx) DeleteAccountMail(m AccountMail) (ok bool, err error) {
	n, err := tx.exec("DELETE FROM account_mails WHERE id = ? AND claim = ?", m.ID, m.Claim)
	return n == 1, err
}

// RetryAccountMail ends the claim of an email, which is due again at a time.
func (tx *Tx) RetryAccountMail(m AccountMail, at time.Time) error {
	_, err := tx.exec("UPDATE account_mails SET claim = '', next_at = ? WHERE id = ? AND claim = ?",
		micro(at), m.ID, m.Claim)
	return err
}

// returnAccountMails makes emails due again whose claim is like a pattern.
func (tx *Tx) returnAccountMails(pattern string) (int64, error) {
	return tx.exec(`
		UPDATE account_mails
		SET claim = '', next_at = ?
		WHERE claim <> ''
		AND claim LIKE ?
		AND next_at IS NOT NULL`, micro(tx.Now()), pattern)
}

// LinkRequests lists the oldest requests for a password link.
func (r queries) LinkRequests(ctx context.Context, limit int) ([]AccountMail, error) {
	var list []AccountMail
	err := r.query(ctx, `
		SELECT `+accountMailColumns+`
		FROM account_mails m
		WHERE m.user_id IS NULL
		AND m.next_at <= ?
		ORDER BY m.created_at
		LIMIT ?`, []any{micro(r.Now()), limit}, collect(&list, (*AccountMail).dst))
	return list, err
}

// CountLinkRequests counts the requests for a password link, up to a limit.
func (r queries) CountLinkRequests(ctx context.Context, limit int) (int, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM account_mails WHERE user_id IS NULL LIMIT ?) x",
		[]any{limit}, &n)
	return n, err
}

// holdAccountMails deletes the requests for links, and holds the emails of a backup that have no link.
func (tx *Tx) holdAccountMails() error {
	_, errRequests := tx.exec("DELETE FROM account_mails WHERE user_id IS NULL")
	_, errMails := tx.exec("UPDATE account_mails SET claim = '', next_at = NULL")
	return errors.Join(errRequests, errMails)
}

// heldAccountMails counts the emails about accounts that a restore holds, and returns the time of the
// oldest.
func (r queries) heldAccountMails(ctx context.Context) (n int, oldest time.Time, err error) {
	err = r.get(ctx, "SELECT count(*), min(created_at) FROM account_mails WHERE next_at IS NULL", nil,
		&n, timeTo(&oldest))
	return n, oldest, err
}

// CountHeldMails counts the emails about accounts that a restore holds.
func (r queries) CountHeldMails(ctx context.Context) (int, error) {
	n, _, err := r.heldAccountMails(ctx)
	return n, err
}

// releaseAccountMails makes held emails due. Each has as much time as it had when it was made.
func (tx *Tx) releaseAccountMails() error {
	now := micro(tx.Now())
	_, err := tx.exec(`
		UPDATE account_mails
		SET next_at = ?, expires_at = expires_at - created_at + ?, created_at = ?
		WHERE next_at IS NULL`, now, now, now)
	return err
}

// cancelAccountMails deletes held emails.
func (tx *Tx) cancelAccountMails() error {
	_, err := tx.exec("DELETE FROM account_mails WHERE next_at IS NULL")
	return err
}
