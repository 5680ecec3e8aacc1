package models

import (
	"cmp"
	"strings"
	"time"
)

// Status is the status of an observation. Open, affected and in review are active: only these
// count for a gate.
type Status string

// The statuses.
const (
	StatusOpen          Status = "open"
	StatusAffected      Status = "affected"
	StatusInReview      Status = "in_review"
	StatusResolved      Status = "resolved"
	StatusDuplicate     Status = "duplicate"
	StatusFalsePositive Status = "false_positive"
	StatusNotAffected   Status = "not_affected"
	StatusNotSecurity   Status = "not_security"
	StatusRiskAccepted  Status = "risk_accepted"
)

// Active reports whether observations of this status count for a gate.
func (s Status) Active() bool {
	return s == StatusOpen || s == StatusAffected || s == StatusInReview
}

// Observation is one finding of one source. It is the same one while its identity stays the
// same; when a report no longer contains it, it is resolved.
type Observation struct {
	ID           int64
	BranchID     int64
	SourceID     int64
	Identity     []byte // a hash, unique within the source
	MatchKey     []byte // how a later report's finding is recognized as this one, where its identity differs
	Title        string // a CVE, a rule
	Description  string
	Component    string // the component that it was found in, with its version
	Location     string // where the component is
	Fix          string // the version that fixes it
	URL          string
	Details      EncodedDetails
	KEV          bool // in CISA's catalog of known exploited vulnerabilities
	Unfixed      bool // a vulnerability of a package that no version fixes yet
	Severity     Severity
	ReportStatus Status // according to the report
	Status       Status // that counts for the gate
	FirstSeenAt  time.Time
	ChangedAt    time.Time
	ResolvedAt   time.Time // since when the report no longer contains it, zero while it does
	MovedAt      time.Time // when a report last showed it at another place or by another name, zero for never
	MovedFrom    string    // that place or name
	Since        int64     // the version of its source that added it
	Assessed     Assessed
	VEX          VEX
	Scanner      string // of its source, if the read includes it
	Version      int64  // the id of the last row of its history, 0 without one, if the read includes it
	Branch       string // the branch's name, if the read includes it
}

// Assessed is a user's assessment of an observation, which counts in place of the report. The
// zero value is none.
type Assessed struct {
	Status         Status    // "" if only the severity is assessed
	ReportSeverity *Severity // the report's, if a user has assessed the severity, else nil
	At             time.Time
	By             string
	Until          time.Time // when a waiver ends, zero for no time limit
	Noticed        bool      // users were notified that it ends soon
	DuplicateOf    int64     // the observation that it is a duplicate of, 0 for none
}

// Any reports whether a user has assessed the status or the severity.
func (a Assessed) Any() bool { return a.Status != "" || a.ReportSeverity != nil }

// InReport reports whether the last report contains the observation. If not, it is resolved,
// regardless of assessments.
func (o Observation) InReport() bool { return o.ResolvedAt.IsZero() }

// ReportSeverity returns the severity of the report.
func (o Observation) ReportSeverity() Severity {
	if o.Assessed.ReportSeverity != nil {
		return *o.Assessed.ReportSeverity
	}
	return o.Severity
}

// effective returns the status that counts of an observation that is in its report: a user's, else
// that of a VEX document, else the report's.
func (o Observation) effective() Status {
	switch {
	case o.Assessed.Status != "":
		return o.Assessed.Status
	case o.VEX.Status != "":
		return o.VEX.Status
	}
	return o.ReportStatus
}

// WithVEX returns the observation with what a VEX document says of it.
func (o Observation) WithVEX(v VEX) Observation {
	o.VEX = v
	if o.InReport() {
		o.Status = o.effective()
	}
	return o
}

// Renew sets the status and the severity of the report. The status counts where neither a user nor
// a VEX document says another, the severity where no user does.
func (o *Observation) Renew(status Status, severity Severity) {
	o.ReportStatus = status
	o.Status = o.effective()
	if o.Assessed.ReportSeverity != nil {
		o.Assessed.ReportSeverity = &severity
		return
	}
	o.Severity = severity
}

// Name returns the title, or what names an observation without one.
func (o Observation) Name() string {
	if title := strings.TrimSpace(o.Title); title != "" {
		return title
	}
	line, _, _ := strings.Cut(strings.TrimSpace(o.Description), "\n")
	if runes := []rune(line); len(runes) > maxNameLine {
		line = string(runes[:maxNameLine-1]) + "…"
	}
	return cmp.Or(o.Details.Decode().Rule, strings.TrimSpace(line), "Untitled observation")
}

// maxNameLine bounds the line of a description that replaces a title, in characters.
const maxNameLine = 120

// observationVersion is the version of an observation: each change by a user adds to its history.
// What reports do (AssessmentAction.ByReport) is also there, and does not count.
const observationVersion = `coalesce((
	SELECT max(a.id)
	FROM assessments a
	WHERE a.observation_id = o.id
	AND a.action NOT IN ('resolve', 'return')
), 0)`

const observationColumns = `o.id, o.branch_id, o.source_id, o.title, o.description, o.component, o.location,
	o.fix, o.url, o.details, o.kev, o.unfixed, o.severity, o.report_status, o.status, o.first_seen_at, o.changed_at,
	o.resolved_at, o.moved_at, o.moved_from, o.assessed_status, o.report_severity, o.assessed_at, o.assessed_by,
	o.waiver_until, o.waiver_noticed, coalesce(o.duplicate_of, 0), o.vex_status, o.vex_justification,
	coalesce(o.vex_document, 0), s.scanner`

func (o *Observation) dst() []any {
	return []any{
		&o.ID, &o.BranchID, &o.SourceID, &o.Title, &o.Description, &o.Component, &o.Location, &o.Fix, &o.URL,
		&o.Details, &o.KEV, &o.Unfixed, &o.Severity, &o.ReportStatus, &o.Status, timeTo(&o.FirstSeenAt),
		timeTo(&o.ChangedAt), timeTo(&o.ResolvedAt), timeTo(&o.MovedAt), &o.MovedFrom, &o.Assessed.Status,
		&o.Assessed.ReportSeverity, timeTo(&o.Assessed.At), &o.Assessed.By, timeTo(&o.Assessed.Until),
		&o.Assessed.Noticed, &o.Assessed.DuplicateOf, &o.VEX.Status, &o.VEX.Justification, &o.VEX.DocumentID, &o.Scanner,
	}
}
