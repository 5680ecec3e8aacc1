package models

import (
	"context"
	"strings"
)

// MaxLosses bounds each count of Losses: more are counted as one more.
const MaxLosses = 10_000

// Losses counts what is deleted with a product or a group, apart from observations and targets.
type Losses struct {
	Branches, Members, Roles, Tokens, Keys, Exceptions, Silences, VEX int
}

// LossesOf counts what is deleted with a product or a group. The caller must have checked the right to delete it.
func (r queries) LossesOf(ctx context.Context, o Owner) (Losses, error) {
	var (
		l       Losses
		parts   []string
		args    []any
		results []any
	)
	type table struct {
		name string
		to   *int
	}
	column, id := "product_id", o.ProductID
	tables := []table{
		{"branches", &l.Branches},
		{"members", &l.Members},
		{"authorization_roles", &l.Roles},
		{"tokens", &l.Tokens},
		{"ingest_keys", &l.Keys},
		{"exception_groups", &l.Exceptions},
		{"silences", &l.Silences},
		{"vex_documents", &l.VEX},
	}
	if o.GroupID != 0 {
		column, id = "group_id", o.GroupID
		tables = []table{{"group_members", &l.Members}, {"authorization_roles", &l.Roles}, {"silences", &l.Silences}}
	}
	for _, t := range tables {
		parts = append(parts,
			"(SELECT count(*) FROM (SELECT 1 FROM "+t.name+" WHERE "+column+" = ? LIMIT ?) counted)")
		args, results = append(args, id, MaxLosses+1), append(results, t.to)
	}
	err := r.get(ctx, "SELECT "+strings.Join(parts, ", "), args, results...)
	return l, err
}
