package models

import (
	"context"
	"strings"
	"time"
)

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
	ResolvedAt   time.Time
	Since        int64  // the version of its source that brought it
	Scanner      string // of its source, where it was asked for
}

const observationColumns = `o.id, o.branch_id, o.source_id, o.title, o.description, o.component, o.location, o.fix, o.url,
	o.severity, o.report_status, o.status, o.first_seen_at, o.changed_at, o.resolved_at, s.scanner`

func (o *Observation) dst() []any {
	return []any{
		&o.ID, &o.BranchID, &o.SourceID, &o.Title, &o.Description, &o.Component, &o.Location, &o.Fix, &o.URL,
		&o.Severity, &o.ReportStatus, &o.Status, timeTo(&o.FirstSeenAt), timeTo(&o.ChangedAt), timeTo(&o.ResolvedAt), &o.Scanner,
	}
}

// ObservationKey is the keyset of a list of observations: severity, then id.
type ObservationKey struct {
	Severity Severity
	ID       int64
}

// ObservationFilter narrows a list of a branch's observations.
type ObservationFilter struct {
	BranchID int64
	Severity *Severity
	Inactive bool            // those that do not count, instead of those that do
	After    *ObservationKey // the last row of the page before
	Limit    int
}

// Observations lists a branch's observations, worst first.
func (r reads) Observations(ctx context.Context, scope Scope, f ObservationFilter) ([]Observation, error) {
	cond, args := scope.where("b.product_id")
	cond, args = "o.branch_id = ? AND o.since <= s.version AND "+cond, append([]any{f.BranchID}, args...)
	if f.Inactive {
		cond += " AND NOT o.active"
	} else {
		cond += " AND o.active"
	}
	if f.Severity != nil {
		cond, args = cond+" AND o.severity = ?", append(args, *f.Severity)
	}
	if f.After != nil {
		cond, args = cond+" AND (o.severity, o.id) > (?, ?)", append(args, f.After.Severity, f.After.ID)
	}
	var list []Observation
	err := r.query(ctx, "SELECT "+observationColumns+` FROM observations o JOIN branches b ON b.id = o.branch_id JOIN sources s ON s.id = o.source_id
		WHERE `+cond+" ORDER BY o.severity, o.id LIMIT ?", append(args, f.Limit), collect(&list, (*Observation).dst))
	return list, err
}

// EachObservation calls fn with each current observation of a source: its id,
// identity, texts, severity and statuses. It is for comparing, without holding
// all of them. What it is given is good until fn returns.
func (r reads) EachObservation(ctx context.Context, sourceID int64, fn func(o *Observation)) error {
	var o Observation
	dst := []any{&o.ID, &o.Identity, &o.Title, &o.Description, &o.Component, &o.Location, &o.Fix, &o.URL, &o.Severity, &o.ReportStatus, &o.Status}
	return r.query(ctx, `SELECT o.id, o.identity, o.title, o.description, o.component, o.location, o.fix, o.url, o.severity, o.report_status, o.status
		FROM observations o JOIN sources s ON s.id = o.source_id WHERE o.source_id = ? AND o.since <= s.version`, []any{sourceID}, func(rows scanner) error {
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		fn(&o)
		return nil
	})
}

// observationBatch keeps a statement under the 999 parameters that an old
// SQLite allows.
const observationBatch = 60

// InsertObservations saves new observations in statements of many rows.
func (tx *Tx) InsertObservations(list []Observation) error {
	const row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	for len(list) > 0 {
		n := min(len(list), observationBatch)
		args := make([]any, 0, n*16)
		for _, o := range list[:n] {
			args = append(args, o.BranchID, o.SourceID, o.Identity, o.Title, o.Description, o.Component, o.Location, o.Fix, o.URL,
				o.Severity, o.ReportStatus, o.Status, o.Status.Active(), micro(o.FirstSeenAt), micro(o.ChangedAt), o.Since)
		}
		if _, err := tx.exec(`INSERT INTO observations (branch_id, source_id, identity, title, description, component, location, fix, url,
			severity, report_status, status, active, first_seen_at, changed_at, since) VALUES `+row+strings.Repeat(", "+row, n-1), args...); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// UpdateObservation writes what a later report says of a known observation.
func (tx *Tx) UpdateObservation(o Observation) error {
	_, err := tx.exec(`UPDATE observations SET title = ?, description = ?, component = ?, location = ?, fix = ?, url = ?,
		severity = ?, report_status = ?, status = ?, active = ?, changed_at = ?, resolved_at = ? WHERE id = ?`,
		o.Title, o.Description, o.Component, o.Location, o.Fix, o.URL,
		o.Severity, o.ReportStatus, o.Status, o.Status.Active(), micro(o.ChangedAt), micro(o.ResolvedAt), o.ID)
	return err
}

// ResolveObservations marks observations that a report no longer holds.
func (tx *Tx) ResolveObservations(ids []int64) error {
	for len(ids) > 0 {
		n := min(len(ids), 500)
		args := append([]any{micro(tx.Now()), micro(tx.Now())}, anys(ids[:n])...)
		if _, err := tx.exec("UPDATE observations SET status = 'resolved', active = FALSE, changed_at = ?, resolved_at = ? WHERE id IN ("+marks(n)+")", args...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// TippingObservations finds a branch's active observations of some severities,
// worst and newest first: those that a gate fails by.
func (r reads) TippingObservations(ctx context.Context, branchID int64, severities []Severity, limit int) ([]Observation, error) {
	if len(severities) == 0 {
		return nil, nil
	}
	args := append(append([]any{branchID}, anys(severities)...), limit)
	var list []Observation
	err := r.query(ctx, "SELECT "+observationColumns+` FROM observations o JOIN sources s ON s.id = o.source_id
		WHERE o.branch_id = ? AND o.active AND o.since <= s.version AND o.severity IN (`+marks(len(severities))+") ORDER BY o.severity, o.id DESC LIMIT ?", args, collect(&list, (*Observation).dst))
	return list, err
}

// marks gives "?, ?, ?" for n arguments.
func marks(n int) string {
	if n == 0 {
		return "NULL"
	}
	return strings.Repeat("?, ", n-1) + "?"
}

func anys[T any](list []T) []any {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	return args
}
