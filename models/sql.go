package models

import "strings"

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
