// Package ingest imports scanner reports and bare counts. It reads a report in its format,
// compares it with the previous observations of the same source, and makes the difference
// and the resulting gate current in one transaction.
package ingest

import (
	"crypto/sha256"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/app/vex"
	"gatecrier/models"
)

// Finding is one observation in a report: one rule or vulnerability in one component or
// place. Advisories of the same weakness with several IDs are several findings.
type Finding struct {
	// Identity has 16 bytes: unique within its report, and the same in each later report of the
	// source that has the finding where it was. It separates the findings of a report, so that it
	// can come from a line or a tag; never from a severity or the tool's version. A finding whose
	// identity is new is the moved one of the report before if their match keys agree.
	Identity    string
	Match       matchKey
	Title       string // its CVE, else its own ID or name, else a message; no related ID
	Description string // the report's text about this finding, else about its rule or vulnerability
	Component   string // name and version of the package, or another part of the product
	Location    string // the file, with its line if it has one; or the image or the address
	Fix         string // the versions that fix it, or what to do
	URL         string // of an advisory or rule, as the report gives it, never built from an ID
	Details     models.EncodedDetails
	KEV         bool // the report says that it is known to be exploited
	Unfixed     bool // a vulnerability of a package for which the report knows no fixed version
	Severity    models.Severity
	Status      models.Status
}

// Report is a parsed report.
type Report struct {
	Format string // an id that newDetector lists, such as "grype"
	// Tool is the scanner's name in the report, without version; "" = unknown. It becomes the
	// scanner of the source if the import names none. If a format comes to read another name
	// from the same reports, their old sources get no more reports, but keep their observations.
	Tool string
	// Tools are the tools of the runs of a SARIF file, each once, in their order; nil of other formats.
	Tools []string
	// Subject is what the report is of, such as an image without its tag: the source of a report
	// that the import names none for. "" = unknown, or a path of the machine that ran the scan.
	Subject   string
	Reference string    // the tag or digest of the subject, "" = none
	Digests   []string  // of the image that the report is of, as far as it names them
	MadeAt    time.Time // when the report says that it was made, zero if it does not
	Classes   []string  // the kinds of results that Trivy names, such as os-pkgs; nil of other formats
	Findings  *Findings
	// Partial says that the scan broke off half-way: what the report does not contain stays as it is.
	Partial bool
	// Late says that the report is older than the last one of its source: it only adds what is new.
	Late     bool
	Warnings []string // for the user who sent the report
	// VEX is the document, if the text is none of a scan: it has statements, and no findings.
	VEX *vex.Document
}

// The longest stored texts, in bytes.
const (
	maxTitle       = 255
	maxDescription = 2000
	maxComponent   = 1000
	maxLocation    = 1000
	maxFix         = 255
	maxURL         = 1000
)

// digest is the identity of a finding, or the hash of a part of one.
type digest [16]byte

// digestOf returns the hash of parts, such as those that identify a finding.
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

// firstLine returns the first line of a text.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
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
