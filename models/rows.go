package models

import "database/sql"

// scanner is one row of an answer.
type scanner = *sql.Rows

// collect returns a callback that scans each row into a new element of list.
func collect[T any](list *[]T, dst func(*T) []any) func(scanner) error {
	return func(rows scanner) error {
		var v T
		if err := rows.Scan(dst(&v)...); err != nil {
			return err
		}
		*list = append(*list, v)
		return nil
	}
}
