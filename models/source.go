package models

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gatecrier/app/fault"
)

// Source is one scanner's last report on a branch, under one source name, with its part of the
// branch's counts.
type Source struct {
	ID           int64
	BranchID     int64
	Scanner      string
	Name         string
	Format       string // FormatCounts for bare counts, FormatManual for what users enter
	Breakdown           // its part of the branch's counts
	Version      int64  // grows with each import
	LastReportAt time.Time
	Unsettled    bool // a large import of it is in progress, or was interrupted
	Facts        EncodedFacts
	MadeAt       time.Time // when its newest report was made, as the report says; zero if none does
	Branch       string    // the branch's name, if the read includes it
}

const sourceColumns = `s.id, s.branch_id, s.scanner, s.name, s.format,
	s.critical, s.high, s.medium, s.low, s.none, s.unknown, s.flagged, s.version, s.last_report_at, s.unsettled,
	s.facts, s.made_at`

func (s *Source) dst() []any {
	d := append([]any{&s.ID, &s.BranchID, &s.Scanner, &s.Name, &s.Format}, s.Breakdown.dst()...)
	return append(d, &s.Version, timeTo(&s.LastReportAt), &s.Unsettled, &s.Facts, timeTo(&s.MadeAt))
}

// Source finds a branch's source by scanner and name; ok is false if it does not exist yet.
func (r queries) Source(ctx context.Context, branchID int64, scanner, name string) (s Source, ok bool, err error) {
	err = r.get(ctx, `
		SELECT `+sourceColumns+`
		FROM sources s
		WHERE s.branch_id = ?
		AND s.scanner = ?
		AND s.name = ?`, []any{branchID, scanner, name}, s.dst()...)
	if errors.Is(err, sql.ErrNoRows) {
		return Source{}, false, nil
	}
	return s, err == nil, err
}

// SaveSource writes a source after an import: a new one gets its id, a known one must still be
// as it was read, else it returns a conflict. It returns a conflict too if another source of the
// branch has its name.
func (tx *Tx) SaveSource(s *Source) error {
	at := micro(s.LastReportAt)
	if s.ID == 0 {
		args := append([]any{s.BranchID, s.Scanner, s.Name, s.Format}, s.Breakdown.args()...)
		var err error
		s.ID, err = tx.insert(`
			INSERT INTO sources (branch_id, scanner, name, format, critical, high, medium, low, none, unknown, flagged,
				created_at, last_report_at, facts, made_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (branch_id, scanner, name) DO NOTHING
			RETURNING id`, append(args, at, at, s.Facts, micro(s.MadeAt))...)
		if errors.Is(err, sql.ErrNoRows) {
			return errSourceMoved()
		}
		return err
	}
	args := append([]any{s.Name, s.Format}, s.Breakdown.args()...)
	n, err := tx.exec(`
		UPDATE sources
		SET name = ?, format = ?, critical = ?, high = ?, medium = ?, low = ?, none = ?, unknown = ?, flagged = ?,
			version = version + 1, last_report_at = ?, facts = ?, made_at = ?
		WHERE id = ?
		AND version = ?
		AND unsettled = ?
		AND NOT EXISTS (
			SELECT 1
			FROM sources o
			WHERE o.branch_id = ?
			AND o.scanner = ?
			AND o.name = ?
			AND o.id <> ?
		)`, append(args, at, s.Facts, micro(s.MadeAt), s.ID, s.Version, s.Unsettled,
		s.BranchID, s.Scanner, s.Name, s.ID)...)
	if err == nil && n == 0 {
		return errSourceMoved()
	}
	return err
}

// errImporting is the conflict with a large import.
func errImporting() error {
	return fault.New(
		fault.Conflict,
		"A large import of one of these observations' sources is in progress: try again when that has finished",
	)
}

// errSourceMoved is the conflict with another import of the source.
func errSourceMoved() error {
	return fault.New(fault.Conflict, "Another report of the same scanner and source was imported meanwhile")
}

// FormatCounts marks a source that gives bare counts, without observations.
const FormatCounts = "counts"

// ManualScanner is the scanner of observations that users enter, and FormatManual the format of
// their source. No report fills it.
const (
	ManualScanner = "manual"
	FormatManual  = "manual"
)

// ManualSource finds the source of observations that users enter in a branch, and creates it if
// it does not exist yet.
func (tx *Tx) ManualSource(branchID int64) (Source, error) {
	s, ok, err := tx.Source(tx.Context(), branchID, ManualScanner, "")
	if err != nil || ok && s.Format == FormatManual {
		return s, err
	}
	if ok {
		return Source{}, fault.New(
			fault.Conflict,
			"Reports of a scanner called “manual” are in this branch: give that one another name first",
		)
	}
	s = Source{BranchID: branchID, Scanner: ManualScanner, Format: FormatManual, LastReportAt: tx.Now(), Version: 1}
	err = tx.SaveSource(&s)
	return s, err
}

// ReportTimes are the times of a source's last report.
type ReportTimes struct {
	Received time.Time
	Made     time.Time // as the report says, zero if it does not
}

// TouchSources records the times of sources' last reports, if nothing else has changed. Times
// that are older than the stored ones change nothing.
func (tx *Tx) TouchSources(seen map[int64]ReportTimes) error {
	for id, at := range seen {
		if _, err := tx.exec("UPDATE sources SET last_report_at = ? WHERE id = ? AND last_report_at < ?",
			micro(at.Received), id, micro(at.Received)); err != nil {
			return err
		}
		if at.Made.IsZero() {
			continue
		}
		if _, err := tx.exec("UPDATE sources SET made_at = ? WHERE id = ? AND (made_at IS NULL OR made_at < ?)",
			micro(at.Made), id, micro(at.Made)); err != nil {
			return err
		}
	}
	return nil
}
