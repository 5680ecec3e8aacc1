// Package ingest takes scanner reports and bare counts in: it reads a report's
// format, compares it with what the same source said before, and makes the
// difference and the gate that follows from it current in one transaction.
package ingest

import (
	"crypto/sha256"
	"math"
	"strconv"
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
	Format   string // "cyclonedx", "sarif", "trivy", "grype" or "gitlab"
	Tool     string // the scanner's name in the report, without version; "" unknown
	Findings *Findings
}

// The longest texts that are kept, in bytes.
const (
	maxTitle       = 255
	maxDescription = 2000
	maxPlace       = 1000
)

// identity hashes what makes a finding itself within its report.
func identity(parts ...string) id {
	var room [512]byte
	all := room[:0]
	for i, part := range parts {
		if i > 0 {
			all = append(all, 0)
		}
		all = append(all, part...)
	}
	sum := sha256.Sum256(all)
	return id(sum[:16])
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

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// lineOf is the number of a line; 0 is none.
func lineOf(n float64) int32 {
	if n >= 1 && n <= math.MaxInt32 {
		return int32(n)
	}
	return 0
}

// place is where something is, with its line if there is one.
func place(where string, line int32) string {
	if line == 0 || where == "" {
		return where
	}
	return where + ":" + strconv.Itoa(int(line))
}
