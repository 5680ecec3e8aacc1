package admin

import (
	"strconv"

	"gatecrier/app/number"
)

// formatInt writes a number for a sentence or a URL.
func formatInt[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// plural returns a number with its noun: "1 delivery", "2 deliveries".
func plural(n int, one, many string) string {
	return number.Of(n, one, many)
}

// upTo is like plural, for a number whose count stopped at limit.
func upTo(n, limit int, one, many string) string {
	if n > limit {
		return "more than " + plural(limit, one, many)
	}
	return plural(n, one, many)
}
