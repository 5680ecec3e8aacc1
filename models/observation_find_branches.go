package models

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// findBranch is a branch whose observations a list can show, with its counts of active ones.
type findBranch struct {
	id      int64
	product string
	counts  Counts
}

// findBranches are the branches that a list selects, in the order of their products' names.
type findBranches []findBranch

// compareBranches orders branches by product, in any case of letters, then by id.
func compareBranches(productA string, a int64, productB string, b int64) int {
	return cmp.Or(
		cmp.Compare(strings.ToLower(productA), strings.ToLower(productB)),
		cmp.Compare(productA, productB),
		cmp.Compare(a, b),
	)
}

// counts returns the sum of all branches.
func (list findBranches) counts() Counts {
	var sum Counts
	for _, b := range list {
		sum = sum.Plus(b.counts)
	}
	return sum
}

// ids returns the ids of all branches.
func (list findBranches) ids() []int64 {
	ids := make([]int64, len(list))
	for i, b := range list {
		ids[i] = b.id
	}
	return ids
}

// products returns the name of the product of each branch.
func (list findBranches) products() map[int64]string {
	names := make(map[int64]string, len(list))
	for _, b := range list {
		names[b.id] = b.product
	}
	return names
}

// search returns the index of a branch, or of the first one after it.
func (list findBranches) search(product string, id int64) (at int, found bool) {
	return slices.BinarySearchFunc(list, id, func(b findBranch, id int64) int {
		return compareBranches(b.product, b.id, product, id)
	})
}

// branchesToFind reads the branches that a filter selects in scope, or those of them that are in
// only, unless it is nil.
func (r queries) branchesToFind(ctx context.Context, scope Scope, f FindFilter, only []int64) (findBranches, error) {
	cond := conditionOf(scope.whereAmong("b.product_id"))
	switch {
	case f.Branch != "":
		cond.and("b.name = ?", f.Branch)
	case !f.AllBranches:
		cond.and("b.is_default")
	}
	if f.ProductID != 0 {
		cond.and("b.product_id = ?", f.ProductID)
	}
	if f.GroupID != 0 {
		cond.and("p.group_id = ?", f.GroupID)
	}
	if only != nil {
		set := idSet(r.dialect, "b.id", only)
		cond.and(set.text, set.args...)
	}
	var list []findBranch
	err := r.query(ctx, `
		SELECT b.id, p.name, b.critical, b.high, b.medium, b.low, b.none, b.unknown
		FROM branches b
		JOIN products p ON p.id = b.product_id
		WHERE `+cond.text, cond.args, collect(&list, func(b *findBranch) []any {
		c := &b.counts
		return []any{&b.id, &b.product, &c.Critical, &c.High, &c.Medium, &c.Low, &c.None, &c.Unknown}
	}))
	list = slices.DeleteFunc(list, func(b findBranch) bool { return strings.HasPrefix(b.product, hiddenName) })
	slices.SortFunc(list, func(a, b findBranch) int { return compareBranches(a.product, a.id, b.product, b.id) })
	return list, err
}
