// Package number writes numbers in sentences.
package number

import "strconv"

// Of returns a number with its noun: "1 delivery", "2 deliveries".
func Of[T int | int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + many
}
