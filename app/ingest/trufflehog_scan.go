package ingest

import (
	"strconv"
	"strings"
)

// truffleHogScan is what the messages of TruffleHog say about its scans.
type truffleHogScan struct {
	messages bool   // there are messages
	finished bool   // a message says that the scan ended
	failedAt string // the place of the first error of a scan; "" = none
	errorAt  string // the same, of a scan that has not ended yet
	secrets  int    // in the file, also repeated ones
	counted  int    // by the messages
	countAt  string // the place of the first count above 0; "" = none
}

// truffleHogCounts are the keys of the last message of a scan that count what it found.
var truffleHogCounts = [...]string{"verified_secrets", "unverified_secrets"}

// note notes a message at a place.
func (s *truffleHogScan) note(c *truffleHogObject, place string) {
	s.messages = true
	key := func(name string) string { return strings.TrimPrefix(place+"."+name, ".") }
	switch level := strings.ToLower(c.level); {
	case c.message == "encountered errors during scan", level == "fatal":
		s.failedAt = first(s.failedAt, key("msg"))
	case level == "error" && !isSkipped(c.message):
		s.errorAt = first(s.errorAt, key("msg"))
	}
	if c.message != "finished scanning" {
		return
	}
	s.finished = true
	s.failedAt, s.errorAt = first(s.failedAt, s.errorAt), ""
	for i, text := range c.counts {
		if n := countIn(text); n > 0 {
			s.counted += n
			s.countAt = first(s.countAt, key(truffleHogCounts[i]))
		}
	}
}

// isSkipped reports whether an error is of one file that is left out, such as one that cannot be
// read: it does not end a scan.
func isSkipped(message string) bool {
	return strings.HasPrefix(message, "skipping") || strings.HasPrefix(message, "non-critical")
}

// lostAt returns the place that counts more secrets than the file has, "" if it has them all.
func (s *truffleHogScan) lostAt() string {
	if s.counted > s.secrets {
		return s.countAt
	}
	return ""
}

// maxSaid bounds a number of findings that a report says.
const maxSaid = 1_000_000_000

// countIn returns the number of findings that a text says; one that is no number is more than 0.
func countIn(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	switch {
	case err != nil:
		return 1
	case n <= 0:
		return 0
	case n < 1:
		return 1
	}
	return int(min(n, maxSaid))
}
