package models

import "strings"

// Settle writes the outcome of an attempt: the delivery's new state and, if tried is not nil,
// the attempt. It reports false if the claim was lost meanwhile; the attempt is saved all the
// same.
func (tx *Tx) Settle(d Delivery, claim string, tried *Attempt) (bool, error) {
	if tx.dialect == Postgres { // a lost claim and its successor number their attempts one after the other
		if _, err := tx.exec("SELECT 1 FROM deliveries WHERE id = ? FOR UPDATE", d.ID); err != nil {
			return false, err
		}
	}
	n, err := tx.exec(`
		UPDATE deliveries
		SET state = ?, reason = ?, attempts = ?, spent = ?, next_at = ?, locked_until = NULL, claim = '',
			probe = FALSE, turn = 0, sent_version = ?, finished_at = ?
		WHERE id = ?
		AND claim = ?
		AND state = 'sending'`,
		d.State, d.Reason, d.Attempts, d.Spent, micro(d.NextAt), d.SentVersion, micro(d.FinishedAt), d.ID,
		claim)
	if err == nil && n == 1 && !d.State.Open() {
		err = tx.promote(d)
	}
	if err != nil || tried == nil {
		return n == 1, err
	}
	return n == 1, tx.insertAttempt(d.ID, *tried)
}

func (tx *Tx) insertAttempt(id int64, a Attempt) error {
	_, err := tx.exec(`
		INSERT INTO attempts (delivery_id, number, at, duration, result, status, reason, answer, private, probe)
		SELECT d.id, (
			SELECT coalesce(max(a.number), 0) + 1
			FROM attempts a
			WHERE a.delivery_id = d.id
		), `+attemptValues(tx.dialect)+`
		FROM deliveries d
		WHERE d.id = ?`,
		micro(a.At), int64(a.Duration), a.Result, a.Status, a.Reason, a.Answer, a.Private, a.Probe, id)
	return err
}

func attemptValues(d Dialect) string {
	bigint, text, boolean := placeholder(d, "BIGINT"), placeholder(d, "TEXT"), placeholder(d, "BOOLEAN")
	return strings.Join([]string{bigint, bigint, text, bigint, text, text, boolean, boolean}, ", ")
}
