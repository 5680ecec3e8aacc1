package models

import (
	"context"
	"time"
)

// BranchRow is a branch with its newest report.
type BranchRow struct {
	Branch
	LastReportAt time.Time // zero before the first
}

// branchReported is the time of a branch's newest report. Observations that users enter are
// none.
const branchReported = `(
	SELECT max(s.last_report_at)
	FROM sources s
	WHERE s.branch_id = b.id
	AND s.format <> '` + FormatManual + `'
)`

const branchRowSelect = "SELECT " + branchColumns + ", " + branchReported + " FROM branches b WHERE "

func (b *BranchRow) dst() []any { return append(b.Branch.dst(), timeTo(&b.LastReportAt)) }

// Branch finds a branch in scope.
func (r queries) Branch(ctx context.Context, scope Scope, id int64) (BranchRow, error) {
	cond, args := scope.where("b.product_id")
	var b BranchRow
	err := r.get(ctx, branchRowSelect+"b.id = ? AND "+cond, append([]any{id}, args...), b.dst()...)
	if err != nil {
		return BranchRow{}, notFound(err, "branch")
	}
	return b, nil
}

// BranchFilter narrows a list of a product's branches. Zero fields do not narrow.
type BranchFilter struct {
	Place
	ProductID int64
	Text      string // part of the name, in any case
	Limit     int
}

// The orders of a list of branches, beside that with the default branch first, then by name.
const (
	BranchesByGate   = "gate"        // failed ones first
	BranchesByReport = "last_report" // the last one first
)

var branchName = orderColumn[BranchRow]{sql: "b.name", value: func(b BranchRow) any { return b.Name }}

// BranchOrders are the orders of a list of a product's branches.
var BranchOrders = Orders[BranchRow]{
	"": {columns: []orderColumn[BranchRow]{
		{sql: "CAST(CASE WHEN b.is_default THEN 0 ELSE 1 END AS BIGINT)", value: func(b BranchRow) any {
			if b.Default {
				return int64(0)
			}
			return int64(1)
		}}, branchName,
	}},
	BranchesByGate: {columns: []orderColumn[BranchRow]{
		{sql: gateRankSQL, value: func(b BranchRow) any { return b.Gate.rank() }}, branchName,
	}},
	BranchesByReport: {desc: true, columns: []orderColumn[BranchRow]{
		{
			sql:   "coalesce(" + branchReported + ", 0)",
			value: func(b BranchRow) any { return microOr0(b.LastReportAt) },
		}, branchName,
	}},
}

func (f BranchFilter) where(scope Scope) sqlFragment {
	cond := sqlFragment{"b.product_id = ?", []any{f.ProductID}}
	cond.andWhere(scope.where("b.product_id"))
	if f.Text != "" {
		cond.and(`lower(b.name) LIKE lower(?) ESCAPE '\'`, contains(f.Text))
	}
	return cond
}

// BranchRows lists a product's branches, the default one first unless the place has another order.
func (r queries) BranchRows(ctx context.Context, scope Scope, f BranchFilter) ([]BranchRow, error) {
	cond := f.where(scope)
	BranchOrders.where(&cond, f.Place)
	var list []BranchRow
	err := r.query(ctx, branchRowSelect+cond.text+`
		ORDER BY `+BranchOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), collect(&list, (*BranchRow).dst))
	inOrder(f.Place, list)
	return list, err
}

// CountBranches counts a product's branches, up to one more than MaxCounted.
func (r queries) CountBranches(ctx context.Context, scope Scope, f BranchFilter) (int, error) {
	return r.countUpTo(ctx, "FROM branches b", f.where(scope))
}

// StaleBranches lists branches without a report since a time, or created before it and never
// reported, by id after one. Default and protected branches are left out.
func (r queries) StaleBranches(ctx context.Context, before time.Time, after int64, limit int) ([]Branch, error) {
	var list []Branch
	err := r.query(ctx, `
		SELECT `+branchColumns+`
		FROM branches b
		WHERE b.id > ?
		AND NOT b.is_default
		AND NOT b.protected
		AND coalesce(`+branchReported+`, b.created_at) < ?
		ORDER BY b.id
		LIMIT ?`, []any{after, micro(before), limit}, collect(&list, (*Branch).dst))
	return list, err
}

// AllSources lists the sources of a branch, also those of a large import in progress. The branch
// must have come from a scoped read.
func (r queries) AllSources(ctx context.Context, branchID int64) ([]Source, error) {
	var list []Source
	err := r.query(ctx, `
		SELECT `+sourceColumns+`
		FROM sources s
		WHERE s.branch_id = ?
		ORDER BY s.scanner, s.name`, []any{branchID}, collect(&list, (*Source).dst))
	return list, err
}

// AnyObservations reads some observations of a branch in any state, to remove them in parts.
func (r queries) AnyObservations(ctx context.Context, branchID int64, limit int) ([]Observation, error) {
	var list []Observation
	err := r.query(ctx, `
		SELECT `+observationColumns+`
		FROM observations o
		JOIN sources s ON s.id = o.source_id
		WHERE o.branch_id = ?
		LIMIT ?`, []any{branchID, limit}, collect(&list, (*Observation).dst))
	return list, err
}

// DeleteObservations removes observations with their histories. The caller must update their
// sources, branch and gate in the same transaction.
func (tx *Tx) DeleteObservations(ids []int64) error {
	_, err := tx.exec("DELETE FROM observations WHERE id IN ("+placeholders(len(ids))+")", toAny(ids)...)
	return err
}

// DeleteBranch removes a branch with its sources and observations.
func (tx *Tx) DeleteBranch(id int64) error {
	_, err := tx.exec("DELETE FROM branches WHERE id = ? AND NOT is_default", id)
	return err
}
