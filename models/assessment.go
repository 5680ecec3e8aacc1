package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
)

// AssessmentInput is the assessment that a user makes of one or more observations.
type AssessmentInput struct {
	Action        AssessmentAction
	ClearStatus   bool      // removes the assessed status
	ClearSeverity bool      // removes the assessed severity
	Status        Status    // "" leaves it as it is
	Severity      *Severity // nil leaves it as it is
	Until         time.Time // when a waiver ends
	Noticed       bool      // users need no notification that it ends soon
	DuplicateOf   int64     // the observation that they are duplicates of, 0 for none
	Comment       string
	UserID        int64 // 0 = no user
	Actor         string
}

// AssessmentAction is the kind of a row of an observation's history.
type AssessmentAction string

// The actions.
const (
	ActionAssess AssessmentAction = "assess"
	ActionClear  AssessmentAction = "clear"  // a user has taken an assessment back
	ActionExpire AssessmentAction = "expire" // a waiver has ended
	ActionMove   AssessmentAction = "move"   // it has moved, and another finding fits as well: an assessment has ended
	ActionCreate AssessmentAction = "create" // a user has entered the observation
	ActionEdit   AssessmentAction = "edit"   // a user has edited an observation that a user entered
	ActionReopen AssessmentAction = "reopen" // the original of a duplicate is resolved or deleted
	ActionVEX    AssessmentAction = "vex"    // what a VEX document says of it has changed

	ActionFind    AssessmentAction = "find"    // a report has contained it for the first time: no stored row
	ActionResolve AssessmentAction = "resolve" // a report does not contain it any more
	ActionReturn  AssessmentAction = "return"  // a report contains it again
)

// ByReport reports whether the action is a report's. It is no change by a user, and makes no other
// version of the observation.
func (a AssessmentAction) ByReport() bool {
	return a == ActionFind || a == ActionResolve || a == ActionReturn
}

// hasNoAuthor reports whether no user takes the action: it is a consequence of time or of a report.
func (a AssessmentAction) hasNoAuthor() bool {
	return a == ActionExpire || a == ActionMove || a == ActionReopen
}

// Assessment is a row of an observation's history: a change and its author.
type Assessment struct {
	ID            int64
	ObservationID int64
	At            time.Time
	UserID        int64 // 0 = no user
	Actor         string
	Action        AssessmentAction
	WasStatus     Status // that counted before
	Status        Status // that counts afterwards
	WasSeverity   Severity
	Severity      Severity
	Comment       string
	Until         time.Time // when a waiver ends
	DuplicateOf   int64
}

// Assess returns the observation as the input changes it.
func (o Observation) Assess(s AssessmentInput, at time.Time) Observation {
	a := &o.Assessed
	severity := o.ReportSeverity()
	if !s.Action.hasNoAuthor() {
		a.At, a.By = at, s.Actor
	}
	if s.ClearStatus {
		a.Status, a.Until, a.Noticed, a.DuplicateOf = "", time.Time{}, false, 0
	}
	if s.Status != "" {
		a.Status, a.Until, a.Noticed, a.DuplicateOf = s.Status, s.Until, s.Noticed, s.DuplicateOf
	}
	if s.ClearSeverity {
		o.Severity, a.ReportSeverity = severity, nil
	}
	if s.Severity != nil {
		o.Severity, a.ReportSeverity = *s.Severity, &severity
	}
	if !a.Any() {
		*a = Assessed{}
	}
	if !o.InReport() {
		return o
	}
	o.Status = o.effective()
	return o
}

// assessAtOnce bounds the observations that one statement writes.
const assessAtOnce = 500

// Assess writes an assessment of observations, and a row of the history of each. The caller must
// update their sources, branch and gate in the same transaction.
func (tx *Tx) Assess(ids []int64, s AssessmentInput) error {
	for part := range slices.Chunk(ids, assessAtOnce) {
		if err := tx.noteAssessments(part, s); err != nil {
			return err
		}
		set, args := s.sets(tx.Now())
		if _, err := tx.exec(`
			UPDATE observations
			SET `+strings.Join(set, ", ")+`
			WHERE id IN (`+placeholders(len(part))+")", append(args, toAny(part)...)...); err != nil {
			return err
		}
	}
	return nil
}

// noteAssessments adds to the histories, before the observations change.
func (tx *Tx) noteAssessments(ids []int64, s AssessmentInput) error {
	status, severity, args := "status", "severity", []any{micro(tx.Now()), nullID(s.UserID), s.Actor, s.Action}
	switch {
	case s.Status != "":
		status, args = "CAST(? AS TEXT)", append(args, s.Status)
	case s.ClearStatus:
		status = "CASE WHEN resolved_at IS NULL THEN " + reportedStatus + " ELSE status END"
	}
	switch {
	case s.Severity != nil:
		severity, args = "CAST(? AS BIGINT)", append(args, *s.Severity)
	case s.ClearSeverity:
		severity = "coalesce(report_severity, severity)"
	}
	args = append(append(args, s.Comment, micro(s.Until), nullID(s.DuplicateOf)), toAny(ids)...)
	_, err := tx.exec(`
		INSERT INTO assessments (observation_id, at, user_id, actor, action, was_status, status, was_severity,
			severity, comment, waiver_until, duplicate_of)
		SELECT id, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), status, `+status+`,
			severity, `+severity+`, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT)
		FROM observations
		WHERE id IN (`+placeholders(len(ids))+`)
		ORDER BY id`, args...)
	return err
}

// sets returns the assignments of the columns that change, and their arguments.
func (s AssessmentInput) sets(now time.Time) (set []string, args []any) {
	add := func(text string, values ...any) { set, args = append(set, text), append(args, values...) }
	add("changed_at = ?", micro(now))
	switch { // a user none of whose assessments is left is not named any more
	case s.Status != "" || s.Severity != nil:
		add("assessed_at = ?, assessed_by = ?", micro(now), s.Actor)
	case s.ClearStatus && s.ClearSeverity:
		add("assessed_at = NULL, assessed_by = ''")
	case s.ClearStatus:
		add("assessed_at = CASE WHEN report_severity IS NULL THEN NULL ELSE assessed_at END")
		add("assessed_by = CASE WHEN report_severity IS NULL THEN '' ELSE assessed_by END")
	case s.ClearSeverity:
		add("assessed_at = CASE WHEN assessed_status = '' THEN NULL ELSE CAST(? AS BIGINT) END", micro(now))
		add("assessed_by = CASE WHEN assessed_status = '' THEN '' ELSE CAST(? AS TEXT) END", s.Actor)
	}
	switch {
	case s.Status != "":
		add("assessed_status = ?", s.Status)
		add("waiver_until = ?, waiver_noticed = ?", micro(s.Until), s.Noticed)
		add("duplicate_of = ?", nullID(s.DuplicateOf))
		add("status = CASE WHEN resolved_at IS NULL THEN CAST(? AS TEXT) ELSE status END", s.Status)
		add("active = CAST(? AS BOOLEAN) AND resolved_at IS NULL", s.Status.Active())
	case s.ClearStatus:
		add("assessed_status = '', waiver_until = NULL, waiver_noticed = FALSE, duplicate_of = NULL")
		add("status = CASE WHEN resolved_at IS NULL THEN " + reportedStatus + " ELSE status END")
		add("active = resolved_at IS NULL AND " + reportedStatus + " IN ('open', 'affected', 'in_review')")
	}
	switch {
	case s.Severity != nil:
		add("report_severity = coalesce(report_severity, severity), severity = ?", *s.Severity)
	case s.ClearSeverity:
		add("severity = coalesce(report_severity, severity), report_severity = NULL")
	}
	return set, args
}

// NoteAssessment adds a row to an observation's history.
func (tx *Tx) NoteAssessment(a Assessment) error {
	_, err := tx.exec(`
		INSERT INTO assessments (observation_id, at, user_id, actor, action, was_status, status, was_severity,
			severity, comment, waiver_until, duplicate_of)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ObservationID, micro(tx.Now()), nullID(a.UserID), a.Actor, a.Action, a.WasStatus, a.Status, a.WasSeverity,
		a.Severity, a.Comment, micro(a.Until), nullID(a.DuplicateOf))
	return err
}

// Assessments lists the history of an observation, newest first. before is the keyset: the last
// id of the page before, 0 for the first page. The observation must have come from a scoped
// read.
func (r queries) Assessments(ctx context.Context, observationID, before int64, limit int) ([]Assessment, error) {
	cond := sqlFragment{"observation_id = ?", []any{observationID}}
	if before != 0 {
		cond.and("id < ?", before)
	}
	var list []Assessment
	err := r.query(ctx, `
		SELECT id, observation_id, at, coalesce(user_id, 0), actor, action, was_status, status, was_severity,
			severity, comment, waiver_until, coalesce(duplicate_of, 0)
		FROM assessments
		WHERE `+cond.text+`
		ORDER BY id DESC
		LIMIT ?`, append(cond.args, limit), collect(&list, func(a *Assessment) []any {
		return []any{
			&a.ID, &a.ObservationID, timeTo(&a.At), &a.UserID, &a.Actor, &a.Action, &a.WasStatus, &a.Status,
			&a.WasSeverity, &a.Severity, &a.Comment, timeTo(&a.Until), &a.DuplicateOf,
		}
	}))
	return list, err
}

// ShiftSource adds to a source's counts what its observations were changed by. An import that
// has compared its report with them must do so again. It returns a conflict while a large import
// of the source is in progress.
func (tx *Tx) ShiftSource(sourceID int64, by Breakdown) error {
	set, args, err := tx.shiftSets(sourceID, by)
	if err != nil {
		return err
	}
	n, err := tx.exec(`
		UPDATE sources
		SET `+set+`, version = version + 1
		WHERE id = ?
		AND NOT unsettled`, append(args, sourceID)...)
	if err == nil && n == 0 {
		return errImporting()
	}
	return err
}

// AddToSource adds to a source's counts within the import that has just written them.
func (tx *Tx) AddToSource(sourceID int64, by Breakdown) error {
	set, args, err := tx.shiftSets(sourceID, by)
	if err == nil {
		_, err = tx.exec("UPDATE sources SET "+set+" WHERE id = ?", append(args, sourceID)...)
	}
	return err
}

// RequireSettled returns a conflict while a large import of a source is in progress.
func (tx *Tx) RequireSettled(sourceID int64) error {
	var unsettled bool
	err := tx.get(tx.Context(), "SELECT unsettled FROM sources WHERE id = ?", []any{sourceID}, &unsettled)
	if err == nil && unsettled {
		return errImporting()
	}
	return err
}

// shiftSets returns the assignments that add to a source's counts, and their arguments. It locks
// the source if the counts of flagged observations change: these are one text.
func (tx *Tx) shiftSets(sourceID int64, by Breakdown) (set string, args []any, err error) {
	set = `critical = critical + ?, high = high + ?, medium = medium + ?, low = low + ?, none = none + ?,
			unknown = unknown + ?`
	args = by.Counts.args()
	if by == (Breakdown{Counts: by.Counts}) {
		return set, args, nil
	}
	query := "SELECT flagged FROM sources WHERE id = ?"
	if tx.dialect == Postgres {
		query += " FOR UPDATE"
	}
	var now Breakdown
	err = tx.get(tx.Context(), query, []any{sourceID}, (*flaggedColumn)(&now))
	if errors.Is(err, sql.ErrNoRows) { // the statement finds no row either
		err = nil
	}
	return set + ", flagged = ?", append(args, flaggedColumn(now.Plus(by))), err
}
