package models

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// A large import takes four steps, so that it never holds the writer for long: BeginStaging;
// InsertObservations and StageChanges in many transactions, whose rows no read returns;
// SaveSource, which makes all of them count; SettleSome, until nothing is left. If a source is
// unsettled after a crash, the last step continues: it applies the changes that count, and
// removes rows that never counted.

// BeginStaging marks a source as having a large import of total rows in progress, and creates it
// as version 0 if it does not exist. It returns a conflict unless the source is as it was read.
func (tx *Tx) BeginStaging(s *Source, total int) error {
	if s.ID == 0 {
		at := micro(tx.Now())
		var err error
		s.ID, err = tx.insert(`
			INSERT INTO sources (branch_id, scanner, name, format, version, unsettled, rows_total, created_at,
				last_report_at, facts)
			VALUES (?, ?, ?, ?, 0, TRUE, ?, ?, ?, ?)
			ON CONFLICT (branch_id, scanner, name) DO NOTHING
			RETURNING id`, s.BranchID, s.Scanner, s.Name, s.Format, total, at, at, SourceFacts{}.Encode())
		s.Version, s.Unsettled = 0, true
		if errors.Is(err, sql.ErrNoRows) {
			return errSourceMoved()
		}
		return err
	}
	n, err := tx.exec(`
		UPDATE sources
		SET unsettled = TRUE, rows_done = 0, rows_total = ?
		WHERE id = ?
		AND version = ?
		AND NOT unsettled`, total, s.ID, s.Version)
	if err == nil && n == 0 {
		return errSourceMoved()
	}
	s.Unsettled = true
	return err
}

// StageChanges stores what a large import changes of known observations until it counts: their
// new values, by their ids. A resolved status without a report status marks an observation that
// the report no longer contains.
func (tx *Tx) StageChanges(sourceID, since int64, list []Observation) error {
	const columns = 21
	row := "(" + placeholders(columns) + ")"
	for len(list) > 0 {
		n := min(len(list), observationBatch)
		args := make([]any, 0, n*columns)
		for _, o := range list[:n] {
			args = append(
				args, o.ID, sourceID, since, bytesOrNull(o.Identity), bytesOrNull(o.MatchKey), o.Title, o.Description,
				o.Component, o.Location, o.Fix, o.URL, o.Details, o.KEV, o.Unfixed, o.Severity,
				severityOrNull(o.Assessed.ReportSeverity), o.ReportStatus, o.Status, o.VEX.Status, o.VEX.Justification,
				nullID(o.VEX.DocumentID),
			)
		}
		if _, err := tx.exec(`
			INSERT INTO observation_changes (observation_id, source_id, since, identity, match_key, title, description,
				component, location, fix, url, details, kev, unfixed, severity, report_severity, report_status, status,
				vex_status, vex_justification, vex_document)
			VALUES `+row+strings.Repeat(", "+row, n-1), args...); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// SettleSome does a part of the last step of a large import: it applies changes that count, and
// removes rows that never counted. It reports whether nothing is left; the source is settled
// then.
func (tx *Tx) SettleSome(sourceID int64, limit int) (done bool, err error) {
	var version int64
	err = tx.get(tx.Context(), "SELECT version FROM sources WHERE id = ?", []any{sourceID}, &version)
	if errors.Is(err, sql.ErrNoRows) { // gone, with all that was left
		return true, nil
	}
	if err != nil {
		return false, err
	}
	type settle func(id, version int64, limit int) (int64, error)
	for _, step := range []settle{tx.dropChanges, tx.dropStaged, tx.applyChanges} {
		n, err := step(sourceID, version, limit)
		if err == nil && n > 0 {
			err = tx.Staged(sourceID, int(n))
		}
		if err != nil || n > 0 {
			return false, err
		}
	}
	_, err = tx.exec("UPDATE sources SET unsettled = FALSE, rows_done = 0, rows_total = 0 WHERE id = ?", sourceID)
	return true, err
}

// Staged adds to the number of rows that a large import has done.
func (tx *Tx) Staged(sourceID int64, rows int) error {
	_, err := tx.exec("UPDATE sources SET rows_done = rows_done + ? WHERE id = ?", rows, sourceID)
	return err
}

// ImportProgress is a large import in progress: how many rows it has written and settled, and
// how many there are.
type ImportProgress struct {
	Branch, Scanner, Source string
	Done, Total             int64
}

// ImportsInProgress lists the large imports in progress in a product. The caller must have
// checked the right to see it.
func (r queries) ImportsInProgress(ctx context.Context, productID int64) ([]ImportProgress, error) {
	var list []ImportProgress
	err := r.query(ctx, `
		SELECT b.name, s.scanner, s.name, s.rows_done, s.rows_total
		FROM branches b
		CROSS JOIN sources s
		WHERE b.product_id = ?
		AND s.branch_id = b.id
		AND s.unsettled
		AND s.rows_total > 0
		ORDER BY s.id`,
		[]any{productID},
		collect(&list, func(a *ImportProgress) []any { return []any{&a.Branch, &a.Scanner, &a.Source, &a.Done, &a.Total} }))
	return list, err
}

func (tx *Tx) dropChanges(id, version int64, limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM observation_changes
		WHERE observation_id IN (
			SELECT observation_id
			FROM observation_changes
			WHERE source_id = ?
			AND since > ?
			LIMIT ?
		)`, id, version, limit)
}

func (tx *Tx) dropStaged(id, version int64, limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM observations
		WHERE id IN (
			SELECT id
			FROM observations
			WHERE source_id = ?
			AND since > ?
			AND since > 0
			LIMIT ?
		)`, id, version, limit)
}

func (tx *Tx) applyChanges(id, _ int64, limit int) (int64, error) {
	var list []Observation
	err := tx.query(tx.Context(), `
		SELECT observation_id, identity, match_key, title, description, component, location, fix, url, details, kev,
			unfixed, severity, report_severity, report_status, status, vex_status, vex_justification,
			coalesce(vex_document, 0)
		FROM observation_changes
		WHERE source_id = ?
		ORDER BY since, observation_id
		LIMIT ?`, []any{id, limit}, collect(&list, func(o *Observation) []any {
		return []any{
			&o.ID, &o.Identity, &o.MatchKey, &o.Title, &o.Description, &o.Component, &o.Location, &o.Fix, &o.URL,
			&o.Details, &o.KEV, &o.Unfixed, &o.Severity, &o.Assessed.ReportSeverity, &o.ReportStatus, &o.Status,
			&o.VEX.Status, &o.VEX.Justification, &o.VEX.DocumentID,
		}
	}))
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids, missing := make([]any, len(list)), []int64{}
	known := list[:0:0]
	for i, o := range list {
		ids[i] = o.ID
		if o.Status == StatusResolved && o.ReportStatus == "" {
			missing = append(missing, o.ID)
			continue
		}
		o.ChangedAt = tx.Now()
		known = append(known, o)
	}
	if err := tx.UpdateObservations(known); err != nil {
		return 0, err
	}
	if err := tx.ResolveObservations(missing); err != nil {
		return 0, err
	}
	return tx.exec("DELETE FROM observation_changes WHERE observation_id IN ("+placeholders(len(ids))+")",
		ids...)
}

// UnsettledSources lists sources of large imports that are in progress or were interrupted.
func (r queries) UnsettledSources(ctx context.Context) ([]int64, error) {
	var ids []int64
	err := r.query(ctx, "SELECT id FROM sources WHERE unsettled ORDER BY id LIMIT 100",
		nil, func(rows scanner) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}
