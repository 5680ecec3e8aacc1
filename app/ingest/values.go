package ingest

import (
	"encoding/json"
	"strings"
	"time"
)

// timeOf returns a time as reports write it, in UTC unless they name a zone. It returns the zero
// time for other texts.
func timeOf(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// anyText is a text, also of a number or of a list of texts; other values are none.
type anyText string

// UnmarshalJSON reads a text and never fails.
func (a *anyText) UnmarshalJSON(value []byte) error {
	var text string
	var number json.Number
	var list []string
	switch {
	case json.Unmarshal(value, &text) == nil:
		*a = anyText(text)
	case json.Unmarshal(value, &number) == nil:
		*a = anyText(number)
	case json.Unmarshal(value, &list) == nil:
		*a = anyText(strings.Join(list, ""))
	default:
		*a = ""
	}
	return nil
}
