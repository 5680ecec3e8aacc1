// Package ingest imports scanner reports and bare counts. It reads a report in its format,
// compares it with the previous observations of the same source, and makes the difference
// and the resulting gate current in one transaction.
package ingest

import (
	"crypto/sha256"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatecrier/models"
)

// Finding is one observation in a report.
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

// Report is a parsed report.
type Report struct {
	Format   string // "cyclonedx", "sarif", "trivy", "grype" or "gitlab"
	Tool     string // the scanner's name in the report, without version; "" = unknown
	Findings *Findings
}

// The longest stored texts, in bytes.
const (
	maxTitle       = 255
	maxDescription = 2000
	maxPlace       = 1000
)

// digestOf returns the hash of the parts that identify a finding within its report.
func digestOf(parts ...string) digest {
	var buf [512]byte
	all := buf[:0]
	for i, part := range parts {
		if i > 0 {
			all = append(all, 0)
		}
		all = append(all, part...)
	}
	sum := sha256.Sum256(all)
	return digest(sum[:16])
}

// clean trims a text, cuts it between runes to at most limit bytes, and removes NUL, which
// PostgreSQL does not store.
func clean(text string, limit int) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\x00", "")
	if len(text) <= limit {
		return text
	}
	cut := limit - len("…")
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

// lineOf returns a line number, 0 for none.
func lineOf(n float64) int32 {
	if n >= 1 && n <= math.MaxInt32 {
		return int32(n)
	}
	return 0
}

// fileLine returns a file with its line, if it has one.
func fileLine(file string, line int32) string {
	if line == 0 || file == "" {
		return file
	}
	return file + ":" + strconv.Itoa(int(line))
}
