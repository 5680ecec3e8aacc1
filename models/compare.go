package models

import (
	"context"
	"time"
)

// GateChangesAround finds a product's last gate change up to a time, and the first one after it;
// a zero GateChange for none.
func (r queries) GateChangesAround(
	ctx context.Context, scope Scope, productID int64, at time.Time,
) (last, next GateChange, err error) {
	cond, args := scope.where("c.product_id")
	find := func(c *GateChange, when, order string) error {
		var list []GateChange
		err := r.query(ctx, `
			SELECT `+gateChangeColumns+`
			FROM gate_changes c
			JOIN events e ON e.id = c.event_id
			WHERE c.product_id = ?
			AND e.at `+when+` ?
			AND `+cond+`
			ORDER BY c.event_id `+order+`
			LIMIT 1`,
			append([]any{productID, micro(at)}, args...), collect(&list, (*GateChange).dst))
		if len(list) > 0 {
			*c = list[0]
		}
		return err
	}
	if err = find(&last, "<=", "DESC"); err == nil {
		err = find(&next, ">", "ASC")
	}
	return last, next, err
}

// DayBefore finds a branch's counts at the end of the last day with counts before the day of a
// time. The branch must have come from a scoped read.
func (r queries) DayBefore(ctx context.Context, branchID int64, at time.Time) (d DayCounts, ok bool, err error) {
	err = r.query(ctx, `
		SELECT d.day, d.critical, d.high, d.medium, d.low, d.none, d.unknown
		FROM branch_days d
		WHERE d.branch_id = ?
		AND d.day < ?
		ORDER BY d.day DESC
		LIMIT 1`, []any{branchID, dayOf(at)}, func(rows scanner) error {
		var day int64
		err := rows.Scan(append([]any{&day}, d.Counts.dst()...)...)
		d.Day, ok = time.Unix(0, 0).UTC().Add(time.Duration(day)*daySpan), err == nil
		return err
	})
	return d, ok, err
}

// Between is what happened to observations between two times.
type Between string

// What can have happened to an observation.
const (
	Came        Between = "came"     // first seen
	Went        Between = "went"     // resolved by a report, and not reopened since
	CameBack    Between = "reopened" // known before and active, changed by a report: reopened, or changed otherwise
	WasAssessed Between = "assessed" // a user has assessed it, or a waiver has ended
)

// BetweenFilter chooses observations of a branch by what happened to them after one time, up to
// another.
type BetweenFilter struct {
	BranchID int64
	What     Between
	From, To time.Time
	Severity *Severity
	Limit    int
}

func (f BetweenFilter) where(scope Scope) (string, []any) {
	cond := sqlFragment{"o.branch_id = ? AND o.since <= s.version", []any{f.BranchID}}
	cond.andWhere(scope.where("b.product_id"))
	from, to := micro(f.From), micro(f.To)
	switch f.What {
	case Came:
		cond.and("o.first_seen_at > ? AND o.first_seen_at <= ?", from, to)
	case Went:
		cond.and("o.resolved_at > ? AND o.resolved_at <= ?", from, to)
	case CameBack:
		cond.and(`o.active AND o.first_seen_at <= ? AND o.changed_at > ? AND o.changed_at <= ?
			AND NOT EXISTS (
				SELECT 1
				FROM assessments a
				WHERE a.observation_id = o.id
				AND a.at > ?
				AND a.at <= ?
				AND a.action NOT IN ('resolve', 'return')
			)`, from, from, to, from, to)
	case WasAssessed: // an assessment changes the observation then, or later
		cond.and(`o.changed_at > ?
			AND EXISTS (
				SELECT 1
				FROM assessments a
				WHERE a.observation_id = o.id
				AND a.at > ?
				AND a.at <= ?
				AND a.action NOT IN ('resolve', 'return')
			)`, from, from, to)
	}
	if f.Severity != nil {
		cond.and("o.severity = ?", *f.Severity)
	}
	return cond.text, cond.args
}

// ObservationsBetween lists observations by what happened to them, worst first. It reads all
// observations of the branch.
func (r queries) ObservationsBetween(ctx context.Context, scope Scope, f BetweenFilter) ([]Observation, error) {
	cond, args := f.where(scope)
	var list []Observation
	err := r.query(ctx, `
		SELECT `+observationColumns+observationsFrom+cond+`
		ORDER BY o.severity, o.id
		LIMIT ?`, append(args, f.Limit), collect(&list, (*Observation).dst))
	return list, err
}

// TallyBetween counts observations by what happened to them, by severity. It ignores the
// filter's severity and limit.
func (r queries) TallyBetween(ctx context.Context, scope Scope, f BetweenFilter) (Counts, error) {
	f.Severity = nil
	cond, args := f.where(scope)
	var c Counts
	err := r.query(ctx, `
		SELECT o.severity, count(*)`+observationsFrom+cond+`
		GROUP BY o.severity`, args, func(rows scanner) error {
		var s Severity
		var n int64
		err := rows.Scan(&s, &n)
		c.Add(s, n)
		return err
	})
	return c, err
}
