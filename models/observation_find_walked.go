package models

import (
	"context"
	"math"
	"slices"
)

// walkedKeys are the keys of all observations in the order of an index, as far as the filter lets
// them through. It suits filters that let many through.
type walkedKeys struct {
	r        queries
	f        FindFilter
	products map[int64]string // of the branches
	last     *FoundKey
	ended    bool
}

// minWalk is the number of keys that are read at least: some of them are of other branches.
const minWalk = 1_000

func newWalkedKeys(r queries, f FindFilter, branches findBranches) *walkedKeys {
	return &walkedKeys{r: r, f: f, products: branches.products(), last: f.After}
}

func (w *walkedKeys) next(ctx context.Context, n int) ([]FoundKey, int, error) {
	if w.ended {
		return nil, 0, nil
	}
	n = max(n, minWalk)
	before := FoundKey{ID: math.MaxInt64, EPSS: math.MaxFloat32}
	if w.last != nil {
		before = *w.last
	}
	epss, order, cond := "0", "o.id DESC", sqlFragment{"o.id < ?", []any{before.ID}}
	if w.f.Sort == SortEPSS {
		epss = epssSQL(w.r.dialect)
		order = epss + " DESC, o.id DESC"
		cond = sqlFragment{epss + " IS NOT NULL AND (" + epss + ", o.id) < (?, ?)", []any{before.EPSS, before.ID}}
	}
	var keys []FoundKey
	err := w.r.query(ctx, `
		SELECT o.branch_id, o.severity, NOT o.active, o.id, `+epss+`
		FROM observations o
		WHERE `+cond.text+`
		ORDER BY `+order+`
		LIMIT ?`, append(cond.args, n), collect(&keys, (*FoundKey).dst))
	if err != nil {
		return nil, 0, err
	}
	cost := len(keys)
	if w.ended = cost < n; cost > 0 {
		last := keys[cost-1]
		w.last = &last
	}
	actives := w.f.actives()
	from, to := w.f.severities()
	keys = slices.DeleteFunc(keys, func(k FoundKey) bool {
		_, known := w.products[k.BranchID]
		return !known || k.Severity < from || k.Severity > to || !slices.Contains(actives, !k.Inactive)
	})
	return keys, cost, nil
}

func (w *walkedKeys) position() *FoundKey {
	if w.ended {
		return nil
	}
	return w.last
}
