package models

import (
	"strconv"
	"strings"
)

// sqlFragment is a part of a statement, or a condition, with the arguments of its placeholders.
type sqlFragment struct {
	text string
	args []any
}

// conditionOf returns the condition that a where method returns.
func conditionOf(cond string, args []any) sqlFragment { return sqlFragment{cond, args} }

func (s *sqlFragment) add(text string, args ...any) {
	s.text += text
	s.args = append(s.args[:len(s.args):len(s.args)], args...)
}

// and adds a condition.
func (s *sqlFragment) and(cond string, args ...any) { s.add(" AND "+cond, args...) }

// andWhere adds the condition that a where method returns.
func (s *sqlFragment) andWhere(cond string, args []any) { s.and(cond, args...) }

// placeholders returns "?, ?, ?" for n arguments, NULL for none.
func placeholders(n int) string {
	if n == 0 {
		return "NULL"
	}
	return strings.Repeat("?, ", n-1) + "?"
}

// placeholder returns a parameter of a type that PostgreSQL cannot infer, such as one in a
// select list.
func placeholder(d Dialect, sqlType string) string {
	if d == Postgres {
		return "CAST(? AS " + sqlType + ")"
	}
	return "?"
}

// toAny returns the elements of a list as arguments of a statement.
func toAny[T any](list []T) []any {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	return args
}

// nullID returns an id as an argument, NULL for 0.
func nullID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// idDst scans a row that is an id.
func idDst(id *int64) []any { return []any{id} }

// contains returns a LIKE pattern for a text that a user wrote.
func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// idSet returns the condition that a column is one of some ids, any number of them: one argument
// has them all.
func idSet(d Dialect, column string, ids []int64) sqlFragment {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.FormatInt(id, 10)
	}
	text := strings.Join(list, ",")
	if d == Postgres {
		return sqlFragment{column + " = ANY(CAST(CAST(? AS TEXT) AS BIGINT[]))", []any{"{" + text + "}"}}
	}
	return sqlFragment{column + " IN (SELECT j.value FROM json_each(?) j)", []any{"[" + text + "]"}}
}
