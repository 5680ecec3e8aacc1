package ingest

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"gatecrier/models"
)

// severityWords are the scanners' names of severities.
var severityWords = map[string]models.Severity{
	"critical":      models.Critical,
	"high":          models.High,
	"medium":        models.Medium,
	"moderate":      models.Medium,
	"low":           models.Low,
	"none":          models.None,
	"negligible":    models.None,
	"info":          models.None,
	"informational": models.None,
}

// severityOf returns the severity with a name, in any case, else Unknown.
func severityOf(word string) models.Severity {
	if s, ok := severityWords[strings.ToLower(strings.TrimSpace(word))]; ok {
		return s
	}
	return models.Unknown
}

// levels are the severities of SARIF's levels.
var levels = map[string]models.Severity{
	"error": models.High, "warning": models.Medium, "note": models.Low, "none": models.None,
}

func levelOf(word string) models.Severity {
	if s, ok := levels[strings.ToLower(strings.TrimSpace(word))]; ok {
		return s
	}
	return models.Unknown
}

// score is a CVSS score, from a number or a text. Other values are no score.
type score struct {
	value float64
	given bool
}

// UnmarshalJSON reads a score and never fails.
func (s *score) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseFloat(string(bytes.TrimSpace(bytes.Trim(text, `"`))), 64)
	*s = score{value: value, given: err == nil && value >= 0 && !math.IsInf(value, 0)}
	return nil
}

// severity returns the CVSS 3 rating of a score.
func (s score) severity() models.Severity {
	switch {
	case s.value >= 9:
		return models.Critical
	case s.value >= 7:
		return models.High
	case s.value >= 4:
		return models.Medium
	case s.value > 0:
		return models.Low
	}
	return models.None
}

// securitySeverity is the property security-severity of SARIF: a CVSS score above 0, or a word of
// severity. Other values are none, such as the 0.0 of rules that have no score.
type securitySeverity struct {
	severity models.Severity
	score    float64 // 0 = none
	given    bool
}

// UnmarshalJSON reads a severity and never fails.
func (s *securitySeverity) UnmarshalJSON(text []byte) error {
	*s = securitySeverity{}
	var number score
	if err := number.UnmarshalJSON(text); err == nil && number.given {
		if number.value > 0 && number.value <= 10 {
			*s = securitySeverity{number.severity(), number.value, true}
		}
		return nil
	}
	if word := severityOf(string(bytes.Trim(text, `"`))); word != models.Unknown {
		*s = securitySeverity{severity: word, given: true}
	}
	return nil
}
