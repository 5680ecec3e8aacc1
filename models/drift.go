package models

import "context"

// SourceTally is a source with its active observations as they are counted
// anew, at the same moment.
type SourceTally struct {
	Source
	Counted Counts
}

// Drifted reports whether a source says something else than its observations.
// One that has none, or that a large import is at work on, never does.
func (t SourceTally) Drifted() bool {
	return t.Format != FormatCounts && !t.Unsettled && t.Counted != t.Counts
}

// TallySources counts the observations of branches anew, by source. It reads
// all active ones of these branches, in one statement.
func (r reads) TallySources(ctx context.Context, branches []int64) (map[int64][]SourceTally, error) {
	tallies := map[int64][]SourceTally{}
	in := "(" + marks(len(branches)) + ")"
	err := r.query(ctx, "SELECT "+sourceColumns+`, coalesce(x.severity, 0), coalesce(x.n, 0) FROM sources s LEFT JOIN (
		SELECT o.source_id, o.severity, count(*) AS n FROM observations o JOIN sources t ON t.id = o.source_id
		WHERE o.branch_id IN `+in+` AND o.active = TRUE AND o.since <= t.version GROUP BY o.source_id, o.severity) x ON x.source_id = s.id
		WHERE s.branch_id IN `+in+" ORDER BY s.branch_id, s.id", append(anys(branches), anys(branches)...), func(rows scanner) error {
		var t SourceTally
		var severity Severity
		var n int64
		if err := rows.Scan(append(t.dst(), &severity, &n)...); err != nil {
			return err
		}
		list := tallies[t.BranchID]
		if last := len(list) - 1; last < 0 || list[last].ID != t.ID {
			list = append(list, t)
		}
		list[len(list)-1].Counted.Add(severity, n)
		tallies[t.BranchID] = list
		return nil
	})
	return tallies, err
}

// SourcesOf lists a branch's sources.
func (tx *Tx) SourcesOf(branchID int64) ([]Source, error) {
	var list []Source
	err := tx.query(tx.Context(), "SELECT "+sourceColumns+" FROM sources s WHERE s.branch_id = ? ORDER BY s.id", []any{branchID}, collect(&list, (*Source).dst))
	return list, err
}

// Correct gives a source the counts of its observations, where it is as it was
// when these were counted. An import that has read it before has to do so once
// more.
func (tx *Tx) Correct(t SourceTally) error {
	n, err := tx.exec(`UPDATE sources SET critical = ?, high = ?, medium = ?, low = ?, none = ?, unknown = ?, version = version + 1
		WHERE id = ? AND version = ? AND NOT unsettled`, append(t.Counted.args(), t.ID, t.Version)...)
	if err == nil && n == 0 {
		return errSourceMoved()
	}
	return err
}
