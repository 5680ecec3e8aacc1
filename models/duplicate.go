package models

import (
	"cmp"
	"context"
	"slices"
)

// Duplicate is an observation that users have assessed as a duplicate of another one, its
// original. Both are in the same branch.
type Duplicate struct {
	ID         int64
	OriginalID int64
	Severity   Severity
}

// DuplicatesOf lists the duplicates of observations, worst first.
func (r queries) DuplicatesOf(ctx context.Context, originals []int64) ([]Duplicate, error) {
	var list []Duplicate
	for part := range slices.Chunk(originals, assessAtOnce) {
		if err := r.query(ctx, `
			SELECT id, duplicate_of, severity
			FROM observations
			WHERE duplicate_of IN (`+placeholders(len(part))+`)
			AND assessed_status = 'duplicate'`,
			toAny(part),
			collect(&list, func(d *Duplicate) []any { return []any{&d.ID, &d.OriginalID, &d.Severity} })); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// OrphanedDuplicate is a duplicate whose original is resolved, and where it is.
type OrphanedDuplicate struct {
	Duplicate
	ProductID int64
	Branch    string
}

// OrphanedDuplicates lists the duplicates of resolved originals, by original and id, after one. An
// original of a source with a large import in progress is left out: it can be in the new report.
func (r queries) OrphanedDuplicates(
	ctx context.Context, after Duplicate, limit int,
) ([]OrphanedDuplicate, error) {
	var list []OrphanedDuplicate
	err := r.query(ctx, `
		SELECT d.id, d.duplicate_of, d.severity, b.product_id, b.name
		FROM observations d
		CROSS JOIN observations o
		CROSS JOIN sources s
		CROSS JOIN branches b
		WHERE d.duplicate_of IS NOT NULL
		AND (d.duplicate_of, d.id) > (?, ?)
		AND d.assessed_status = 'duplicate'
		AND o.id = d.duplicate_of
		AND o.resolved_at IS NOT NULL
		AND s.id = o.source_id
		AND NOT s.unsettled
		AND b.id = d.branch_id
		ORDER BY d.duplicate_of, d.id
		LIMIT ?`,
		[]any{after.OriginalID, after.ID, limit},
		collect(&list, func(d *OrphanedDuplicate) []any {
			return []any{&d.ID, &d.OriginalID, &d.Severity, &d.ProductID, &d.Branch}
		}))
	return list, err
}

// ResolvedOf returns those of some observations that are resolved, unless a large import of their
// source is in progress.
func (r queries) ResolvedOf(ctx context.Context, ids []int64) (map[int64]bool, error) {
	resolved := map[int64]bool{}
	for part := range slices.Chunk(ids, assessAtOnce) {
		if err := r.query(ctx, `
			SELECT o.id
			FROM observations o
			JOIN sources s ON s.id = o.source_id
			WHERE o.id IN (`+placeholders(len(part))+`)
			AND o.resolved_at IS NOT NULL
			AND NOT s.unsettled`, toAny(part), func(rows scanner) error {
			var id int64
			err := rows.Scan(&id)
			resolved[id] = true
			return err
		}); err != nil {
			return nil, err
		}
	}
	return resolved, nil
}

// StagedChanges returns what a large import has staged for some observations, by their ids: their
// texts that events name, flags, severities, statuses and VEX. A resolved status without a report status marks
// one that the report no longer contains.
func (tx *Tx) StagedChanges(ids []int64) (map[int64]Observation, error) {
	changes := map[int64]Observation{}
	for part := range slices.Chunk(ids, assessAtOnce) {
		if err := tx.query(tx.Context(), `
			SELECT observation_id, title, component, kev, unfixed, severity, report_status, status, vex_status,
				vex_justification, coalesce(vex_document, 0)
			FROM observation_changes
			WHERE observation_id IN (`+placeholders(len(part))+")", toAny(part), func(rows scanner) error {
			var o Observation
			err := rows.Scan(
				&o.ID, &o.Title, &o.Component, &o.KEV, &o.Unfixed, &o.Severity, &o.ReportStatus, &o.Status, &o.VEX.Status,
				&o.VEX.Justification, &o.VEX.DocumentID,
			)
			changes[o.ID] = o
			return err
		}); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// ClearStaged removes the assessed status from what a large import has staged for some
// observations, as Assess does from the observations.
func (tx *Tx) ClearStaged(ids []int64) error {
	for part := range slices.Chunk(ids, assessAtOnce) {
		if _, err := tx.exec(`
			UPDATE observation_changes
			SET status = `+reportedStatus+`
			WHERE report_status <> ''
			AND observation_id IN (`+placeholders(len(part))+")", toAny(part)...); err != nil {
			return err
		}
	}
	return nil
}
