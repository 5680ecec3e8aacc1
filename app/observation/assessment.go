package observation

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	maxComment = 4000                     // characters
	maxWaiver  = 3 * 366 * 24 * time.Hour // from now
	noticeTime = 7 * 24 * time.Hour       // before a waiver ends, its product is notified
)

// Assessment is a user's assessment of observations. It counts until it is cleared, whatever
// reports say. An observation that is no longer in its report is resolved in any case.
type Assessment struct {
	Clear         bool             // clears the assessment; goes only with a comment
	Status        models.Status    // "" = unchanged
	Severity      *models.Severity // nil = unchanged
	ClearSeverity bool             // clears only the assessed severity
	Comment       string           // required for a waiver, as its reason
	Until         time.Time        // the end of a waiver; required for risk_accepted, only with it
	DuplicateOf   int64            // the ID of the original; only with duplicate, 0 = none
	IfVersion     *int64           // the version of a single observation that the user saw, nil for any
	Unread        fault.Fields     // of a form: fields with texts that are no values
}

// Assessable lists the statuses that an assessment can have.
func Assessable() []models.Status {
	return []models.Status{
		models.StatusOpen, models.StatusAffected, models.StatusInReview, models.StatusResolved, models.StatusDuplicate,
		models.StatusFalsePositive, models.StatusNotAffected, models.StatusNotSecurity, models.StatusRiskAccepted,
	}
}

// check trims the comment, and returns the field errors of an assessment.
func (a *Assessment) check(now time.Time) error {
	a.Comment = strings.TrimSpace(a.Comment)
	if !a.Until.IsZero() {
		a.Until = a.Until.UTC().Truncate(time.Microsecond) // the precision of the database
	}
	fieldErrs := slices.Clone(a.Unread)
	switch {
	case a.Clear && (a.Status != "" || a.Severity != nil || !a.Until.IsZero() || a.DuplicateOf != 0):
		fieldErrs.Add("status", "Reset the assessment alone: leave the other fields empty")
	case !a.Clear && a.Status == "" && a.Severity == nil && !a.ClearSeverity:
		fieldErrs.Add("status", "Enter a status or a severity, or reset the assessment")
	case a.Status != "" && !slices.Contains(Assessable(), a.Status):
		fieldErrs.Add(
			"status",
			"Use open, affected, in_review, resolved, duplicate, false_positive, not_affected, not_security, risk_accepted",
		)
	}
	switch {
	case a.Severity != nil && a.ClearSeverity:
		fieldErrs.Add("severity", "Enter a severity or reset it, not both")
	case a.Severity != nil && !a.Severity.Valid():
		fieldErrs.Add("severity", "Use critical, high, medium, low, none or unknown")
	}
	switch {
	case utf8.RuneCountInString(a.Comment) > maxComment:
		fieldErrs.Add("comment", "At most 4,000 characters")
	case hasControl(a.Comment, true):
		fieldErrs.Add("comment", "No control characters")
	}
	a.checkWaiver(now, &fieldErrs)
	if a.DuplicateOf != 0 && a.Status != models.StatusDuplicate {
		fieldErrs.Add("duplicate_of", "Use this only with the status duplicate")
	}
	return fieldErrs.Err()
}

func (a *Assessment) checkWaiver(now time.Time, fieldErrs *fault.Fields) {
	if a.Status != models.StatusRiskAccepted {
		if !a.Until.IsZero() {
			fieldErrs.Add("waiver_until", "Use this only with the status risk_accepted")
		}
		return
	}
	if a.Comment == "" {
		fieldErrs.Add("comment", "Enter the reason for accepting the risk")
	}
	switch {
	case a.Until.IsZero():
		fieldErrs.Add("waiver_until", "Enter when the waiver ends")
	case !a.Until.After(now):
		fieldErrs.Add("waiver_until", "Must be in the future")
	case a.Until.After(now.Add(maxWaiver)):
		fieldErrs.Add("waiver_until", "At most three years from now")
	}
}

// input returns an assessment for the database.
func (a Assessment) input(now time.Time, actor authz.Actor) models.AssessmentInput {
	soon := !a.Until.IsZero() && a.Until.Before(now.Add(noticeTime)) // the actor knows that it ends soon
	in := models.AssessmentInput{
		Action:        models.ActionAssess,
		ClearStatus:   a.Clear,
		ClearSeverity: a.Clear || a.ClearSeverity,
		Status:        a.Status,
		Severity:      a.Severity,
		Until:         a.Until,
		Noticed:       soon,
		DuplicateOf:   a.DuplicateOf,
		Comment:       a.Comment,
		UserID:        actor.User.ID,
		Actor:         actor.Label,
	}
	if a.Clear || a.ClearSeverity && a.Status == "" {
		in.Action = models.ActionClear
	}
	return in
}

// values returns an assessment for the audit log.
func (a Assessment) values() audit.Values {
	v := audit.Values{}
	set := func(name, value string) {
		if value != "" {
			v[name] = value
		}
	}
	set("status", string(a.Status))
	set("comment", a.Comment)
	if a.Clear {
		set("assessment", "taken back")
	}
	if a.ClearSeverity {
		set("severity", "the report's")
	}
	if a.Severity != nil {
		set("severity", a.Severity.String())
	}
	if !a.Until.IsZero() {
		set("waiver_until", a.Until.UTC().Format(time.RFC3339))
	}
	if a.DuplicateOf != 0 {
		set("duplicate_of", strconv.FormatInt(a.DuplicateOf, 10))
	}
	return v
}
