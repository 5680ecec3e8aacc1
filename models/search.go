package models

import (
	"context"
	"strings"
)

// Match is a thing whose name a search has found.
type Match struct {
	ID     int64
	Name   string
	Detail string // more about it, "" for nothing
}

func (m *Match) dst() []any { return []any{&m.ID, &m.Name, &m.Detail} }

// matchOf returns the condition that a name contains a text in any case, and the order: names that
// begin with the text first.
func matchOf(column, text string) (cond, order sqlFragment) {
	pattern := contains(text)
	name := "lower(" + column + `) LIKE lower(?) ESCAPE '\'`
	cond = sqlFragment{name, []any{pattern}}
	order = sqlFragment{"CASE WHEN " + name + " THEN 0 ELSE 1 END, " + column, []any{strings.TrimPrefix(pattern, "%")}}
	return cond, order
}

// SearchProducts finds products in scope by a part of their name, with the name of their group.
func (r queries) SearchProducts(ctx context.Context, scope Scope, text string, limit int) ([]Match, error) {
	cond, order := matchOf("p.name", text)
	cond.andWhere(scope.whereAmong("p.id"))
	return r.matches(ctx, `
		SELECT p.id, p.name, coalesce(g.name, '')
		FROM products p
		JOIN branches b ON b.product_id = p.id AND b.is_default
		LEFT JOIN product_groups g ON g.id = p.group_id`, cond, order, limit)
}

// SearchGroups finds product groups in scope by a part of their name.
func (r queries) SearchGroups(ctx context.Context, scope Scope, text string, limit int) ([]Match, error) {
	cond, order := matchOf("g.name", text)
	cond.andWhere(scope.whereGroup("g.id", viewing))
	return r.matches(ctx, "SELECT g.id, g.name, g.description FROM product_groups g", cond, order, limit)
}

// SearchUsers finds users by a part of their name, their first name or their email address.
func (r queries) SearchUsers(ctx context.Context, text string, limit int) ([]Match, error) {
	name, order := matchOf("u.name", text)
	first, _ := matchOf("u.first_name", text)
	email, _ := matchOf("u.email", text)
	cond := sqlFragment{text: "("}
	cond.add(name.text, name.args...)
	cond.add(" OR "+first.text, first.args...)
	cond.add(" OR "+email.text+")", email.args...)
	return r.matches(ctx, "SELECT u.id, u.name, u.email FROM users u", cond, order, limit)
}

func (r queries) matches(ctx context.Context, from string, cond, order sqlFragment, limit int) ([]Match, error) {
	all := sqlFragment{text: from + " WHERE "}
	all.add(cond.text, cond.args...)
	all.add(" ORDER BY "+order.text, order.args...)
	all.add(" LIMIT ?", limit)
	var list []Match
	err := r.query(ctx, all.text, all.args, collect(&list, (*Match).dst))
	return list, err
}
