package admin

import "strconv"

// formatInt is a number in a sentence.
func formatInt[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// plural is a number with its noun: "1 delivery", "2 deliveries".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return formatInt(n) + " " + many
}

// upTo is plural for a number that was not counted further than most.
func upTo(n, most int, one, many string) string {
	if n > most {
		return "more than " + plural(most, one, many)
	}
	return plural(n, one, many)
}
