package ingest

import "encoding/json"

// loose is a value that a finding can do without. A value of another type is none, and no reason
// to refuse the report.
type loose[T any] struct{ v T }

// UnmarshalJSON reads a value and never fails.
func (l *loose[T]) UnmarshalJSON(text []byte) error {
	var v T
	if json.Unmarshal(text, &v) == nil {
		l.v = v
	}
	return nil
}
