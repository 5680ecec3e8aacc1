package models

import (
	"fmt"
	"strings"
)

// Severity is the severity of an observation, from critical (0) to unknown (5).
type Severity int

// The six severities, worst first.
const (
	Critical Severity = iota
	High
	Medium
	Low
	None
	Unknown
)

var severityNames = [...]string{"critical", "high", "medium", "low", "none", "unknown"}

// Severities lists all severities, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, None, Unknown} }

// Valid reports whether s is one of the six.
func (s Severity) Valid() bool { return s >= Critical && s <= Unknown }

// String returns the severity's name in the API.
func (s Severity) String() string {
	if !s.Valid() {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityNames[s]
}

// MarshalText writes the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a severity's name.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, ok := SeverityByName(string(text))
	if !ok {
		return fmt.Errorf("no severity is called %q", text)
	}
	*s = parsed
	return nil
}

// SeverityByName finds a severity by its name in the API, in any case.
func SeverityByName(name string) (Severity, bool) {
	for i, n := range severityNames {
		if strings.EqualFold(n, name) {
			return Severity(i), true
		}
	}
	return Unknown, false
}

// Counts has a number for each severity: of active observations, or of those allowed. Its JSON
// is the API's: always six keys.
type Counts struct {
	Critical int64 `json:"critical"`
	High     int64 `json:"high"`
	Medium   int64 `json:"medium"`
	Low      int64 `json:"low"`
	None     int64 `json:"none"`
	Unknown  int64 `json:"unknown"`
}

// Of returns the number of one severity.
func (c Counts) Of(s Severity) int64 { return *c.at(s) }

// Add changes the number of one severity by n.
func (c *Counts) Add(s Severity, n int64) { *c.at(s) += n }

// Plus returns the sum, severity by severity.
func (c Counts) Plus(o Counts) Counts {
	for _, s := range Severities() {
		c.Add(s, o.Of(s))
	}
	return c
}

// Minus returns the difference, severity by severity.
func (c Counts) Minus(o Counts) Counts {
	for _, s := range Severities() {
		c.Add(s, -o.Of(s))
	}
	return c
}

// Total returns the sum of all severities.
func (c Counts) Total() int64 {
	return c.Critical + c.High + c.Medium + c.Low + c.None + c.Unknown
}

func (c *Counts) at(s Severity) *int64 {
	switch s {
	case Critical:
		return &c.Critical
	case High:
		return &c.High
	case Medium:
		return &c.Medium
	case Low:
		return &c.Low
	case None:
		return &c.None
	case Unknown:
		return &c.Unknown
	}
	return &c.Unknown // an invalid severity counts as unknown
}

func (c *Counts) dst() []any {
	return []any{&c.Critical, &c.High, &c.Medium, &c.Low, &c.None, &c.Unknown}
}

func (c Counts) args() []any {
	return []any{c.Critical, c.High, c.Medium, c.Low, c.None, c.Unknown}
}

// Thresholds are a product's own thresholds, nil where unset.
type Thresholds struct {
	Critical *int64 `json:"critical"`
	High     *int64 `json:"high"`
	Medium   *int64 `json:"medium"`
	Low      *int64 `json:"low"`
	None     *int64 `json:"none"`
	Unknown  *int64 `json:"unknown"`
}

// MaxThreshold is the largest threshold that can be set.
const MaxThreshold = 999999

// Of returns the threshold of one severity, nil where unset.
func (t Thresholds) Of(s Severity) *int64 { return *t.At(s) }

// At returns a pointer to the threshold of one severity.
func (t *Thresholds) At(s Severity) **int64 {
	switch s {
	case Critical:
		return &t.Critical
	case High:
		return &t.High
	case Medium:
		return &t.Medium
	case Low:
		return &t.Low
	case None:
		return &t.None
	case Unknown:
		return &t.Unknown
	}
	return &t.Unknown
}

// Limits returns the thresholds, with zero for unset ones.
func (t Thresholds) Limits() Counts {
	var c Counts
	for _, s := range Severities() {
		if v := t.Of(s); v != nil {
			c.Add(s, *v)
		}
	}
	return c
}
