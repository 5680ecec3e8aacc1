package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// SignInReport counts the tries of an hour that failed or were refused, by name and network.
type SignInReport struct {
	What            string // was tried
	Name            string // as in the audit log
	Network         string
	UserID          int64 // of that name, 0 for none
	At              time.Time
	Failed, Refused int
}

// The bounds of reports, and what joins those beyond.
const (
	maxReportNetworks = 20  // of a name in an hour
	maxReports        = 500 // in an hour
	OtherNetworks     = "other networks"
	OtherNames        = "other names"
)

// SignInKind is the kind of the rows in the audit log.
const SignInKind = "sign-in"

// ReportSignIns adds a report to the row of its hour in the audit log. Rows are bounded: those
// beyond are joined.
func (tx *Tx) ReportSignIns(r SignInReport) error {
	r.At = r.At.Truncate(time.Hour)
	for _, bound := range []func(*SignInReport){
		nil,
		func(r *SignInReport) { r.Network = OtherNetworks },
		func(r *SignInReport) { r.Name, r.Network, r.UserID = OtherNames, OtherNetworks, 0 },
	} {
		if bound != nil {
			bound(&r)
		}
		found, err := tx.addToReport(r)
		if found || err != nil {
			return err
		}
		fits, err := tx.reportFits(r)
		if err != nil {
			return err
		}
		if fits || r.Name == OtherNames {
			return tx.insertReport(r)
		}
	}
	return nil
}

func (tx *Tx) addToReport(r SignInReport) (found bool, err error) {
	if tx.dialect == Postgres { // instances write the same rows
		if _, err := tx.exec("SELECT pg_advisory_xact_lock(hashtextextended('sign-in reports', 0))"); err != nil {
			return false, err
		}
	}
	const row = " WHERE hour = ? AND what = ? AND name = ? AND network = ?"
	key := []any{micro(r.At), r.What, r.Name, r.Network}
	n, err := tx.exec("UPDATE sign_in_reports SET failed = failed + ?, refused = refused + ?"+row,
		append([]any{r.Failed, r.Refused}, key...)...)
	if err != nil || n == 0 {
		return false, err
	}
	var id int64
	err = tx.get(tx.Context(), "SELECT audit_id, failed, refused FROM sign_in_reports"+row, key,
		&id, &r.Failed, &r.Refused)
	if err != nil {
		return false, err
	}
	became, err := json.Marshal(r.values())
	if err != nil {
		return false, err
	}
	_, err = tx.exec("UPDATE audit SET became = ? WHERE id = ?", string(became), id)
	return true, err
}

// reportFits reports whether there is room for the row of a report.
func (tx *Tx) reportFits(r SignInReport) (bool, error) {
	var all, ofName int
	err := tx.get(tx.Context(), `
		SELECT count(*), count(CASE WHEN what = ? AND name = ? THEN 1 END)
		FROM sign_in_reports
		WHERE hour = ?`, []any{r.What, r.Name, micro(r.At)}, &all, &ofName)
	if r.Network == OtherNetworks {
		return all < maxReports, err
	}
	return all < maxReports && ofName < maxReportNetworks, err
}

func (tx *Tx) insertReport(r SignInReport) error {
	became, err := json.Marshal(r.values())
	if err != nil {
		return err
	}
	id, err := tx.insert(`
		INSERT INTO audit (at, user_id, actor, action, kind, name, product_id, was, became)
		VALUES (?, NULL, ?, 'refuse', ?, ?, NULL, 'null', ?)
		RETURNING id`,
		micro(tx.Now()), r.Network, SignInKind, r.Name, string(became))
	if err != nil {
		return err
	}
	_, err = tx.exec(`
		INSERT INTO sign_in_reports (hour, what, name, network, user_id, failed, refused, audit_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		micro(r.At), r.What, r.Name, r.Network, nullID(r.UserID), r.Failed, r.Refused, id)
	return err
}

func (r SignInReport) values() map[string]string {
	return map[string]string{
		"what":    r.What,
		"network": r.Network,
		"hour":    r.At.UTC().Format(time.RFC3339),
		"failed":  strconv.Itoa(r.Failed),
		"refused": strconv.Itoa(r.Refused),
	}
}

// SignInTrouble returns how many tries for a user have failed or were refused since a time.
func (r queries) SignInTrouble(ctx context.Context, userID int64, since time.Time) (n int, err error) {
	err = r.get(ctx, "SELECT coalesce(sum(failed + refused), 0) FROM sign_in_reports WHERE user_id = ? AND hour >= ?",
		[]any{userID, micro(since)}, &n)
	return n, err
}

// NoticeSignIns records that a user is notified of failed tries now. It reports false if they were
// since a time.
func (tx *Tx) NoticeSignIns(userID int64, since time.Time) (bool, error) {
	var last time.Time
	err := tx.get(tx.Context(), "SELECT at FROM sign_in_notices WHERE user_id = ?", []any{userID}, timeTo(&last))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if last.After(since) && !last.After(tx.Now()) {
		return false, nil
	}
	_, err = tx.exec(`
		INSERT INTO sign_in_notices (user_id, at)
		VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET at = excluded.at`, userID, micro(tx.Now()))
	return true, err
}

// DeleteOldReports removes some of the reports that no notice looks at any more. Their rows in the
// audit log stay.
func (tx *Tx) DeleteOldReports(limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM sign_in_reports
		WHERE (hour, what, name, network) IN (
			SELECT hour, what, name, network
			FROM sign_in_reports
			WHERE hour < ?
			LIMIT ?
		)`, micro(tx.Now().Add(-48*time.Hour)), limit)
}
