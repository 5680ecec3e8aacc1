package models

import "context"

// SourceRow is a source with its branch and its product.
type SourceRow struct {
	Source
	ProductID     int64
	DefaultBranch bool // its branch is the default branch
}

const sourceRowFrom = `, b.name, b.product_id, b.is_default
	FROM sources s
	JOIN branches b ON b.id = s.branch_id
	WHERE `

func (s *SourceRow) dst() []any {
	return append(s.Source.dst(), &s.Branch, &s.ProductID, &s.DefaultBranch)
}

// Sources lists the sources of a product's branches that have had a report, the default branch
// first, newest first.
func (r queries) Sources(ctx context.Context, scope Scope, productID int64) ([]SourceRow, error) {
	cond, args := scope.where("b.product_id")
	var list []SourceRow
	err := r.query(ctx, `
		SELECT `+sourceColumns+sourceRowFrom+`b.product_id = ?
		AND s.version > 0
		AND `+cond+`
		ORDER BY b.is_default DESC, s.last_report_at DESC, s.id`,
		append([]any{productID}, args...), collect(&list, (*SourceRow).dst))
	return list, err
}

// SourceByID finds a source in scope that has had a report.
func (r queries) SourceByID(ctx context.Context, scope Scope, id int64) (SourceRow, error) {
	cond, args := scope.where("b.product_id")
	var s SourceRow
	err := r.get(ctx, `
		SELECT `+sourceColumns+sourceRowFrom+`s.id = ?
		AND s.version > 0
		AND `+cond, append([]any{id}, args...), s.dst()...)
	if err != nil {
		return SourceRow{}, notFound(err, "source")
	}
	return s, nil
}

// SourceContents counts the observations of a source, each number up to a limit.
type SourceContents struct {
	Observations, Assessed, Waivers int
}

// CountSource counts the observations of a source that came from a scoped read: all of them, those
// that users have assessed, and those with a waiver. It stops at limit.
func (r queries) CountSource(ctx context.Context, sourceID int64, limit int) (SourceContents, error) {
	var t SourceContents
	for _, count := range []struct {
		cond string
		to   *int
	}{
		{"1 = 1", &t.Observations},
		{"(assessed_status <> '' OR report_severity IS NOT NULL)", &t.Assessed},
		{"assessed_status = '" + string(StatusRiskAccepted) + "'", &t.Waivers},
	} {
		err := r.get(ctx, `
			SELECT count(*)
			FROM (
				SELECT 1
				FROM observations
				WHERE source_id = ?
				AND `+count.cond+`
				LIMIT ?
			) q`, []any{sourceID, limit}, count.to)
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

// ObservationsOfSource reads some observations of a source in any state, to remove them in parts.
func (tx *Tx) ObservationsOfSource(sourceID int64, limit int) ([]Observation, error) {
	var list []Observation
	err := tx.query(tx.Context(), `
		SELECT `+observationColumns+`
		FROM observations o
		JOIN sources s ON s.id = o.source_id
		WHERE o.source_id = ?
		LIMIT ?`, []any{sourceID, limit}, collect(&list, (*Observation).dst))
	return list, err
}

// RenameSource gives a source another name. An import that has found it by its name must find it
// again. It returns a conflict while a large import of it is in progress.
func (tx *Tx) RenameSource(id int64, name string) error {
	n, err := tx.exec("UPDATE sources SET name = ?, version = version + 1 WHERE id = ? AND NOT unsettled", name, id)
	if err == nil && n == 0 {
		return errImporting()
	}
	return err
}

// DeleteSource removes a source with its observations. The caller must update its branch and gate
// in the same transaction. It returns a conflict while a large import of it is in progress.
func (tx *Tx) DeleteSource(id int64) error {
	n, err := tx.exec("DELETE FROM sources WHERE id = ? AND NOT unsettled", id)
	if err == nil && n == 0 {
		return errImporting()
	}
	return err
}
