// Package ingest takes scanner reports and bare counts in: it reads a report's
// format, compares it with what the same source said before, and makes the
// difference and the gate that follows from it current in one transaction.
package ingest

import (
	"crypto/sha256"
	"strings"
	"unicode/utf8"

	"gatecrier/models"
)

// Finding is one observation as a report tells it.
type Finding struct {
	Identity    string // 16 bytes, unique within its report
	Title       string
	Description string
	Component   string
	Location    string
	Fix         string
	URL         string
	Severity    models.Severity
	Status      models.Status
}

// Report is what a parser made of a file.
type Report struct {
	Format   string // "grype"
	Tool     string // the scanner's name in the report, without version; "" unknown
	Findings map[string]Finding
}

// The longest texts that are kept, in bytes.
const (
	maxTitle       = 255
	maxDescription = 2000
	maxPlace       = 1000
)

// identity hashes what makes a finding itself within its report.
func identity(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return string(sum[:16])
}

// add keeps a finding. A repeated identity is one finding: the active one, then
// the most severe.
func (r *Report) add(f Finding) {
	f.Title, f.Description = clean(f.Title, maxTitle), clean(f.Description, maxDescription)
	f.Component, f.Location = clean(f.Component, maxPlace), clean(f.Location, maxPlace)
	f.Fix, f.URL = clean(f.Fix, maxTitle), clean(f.URL, maxPlace)
	old, repeated := r.Findings[f.Identity]
	if repeated && !worse(f, old) {
		return
	}
	r.Findings[f.Identity] = f
}

func worse(f, old Finding) bool {
	if f.Status.Active() != old.Status.Active() {
		return f.Status.Active()
	}
	return f.Severity < old.Severity
}

// clean cuts a text to a number of bytes, between runes, and takes out what
// PostgreSQL does not store.
func clean(text string, most int) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\x00", "")
	if len(text) <= most {
		return text
	}
	cut := most - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// severityWords are the words that scanners use for the six severities.
var severityWords = map[string]models.Severity{
	"critical": models.Critical, "high": models.High, "medium": models.Medium, "moderate": models.Medium, "low": models.Low,
	"none": models.None, "negligible": models.None, "info": models.None, "informational": models.None,
}

// severityOf reads a severity's word, in any case; anything else is unknown.
func severityOf(word string) models.Severity {
	if s, ok := severityWords[strings.ToLower(strings.TrimSpace(word))]; ok {
		return s
	}
	return models.Unknown
}
