package doctor

import (
	"fmt"
	"time"
)

// State is the result of a check.
type State string

// The results.
const (
	OK      State = "ok"
	Warning State = "warning"
	Problem State = "problem"
	Skipped State = "skipped" // it could not be checked
)

// Check is the result of one check.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Text   string `json:"text"`   // what was found
	Advice string `json:"advice"` // what to do, "" for nothing
}

// Report is the result of all checks.
type Report struct {
	At     time.Time `json:"at"`
	Checks []Check   `json:"checks"`
}

// Count counts the checks with a result.
func (r Report) Count(s State) int {
	n := 0
	for _, c := range r.Checks {
		if c.State == s {
			n++
		}
	}
	return n
}

func ok(format string, args ...any) Check {
	return Check{State: OK, Text: fmt.Sprintf(format, args...)}
}

func skipped(text string) Check { return Check{State: Skipped, Text: text} }

func warning(advice, format string, args ...any) Check {
	return Check{State: Warning, Advice: advice, Text: fmt.Sprintf(format, args...)}
}

func problem(advice, format string, args ...any) Check {
	return Check{State: Problem, Advice: advice, Text: fmt.Sprintf(format, args...)}
}
