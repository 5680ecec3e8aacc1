package models

import "context"

// BranchStatus is the status of a branch's active observation in another branch. The observation
// is in the other branch if the last report of the same scanner has one of the same identity,
// under any source name.
type BranchStatus int

// The statuses of an observation in another branch.
const (
	BranchStatusAdded  BranchStatus = iota // not in the other's last reports at all
	BranchStatusKnown                      // in its last reports, but not counted: waived, a false positive
	BranchStatusShared                     // counted there too
)

// thereIn reads, of a branch's last reports, the observations d that are the same as o of the
// source s.
const thereIn = `
	FROM sources t
	JOIN observations d ON d.source_id = t.id AND d.identity = o.identity
	WHERE t.branch_id = ?
	AND t.scanner = s.scanner
	AND d.resolved_at IS NULL
	AND d.since <= t.version`

// branchStatusSQL is the BranchStatus of o.
const branchStatusSQL = "coalesce((SELECT max(CASE WHEN d.active THEN 2 ELSE 1 END)" + thereIn + "), 0)"

// BranchPair is two branches of a product that are compared. They must have come from a scoped
// read.
type BranchPair struct {
	BranchID int64 // the branch that adds observations
	OtherID  int64 // the branch that it is compared with
}

// Comparison is what a branch adds to another.
type Comparison struct {
	Added  Counts // its active observations that are not in the other's last reports at all
	Known  Counts // those that exist, but do not count
	Shared Counts // those counted in both
}

// Compare counts what branches add to another one, by branch.
func (r queries) Compare(ctx context.Context, branches []int64, otherID int64) (map[int64]Comparison, error) {
	found := map[int64]Comparison{}
	if len(branches) == 0 {
		return found, nil
	}
	err := r.query(ctx, `
		SELECT x.branch_id, x.severity, x.standing, count(*)
		FROM (
			SELECT o.branch_id, o.severity, `+branchStatusSQL+` AS standing
			FROM observations o
			JOIN sources s ON s.id = o.source_id
			WHERE o.branch_id IN (`+placeholders(len(branches))+`)
			AND o.active = TRUE
			AND o.since <= s.version
		) x
		GROUP BY x.branch_id, x.severity, x.standing`,
		append([]any{otherID}, toAny(branches)...), func(rows scanner) error {
			var id, n int64
			var severity Severity
			var st BranchStatus
			if err := rows.Scan(&id, &severity, &st, &n); err != nil {
				return err
			}
			c := found[id]
			c.of(st).Add(severity, n)
			found[id] = c
			return nil
		})
	return found, err
}

func (c *Comparison) of(st BranchStatus) *Counts {
	switch st {
	case BranchStatusKnown:
		return &c.Known
	case BranchStatusShared:
		return &c.Shared
	case BranchStatusAdded:
	}
	return &c.Added
}

// CompareFilter narrows a list of what a branch adds.
type CompareFilter struct {
	Place
	BranchPair
	Known    bool // those that exist but do not count, instead of those that are not there
	Severity *Severity
	Limit    int
}

// Added is an active observation that another branch does not count.
type Added struct {
	Observation
	There Status // its status in the other branch, "" = not in its last reports
}

// AddedObservations lists what a branch adds to another, worst first.
func (r queries) AddedObservations(ctx context.Context, f CompareFilter) ([]Added, error) {
	cond := sqlFragment{"o.branch_id = ? AND o.active = TRUE AND o.since <= s.version", []any{f.BranchID}}
	there := "''"
	if f.Known {
		there = "(SELECT min(d.status)" + thereIn + ")"
		cond.args = append([]any{f.OtherID}, cond.args...)
		cond.and("EXISTS (SELECT 1"+thereIn+")", f.OtherID)
		cond.and("NOT EXISTS (SELECT 1"+thereIn+" AND d.active)", f.OtherID)
	} else {
		cond.and("NOT EXISTS (SELECT 1"+thereIn+")", f.OtherID)
	}
	if f.Severity != nil {
		cond.and("o.severity = ?", *f.Severity)
	}
	ObservationOrders.where(&cond, f.Place)
	var list []Added
	err := r.query(ctx, `
		SELECT `+observationColumns+", "+there+`
		FROM observations o
		JOIN sources s ON s.id = o.source_id
		WHERE `+cond.text+`
		ORDER BY `+ObservationOrders.by(f.Place)+`
		LIMIT ?`,
		append(cond.args, f.Limit), collect(&list, func(a *Added) []any { return append(a.dst(), &a.There) }))
	inOrder(f.Place, list)
	return list, err
}

// ResolvedOnBranch counts the observations that are active in the other branch and not in the
// branch's last reports. It leaves out those of scanners that the branch has no reports of: they
// can still exist.
func (r queries) ResolvedOnBranch(ctx context.Context, p BranchPair) (Counts, error) {
	var c Counts
	err := r.query(ctx, `
		SELECT o.severity, count(*)
		FROM observations o
		JOIN sources s ON s.id = o.source_id
		WHERE o.branch_id = ?
		AND o.active = TRUE
		AND o.since <= s.version
		AND s.format <> '`+FormatManual+`'
		AND EXISTS (SELECT 1 FROM sources y WHERE y.branch_id = ? AND y.scanner = s.scanner AND y.version > 0)
		AND NOT EXISTS (SELECT 1`+thereIn+") GROUP BY o.severity",
		[]any{p.OtherID, p.BranchID, p.BranchID}, func(rows scanner) error {
			var severity Severity
			var n int64
			err := rows.Scan(&severity, &n)
			if err == nil {
				c.Add(severity, n)
			}
			return err
		})
	return c, err
}
