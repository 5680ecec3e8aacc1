package models

import (
	"context"
	"time"
)

// ExceptionGroup finds a group in scope. A group without a product is only in a scope that sees
// everything.
func (r queries) ExceptionGroup(ctx context.Context, scope Scope, id int64) (ExceptionGroup, error) {
	cond, args := scope.where("g.product_id")
	var g ExceptionGroup
	err := r.get(ctx, `
		SELECT `+exceptionColumns+`, g.sample
		FROM exception_groups g
		LEFT JOIN products p ON p.id = g.product_id
		WHERE g.id = ?
		AND `+cond, append([]any{id}, args...), append(g.dst(), &g.Sample)...)
	if err != nil {
		return ExceptionGroup{}, notFound(err, "exception")
	}
	return g, nil
}

// ExceptionFilter narrows a list of groups. Zero fields do not narrow.
type ExceptionFilter struct {
	Place
	ProductID int64
	Own       bool // groups without a product
	// OfProducts leaves out groups without a product.
	OfProducts bool
	Kind       ExceptionKind
	// OnlyKinds leaves out the kinds that the viewer cannot see at all.
	OnlyKinds []ExceptionKind
	State     ExceptionState
	Muted     bool
	Text      string // part of the class or the function, with Messages also of the message; in any case
	Messages  bool   // the viewer can read the messages of all kinds
	Limit     int
}

// ExceptionOrders has the order of a list of groups, the last occurrence first.
var ExceptionOrders = Orders[ExceptionGroup]{
	"": {desc: true, columns: []orderColumn[ExceptionGroup]{
		{sql: "g.last_at", value: func(g ExceptionGroup) any { return g.LastAt.UnixMicro() }},
		{sql: "g.id", value: func(g ExceptionGroup) any { return g.ID }},
	}},
}

// ExceptionGroups lists groups in scope, the last occurrence first, without their samples.
func (r queries) ExceptionGroups(ctx context.Context, scope Scope, f ExceptionFilter) ([]ExceptionGroup, error) {
	cond := f.where(scope, r.Now())
	ExceptionOrders.where(&cond, f.Place)
	var list []ExceptionGroup
	err := r.query(ctx, `
		SELECT `+exceptionColumns+`
		FROM exception_groups g
		LEFT JOIN products p ON p.id = g.product_id
		WHERE `+cond.text+`
		ORDER BY `+ExceptionOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), collect(&list, (*ExceptionGroup).dst))
	inOrder(f.Place, list)
	return list, err
}

// CountExceptionGroups counts groups in scope, up to one more than MaxCounted.
func (r queries) CountExceptionGroups(ctx context.Context, scope Scope, f ExceptionFilter) (int, error) {
	return r.countUpTo(ctx, "FROM exception_groups g", f.where(scope, r.Now()))
}

func (f ExceptionFilter) where(scope Scope, now time.Time) sqlFragment {
	cond := conditionOf(scope.where("g.product_id"))
	switch {
	case f.Own:
		cond.and("g.owner = 0")
	case f.ProductID != 0:
		cond.and("g.owner = ?", f.ProductID)
	}
	if f.OfProducts {
		cond.and("g.owner <> 0")
	}
	if f.Kind != "" {
		cond.and("g.kind = ?", f.Kind)
	}
	if len(f.OnlyKinds) > 0 {
		cond.and("g.kind IN ("+placeholders(len(f.OnlyKinds))+")", toAny(f.OnlyKinds)...)
	}
	if f.State != "" {
		cond.and("g.state = ?", f.State)
	}
	if f.Muted {
		cond.and("g.muted_until > ?", micro(now))
	}
	if f.Text != "" {
		part := contains(f.Text)
		readable := "g.kind = 'reported'" // the message and the function of other kinds are redacted
		if f.Messages {
			readable = "1 = 1"
		}
		cond.and(`(lower(g.class) LIKE lower(?) ESCAPE '\'
			OR `+readable+` AND (lower(g.message) LIKE lower(?) ESCAPE '\'
				OR lower(g.function) LIKE lower(?) ESCAPE '\'))`, part, part, part)
	}
	return cond
}

// ExceptionHours reads how often groups occurred in each hour since a time, by group and hour.
func (r queries) ExceptionHours(
	ctx context.Context, groups []int64, since time.Time,
) (map[int64]map[int64]int64, error) {
	hours := map[int64]map[int64]int64{}
	if len(groups) == 0 {
		return hours, nil
	}
	err := r.query(ctx, `
		SELECT group_id, hour, count
		FROM exception_hours
		WHERE group_id IN (`+placeholders(len(groups))+`)
		AND hour >= ?`, append(toAny(groups), hourOf(since)), func(rows scanner) error {
		var group, hour, n int64
		if err := rows.Scan(&group, &hour, &n); err != nil {
			return err
		}
		if hours[group] == nil {
			hours[group] = map[int64]int64{}
		}
		hours[group][hour] = n
		return nil
	})
	return hours, err
}

// ExceptionRelease is a release in which an exception was seen.
type ExceptionRelease struct {
	Name            string
	FirstAt, LastAt time.Time
}

// ExceptionReleases lists the releases of a group, the last seen first. The group must have come
// from a scoped read.
func (r queries) ExceptionReleases(ctx context.Context, groupID int64, limit int) ([]ExceptionRelease, error) {
	var list []ExceptionRelease
	err := r.query(ctx, `
		SELECT name, first_at, last_at
		FROM exception_releases
		WHERE group_id = ?
		ORDER BY last_at DESC, name
		LIMIT ?`,
		[]any{groupID, limit},
		collect(&list, func(e *ExceptionRelease) []any { return []any{&e.Name, timeTo(&e.FirstAt), timeTo(&e.LastAt)} }))
	return list, err
}
