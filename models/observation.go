package models

import "time"

// Status is what became of an observation. Open, affected and in review are
// active: only these count for a gate.
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

// Observation is one finding of one source. It is one for as long as its
// identity stays the same; what a report no longer holds is resolved.
type Observation struct {
	ID           int64
	BranchID     int64
	SourceID     int64
	Identity     []byte // a hash, unique within the source
	Title        string // a CVE, a rule
	Description  string
	Component    string // what it was found in, with its version
	Location     string // where that lies
	Fix          string // the version that mends it
	URL          string
	Severity     Severity
	ReportStatus Status // what the report says
	Status       Status // what counts
	FirstSeenAt  time.Time
	ChangedAt    time.Time
	ResolvedAt   time.Time // since when its report no longer holds it, zero where it does
	Since        int64     // the version of its source that brought it
	Assessed     Assessed
	Scanner      string // of its source, where it was asked for
	Branch       string // the branch's name, where it was asked for
}

// Assessed is what a person says of an observation. It counts in place of what
// the report says. The zero value is nothing.
type Assessed struct {
	Status         Status    // "" where only the severity is another
	ReportSeverity *Severity // the report's, where the observation's is the person's; nil where it is the report's
	At             time.Time
	By             string
	Until          time.Time // when a waiver ends, zero for what does not
	Noticed        bool      // people were told that it ends soon
	DuplicateOf    int64     // the observation that it is the same as, 0 for none
}

// Any reports whether somebody has said something.
func (a Assessed) Any() bool { return a.Status != "" || a.ReportSeverity != nil }

// InReport reports whether the last report holds it. Where not, it is resolved,
// whatever anybody says.
func (o Observation) InReport() bool { return o.ResolvedAt.IsZero() }

// ReportSeverity is what the report says.
func (o Observation) ReportSeverity() Severity {
	if o.Assessed.ReportSeverity != nil {
		return *o.Assessed.ReportSeverity
	}
	return o.Severity
}

// Renew gives an observation the status and the severity of its report, as far
// as nobody says otherwise.
func (o *Observation) Renew(status Status, severity Severity) {
	o.ReportStatus, o.Status = status, status
	if o.Assessed.Status != "" {
		o.Status = o.Assessed.Status
	}
	if o.Assessed.ReportSeverity != nil {
		o.Assessed.ReportSeverity = &severity
		return
	}
	o.Severity = severity
}

const observationColumns = `o.id, o.branch_id, o.source_id, o.title, o.description, o.component, o.location, o.fix, o.url,
	o.severity, o.report_status, o.status, o.first_seen_at, o.changed_at, o.resolved_at, o.assessed_status, o.report_severity,
	o.assessed_at, o.assessed_by, o.waiver_until, o.waiver_noticed, coalesce(o.duplicate_of, 0), s.scanner`

func (o *Observation) dst() []any {
	return []any{
		&o.ID, &o.BranchID, &o.SourceID, &o.Title, &o.Description, &o.Component, &o.Location, &o.Fix, &o.URL,
		&o.Severity, &o.ReportStatus, &o.Status, timeTo(&o.FirstSeenAt), timeTo(&o.ChangedAt),
		timeTo(&o.ResolvedAt), &o.Assessed.Status, &o.Assessed.ReportSeverity, timeTo(&o.Assessed.At),
		&o.Assessed.By, timeTo(&o.Assessed.Until), &o.Assessed.Noticed, &o.Assessed.DuplicateOf, &o.Scanner,
	}
}
