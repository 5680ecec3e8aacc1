// Package vex is what VEX documents say of observations: their statements, and which observations
// these are about. It reads no files and no database.
package vex

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/models"
)

// The formats of VEX documents.
const (
	FormatOpenVEX = "openvex"
	FormatCSAF    = "csaf"
)

// MaxStatements is how many statements a document can have.
const MaxStatements = 10_000

// Document is a VEX document.
type Document struct {
	Format     string
	ID         string // of a CSAF document after the namespace of its publisher
	Author     string
	Version    string
	At         time.Time // when this version was issued
	Statements []Statement
	Warnings   []string
}

// Statement says how a vulnerability affects products.
type Statement struct {
	Vulnerability []string // its IDs, the main one first
	Products      []Product
	Status        models.Status
	Justification string // a label, "" = none
	Impact        string
	Action        string
	At            time.Time
}

// Product is a product, or parts of it.
type Product struct {
	Component
	Parts []Component `json:"parts,omitempty"` // only these parts of it; nil = all of it
}

// Component is a piece of software, by alternative identifiers.
type Component struct {
	IDs     []string `json:"ids,omitempty"`     // purls, CPEs, or names
	Version string   `json:"version,omitempty"` // of the identifiers that have none; "" = any
	Range   bool     `json:"range,omitempty"`   // a range of versions: it matches nothing
	Arch    string   `json:"arch,omitempty"`    // only of this architecture; "" = any
	Hashes  []string `json:"hashes,omitempty"`  // such as sha256:12ab, of which one must be that of the image
}

// The longest stored texts, in bytes.
const (
	maxReason = 500
	maxText   = 2000
)

// Reason returns why the statement has its status, in short: the label, and what explains it.
func (s Statement) Reason() string {
	parts := []string{s.Justification, s.Impact}
	if s.Status != models.StatusNotAffected {
		parts = append(parts, s.Action)
	}
	var said []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			said = append(said, part)
		}
	}
	return cut(strings.Join(said, ": "), maxReason)
}

// cut returns a text without NUL, which PostgreSQL does not store, of at most limit bytes.
func cut(text string, limit int) string {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", ""))
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// Row returns the statement for the database.
func (s Statement) Row() (models.VEXStatement, error) {
	names, err := json.Marshal(s.Vulnerability)
	if err != nil {
		return models.VEXStatement{}, err
	}
	products, err := json.Marshal(s.Products)
	if err != nil {
		return models.VEXStatement{}, err
	}
	return models.VEXStatement{
		Vulnerability: string(names), Products: string(products), Status: s.Status,
		Justification: cut(s.Justification, maxReason), Impact: cut(s.Impact, maxText), Action: cut(s.Action, maxText),
		At: s.At,
	}, nil
}

// statementOf returns a statement of the database.
func statementOf(row models.VEXStatement) (Statement, error) {
	s := Statement{
		Status: row.Status, Justification: row.Justification, Impact: row.Impact, Action: row.Action, At: row.At,
	}
	if err := json.Unmarshal([]byte(row.Vulnerability), &s.Vulnerability); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(row.Products), &s.Products)
}

// CompareVersions compares two versions of a document: numbers with dots between them, such as 3 or
// 1.0.2, by number; others as texts.
func CompareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, y := part(as, i), part(bs, i)
		n, errN := strconv.ParseUint(x, 10, 64)
		m, errM := strconv.ParseUint(y, 10, 64)
		switch {
		case errN != nil || errM != nil:
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
		case n < m:
			return -1
		case n > m:
			return 1
		}
	}
	return 0
}

// part returns a part of a version, "0" where it has none.
func part(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return "0"
}

// Result is what a document, or its deletion, has changed.
type Result struct {
	Document  models.VEXDocument
	Changed   int // observations whose status has changed
	Unchanged int // observations that the document is about, and whose status has not changed
	NotFound  int // statements that are about no observation
	// The branch, its gate and its counts: the one of the document, else the default branch.
	Branch        string
	Before, After models.GateState
	Why           string
	Counts        models.Counts
	Warnings      []string
}
