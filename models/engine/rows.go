package engine

import "database/sql"

// Scanner is the current row of a result.
type Scanner = *sql.Rows

// Collect returns a callback for Query that scans each row into a new element of list. dst returns
// the scan destinations of an element.
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
