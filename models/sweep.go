package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// GateSweep is the progress of an evaluation of all gates. Only branches that were ever
// evaluated count.
type GateSweep struct {
	Run        int64 // grows with each sweep that is requested
	Version    int64 // of the gate settings that it applies
	BranchID   int64 // the last branch evaluated
	Seen       int64 // branches evaluated
	Total      int64 // branches when the sweep began
	Changed    int64 // gates whose state has changed
	StartedAt  time.Time
	FinishedAt time.Time
	Done       bool
}

const sweepColumns = "run, version, branch_id, seen, total, changed, started_at, finished_at, done"

// GateSweep reads the progress of the last sweep. If there was none, it is done, for version 0.
func (r queries) GateSweep(ctx context.Context) (GateSweep, error) {
	var s GateSweep
	err := r.get(ctx, "SELECT "+sweepColumns+" FROM gate_sweeps",
		nil, &s.Run, &s.Version, &s.BranchID, &s.Seen, &s.Total, &s.Changed, timeTo(&s.StartedAt),
		timeTo(&s.FinishedAt), &s.Done)
	if errors.Is(err, sql.ErrNoRows) {
		return GateSweep{Done: true}, nil
	}
	return s, err
}

// BeginGateSweep begins a sweep in place of the one that was read. ok is false if another one
// was requested or has begun meanwhile.
func (tx *Tx) BeginGateSweep(was GateSweep, version, total int64) (ok bool, err error) {
	n, err := tx.exec(`
		INSERT INTO gate_sweeps (id, run, version, total, started_at, done)
		VALUES (1, ?, ?, ?, ?, FALSE)
		ON CONFLICT (id) DO UPDATE SET run = excluded.run, version = excluded.version, branch_id = 0, seen = 0,
			total = excluded.total, changed = 0, started_at = excluded.started_at, finished_at = NULL, done = FALSE
		WHERE gate_sweeps.run = ?`, was.Run+1, version, total, micro(tx.Now()), was.Run)
	return n == 1, err
}

// SaveGateSweep saves a sweep's progress beyond the branch from. ok is false if another sweep
// has begun, or this one is further: the caller must then undo its work.
func (tx *Tx) SaveGateSweep(s GateSweep, from int64) (ok bool, err error) {
	n, err := tx.exec(`
		UPDATE gate_sweeps
		SET branch_id = ?, seen = ?, changed = ?, finished_at = ?, done = ?
		WHERE run = ?
		AND branch_id = ?
		AND NOT done`,
		s.BranchID, s.Seen, s.Changed, micro(s.FinishedAt), s.Done, s.Run, from)
	return n == 1, err
}

// RepeatGateSweep requests a new sweep of all gates. A sweep in progress starts again.
func (tx *Tx) RepeatGateSweep() error {
	_, err := tx.exec(`
		INSERT INTO gate_sweeps (id, run, version, done)
		VALUES (1, 1, 0, FALSE)
		ON CONFLICT (id) DO UPDATE SET run = gate_sweeps.run + 1, branch_id = 0, seen = 0, total = 0, changed = 0,
			started_at = NULL, finished_at = NULL, done = FALSE`)
	return err
}

// CountEvaluatedBranches counts the branches that have ever been evaluated.
func (r queries) CountEvaluatedBranches(ctx context.Context) (int64, error) {
	var n int64
	err := r.get(ctx, "SELECT count(*) FROM branches WHERE evaluated", nil, &n)
	return n, err
}

// LockGates locks the branches after one that were ever evaluated, by id, with their products,
// for an evaluation of their gates. The number of statements does not depend on the number of
// branches.
func (tx *Tx) LockGates(after int64, limit int) ([]Gated, error) {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE OF p, b"
	}
	return tx.gates(tx.Context(), `
		SELECT `+productColumns+", "+branchColumns+`
		FROM branches b
		JOIN products p ON p.id = b.product_id
		WHERE b.id > ?
		AND b.evaluated
		ORDER BY b.id
		LIMIT ?`+lock, after, limit)
}

// EvaluatedGates lists the branches after one that were ever evaluated, by id, with their
// products.
func (r queries) EvaluatedGates(ctx context.Context, after int64, limit int) ([]Gated, error) {
	return r.gates(ctx, `
		SELECT `+productColumns+", "+branchColumns+`
		FROM branches b
		JOIN products p ON p.id = b.product_id
		WHERE b.id > ?
		AND b.evaluated
		ORDER BY b.id
		LIMIT ?`, after, limit)
}

// DefaultGates lists the default branches that were ever evaluated, by product after one, with their products;
// only those of a group unless that is 0.
func (r queries) DefaultGates(ctx context.Context, groupID, after int64, limit int) ([]Gated, error) {
	inGroup, args := "", []any{after}
	if groupID != 0 {
		inGroup, args = " AND p.group_id = ?", append(args, groupID)
	}
	return r.gates(ctx, `
		SELECT `+productColumns+", "+branchColumns+`
		FROM products p
		JOIN branches b ON b.product_id = p.id AND b.is_default
		WHERE p.id > ?`+inGroup+`
		AND b.evaluated
		ORDER BY p.id
		LIMIT ?`, append(args, limit)...)
}

// gates reads branches with their products, then the groups of these: a group can have changed
// while the lock was awaited.
func (r queries) gates(ctx context.Context, query string, args ...any) ([]Gated, error) {
	var list []Gated
	err := r.query(
		ctx, query, args, collect(&list, func(g *Gated) []any { return append(g.Product.dst(), g.Branch.dst()...) }),
	)
	if err != nil {
		return nil, err
	}
	var ids []int64
	known := map[int64]*Group{}
	for _, g := range list {
		if id := g.Product.GroupID; id != nil && known[*id] == nil {
			known[*id] = &Group{}
			ids = append(ids, *id)
		}
	}
	if len(ids) == 0 {
		return list, nil
	}
	err = r.query(ctx, `
		SELECT `+groupColumns+`
		FROM product_groups g
		WHERE g.id IN (`+placeholders(len(ids))+")", toAny(ids), func(rows scanner) error {
		var g Group
		err := rows.Scan(g.dst()...)
		known[g.ID] = &g
		return err
	})
	for i, g := range list {
		if g.Product.GroupID != nil {
			list[i].Group = known[*g.Product.GroupID]
		}
	}
	return list, err
}
