package engine

import "database/sql"

// Scanner is one row of an answer.
type Scanner = *sql.Rows

// Collect returns a callback that scans each row into a new element of list.
func Collect[T any](list *[]T, dst func(*T) []any) func(Scanner) error {
	return func(rows Scanner) error {
		var v T
		if err := rows.Scan(dst(&v)...); err != nil {
			return err
		}
		*list = append(*list, v)
		return nil
	}
}
