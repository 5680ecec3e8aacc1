package models

import "context"

// SourceTally is a source with its active observations counted again. The source was read first:
// the count is valid if the source still has its version afterwards.
type SourceTally struct {
	Source
	Counted Breakdown
}

// Drifted reports whether a source's counts differ from those of its observations. It is false
// for a source without observations, and during a large import.
func (t SourceTally) Drifted() bool {
	return t.Format != FormatCounts && !t.Unsettled && t.Counted != t.Breakdown
}

// TallySources counts the observations of branches again, by branch and source. It reads all
// active observations of these branches.
func (r queries) TallySources(ctx context.Context, branches []int64) (map[int64][]SourceTally, error) {
	var list []SourceTally
	in := "(" + placeholders(len(branches)) + ")"
	err := r.query(ctx, `
		SELECT `+sourceColumns+`
		FROM sources s
		WHERE s.branch_id IN `+in+`
		ORDER BY s.branch_id, s.id`,
		toAny(branches), collect(&list, func(t *SourceTally) []any { return t.dst() }))
	if err != nil {
		return nil, err
	}
	counted := map[int64]Breakdown{}
	err = r.query(ctx, `
		SELECT o.source_id, o.severity, o.kev, o.unfixed, count(*)
		FROM observations o
		JOIN sources s ON s.id = o.source_id
		WHERE o.branch_id IN `+in+`
		AND o.active = TRUE
		AND o.since <= s.version
		GROUP BY o.source_id, o.severity, o.kev, o.unfixed`, toAny(branches), func(rows scanner) error {
		var source, n int64
		var severity Severity
		var flags Flags
		if err := rows.Scan(&source, &severity, &flags.KEV, &flags.Unfixed, &n); err != nil {
			return err
		}
		counts := counted[source]
		counts.Add(severity, flags, n)
		counted[source] = counts
		return nil
	})
	tallies := map[int64][]SourceTally{}
	for _, t := range list {
		t.Counted = counted[t.ID]
		tallies[t.BranchID] = append(tallies[t.BranchID], t)
	}
	return tallies, err
}

// Correct writes the counted counts of a source if it still has the version that was read, else
// it returns a conflict. An import that has read the source before must read it again.
func (tx *Tx) Correct(t SourceTally) error {
	n, err := tx.exec(`
		UPDATE sources
		SET critical = ?, high = ?, medium = ?, low = ?, none = ?, unknown = ?, flagged = ?,
			version = version + 1
		WHERE id = ?
		AND version = ?
		AND NOT unsettled`, append(t.Counted.args(), t.ID, t.Version)...)
	if err == nil && n == 0 {
		return errSourceMoved()
	}
	return err
}
