package models

import (
	"context"
	"slices"
)

// ObservationOrders has the order of a list of observations, worst first.
var ObservationOrders = Orders[Observation]{
	"": {columns: []orderColumn[Observation]{
		{sql: "o.severity", value: func(o Observation) any { return int64(o.Severity) }},
		{sql: "o.id", value: func(o Observation) any { return o.ID }},
	}},
}

// ObservationFilter narrows a list of observations: of a branch, or, without one, of a product.
// Zero fields do not narrow.
type ObservationFilter struct {
	Place
	ProductID int64
	BranchID  int64
	IDs       []int64 // at most 500
	Severity  *Severity
	Inactive  bool   // inactive ones, instead of active ones
	All       bool   // active and inactive ones
	Status    Status // exact; Inactive and All are ignored then
	Scanner   string
	Text      string   // part of the title, the component, the location or the description, in any case
	Assessed  bool     // only assessed ones
	KEV       bool     // only those that are known to be exploited
	Fix       FixState // only those with, or without, a version that fixes them
	CWE       string   // only those with a weakness, as WeaknessID returns it
	Source    int64    // the id of their source
	Same      int64    // the id of the observation that they are duplicates of
	Versions  bool     // also reads their versions
	Limit     int
}

// FixState says whether a version fixes an observation. Of some, reports do not say it.
type FixState string

// The fix states.
const (
	FixAvailable FixState = "available" // the report names a version, or what to do
	FixNone      FixState = "none"      // no version fixes it yet
)

const observationsFrom = `
	FROM observations o
	JOIN branches b ON b.id = o.branch_id
	JOIN sources s ON s.id = o.source_id
	WHERE `

// observationsByIDFrom is observationsFrom for a filter with IDs: PostgreSQL can read the observations by
// their keys alone. Without fresh statistics it would read all of the branch for each part of a large
// write.
const observationsByIDFrom = `
	FROM observations o
	JOIN branches b ON b.id = o.branch_id + 0
	JOIN sources s ON s.id = o.source_id + 0
	WHERE `

// from returns the tables of the filter.
func (f ObservationFilter) from() string {
	if len(f.IDs) > 0 {
		return observationsByIDFrom
	}
	return observationsFrom
}

// where returns the condition of the filter, with its arguments.
func (f ObservationFilter) where(scope Scope) (string, []any) {
	cond := conditionOf(scope.where("b.product_id"))
	cond.and("o.since <= s.version")
	if f.BranchID != 0 {
		cond.and("o.branch_id = ?", f.BranchID)
	}
	if f.ProductID != 0 {
		cond.and("b.product_id = ?", f.ProductID)
	}
	if len(f.IDs) > 0 {
		cond.and("o.id IN ("+placeholders(len(f.IDs))+")", toAny(f.IDs)...)
	}
	switch {
	case f.Status != "":
		cond.and("o.active = ? AND o.status = ?", f.Status.Active(), f.Status)
	case f.All:
	case f.Inactive:
		cond.and("o.active = FALSE")
	default:
		cond.and("o.active = TRUE")
	}
	if f.Severity != nil {
		cond.and("o.severity = ?", *f.Severity)
	}
	if f.Scanner != "" {
		cond.and("s.scanner = ?", f.Scanner)
	}
	if f.Source != 0 {
		cond.and("o.source_id = ?", f.Source)
	}
	if f.Same != 0 {
		cond.and("o.duplicate_of = ?", f.Same)
	}
	if f.Assessed {
		cond.and("(o.assessed_status <> '' OR o.report_severity IS NOT NULL)")
	}
	f.whereReported(&cond)
	return cond.text, cond.args
}

// whereReported adds the conditions on what the report says.
func (f ObservationFilter) whereReported(cond *sqlFragment) {
	if f.Text != "" {
		part := contains(f.Text)
		cond.and(`(lower(o.title) LIKE lower(?) ESCAPE '\'
			OR lower(o.component) LIKE lower(?) ESCAPE '\'
			OR lower(o.location) LIKE lower(?) ESCAPE '\'
			OR lower(o.description) LIKE lower(?) ESCAPE '\')`, part, part, part, part)
	}
	if f.KEV {
		cond.and("o.kev = TRUE")
	}
	switch f.Fix {
	case FixAvailable:
		cond.and("o.fix <> ''")
	case FixNone:
		cond.and("o.unfixed = TRUE AND o.fix = ''")
	}
	if f.CWE != "" { // in quotes: JSON escapes those within a text, so that only a whole text matches
		cond.and(`o.details LIKE ? ESCAPE '\'`, contains(`"`+f.CWE+`"`))
	}
}

// Observations lists observations, worst first.
func (r queries) Observations(ctx context.Context, scope Scope, f ObservationFilter) ([]Observation, error) {
	cond := conditionOf(f.where(scope))
	ObservationOrders.where(&cond, f.Place)
	version := "0"
	if f.Versions {
		version = observationVersion
	}
	var list []Observation
	err := r.query(ctx, `
		SELECT `+observationColumns+", b.name, "+version+f.from()+cond.text+`
		ORDER BY `+ObservationOrders.by(f.Place)+`
		LIMIT ?`,
		append(cond.args, f.Limit),
		collect(&list, func(o *Observation) []any { return append(o.dst(), &o.Branch, &o.Version) }))
	inOrder(f.Place, list)
	return list, err
}

// CountObservations counts observations, up to the filter's limit.
func (r queries) CountObservations(ctx context.Context, scope Scope, f ObservationFilter) (int, error) {
	cond, args := f.where(scope)
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1`+f.from()+cond+`
			LIMIT ?
		) x`, append(args, f.Limit), &n)
	return n, err
}

// ObservationsLike lists what an observation can be a duplicate of: the active observations of
// its branch with its title, then those with its component.
func (r queries) ObservationsLike(ctx context.Context, scope Scope, o Observation, limit int) ([]Observation, error) {
	cond, args := scope.where("b.product_id")
	args = append(args, o.BranchID, o.ID, o.Title, o.Component, o.Title, limit)
	var list []Observation
	err := r.query(ctx, `
		SELECT `+observationColumns+observationsFrom+cond+`
		AND o.since <= s.version
		AND o.branch_id = ?
		AND o.active = TRUE
		AND o.id <> ?
		AND (o.title = ? OR o.component <> '' AND o.component = ?)
		ORDER BY CASE WHEN o.title = ? THEN 0 ELSE 1 END, o.severity, o.id
		LIMIT ?`, args, collect(&list, (*Observation).dst))
	return list, err
}

// Observation finds an observation in scope, and the id of its product.
func (r queries) Observation(ctx context.Context, scope Scope, id int64) (o Observation, productID int64, err error) {
	cond, args := scope.where("b.product_id")
	err = r.get(ctx, `
		SELECT `+observationColumns+`, b.name, b.product_id, `+vexDocumentID+", "+observationVersion+observationsFrom+`
		o.id = ?
		AND o.since <= s.version
		AND `+cond, append([]any{id}, args...), append(o.dst(), &o.Branch, &productID, &o.VEX.Document, &o.Version)...)
	if err != nil {
		return Observation{}, 0, notFound(err, "observation")
	}
	return o, productID, nil
}

// ActiveObservationIDs finds the newest active observation of a branch for each of some identities,
// by identity.
func (r queries) ActiveObservationIDs(
	ctx context.Context, branchID int64, identities []string,
) (map[string]int64, error) {
	args := []any{branchID}
	for _, identity := range identities {
		args = append(args, []byte(identity))
	}
	ids := map[string]int64{}
	err := r.query(ctx, `
		SELECT o.identity, o.id
		FROM sources s
		JOIN observations o ON o.source_id = s.id
		WHERE s.branch_id = ?
		AND o.identity IN (`+placeholders(len(identities))+`)
		AND o.since <= s.version
		AND o.active = TRUE
		ORDER BY o.id`, args, func(rows scanner) error {
		var identity []byte
		var id int64
		err := rows.Scan(&identity, &id)
		ids[string(identity)] = id
		return err
	})
	return ids, err
}

// EachObservation calls fn with each current observation of a source: its id, identity, match
// key, texts, details, severities, statuses and VEX. It does not hold all of them, and o is valid until fn returns.
func (r queries) EachObservation(ctx context.Context, sourceID int64, fn func(o *Observation)) error {
	var o Observation
	dst := []any{
		&o.ID, &o.Identity, &o.MatchKey, &o.Title, &o.Description, &o.Component, &o.Location, &o.Fix, &o.URL, &o.Details,
		&o.KEV, &o.Unfixed, &o.Severity, &o.ReportStatus, &o.Status, timeTo(&o.ResolvedAt), &o.Assessed.Status,
		&o.Assessed.ReportSeverity, &o.VEX.Status, &o.VEX.Justification, &o.VEX.DocumentID,
	}
	return r.query(ctx, `
		SELECT o.id, o.identity, o.match_key, o.title, o.description, o.component, o.location, o.fix, o.url, o.details,
			o.kev, o.unfixed, o.severity, o.report_status, o.status, o.resolved_at, o.assessed_status, o.report_severity,
			o.vex_status, o.vex_justification, coalesce(o.vex_document, 0)
		FROM observations o
		JOIN sources s ON s.id = o.source_id
		WHERE o.source_id = ?
		AND o.since <= s.version`, []any{sourceID}, func(rows scanner) error {
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		fn(&o)
		return nil
	})
}

// FailingObservations finds a branch's active observations that count as some severities, worst
// and newest first: those that fail its gate. It reads no more than limit of each severity, but
// with OnlyFixable also those without a fix.
func (r queries) FailingObservations(
	ctx context.Context, branchID int64, severities []Severity, c Counting, limit int,
) ([]Observation, error) {
	var list []Observation
	find := func(cond string, args ...any) error {
		if len(list) >= limit {
			return nil
		}
		if c.OnlyFixable {
			cond += " AND NOT o.unfixed"
		}
		return r.query(ctx, `
			SELECT `+observationColumns+`
			FROM observations o
			JOIN sources s ON s.id = o.source_id
			WHERE o.branch_id = ?
			AND o.active = TRUE
			AND o.since <= s.version
			AND `+cond+`
			ORDER BY o.id DESC
			LIMIT ?`,
			append(append([]any{branchID}, args...), limit-len(list)), collect(&list, (*Observation).dst))
	}
	for _, severity := range slices.Sorted(slices.Values(severities)) {
		cond := "o.severity = ?"
		if c.KEVAsCritical {
			cond += " AND NOT o.kev"
			if severity == Critical {
				if err := find("o.kev"); err != nil {
					return nil, err
				}
			}
		}
		if err := find(cond, severity); err != nil {
			return nil, err
		}
	}
	return list, nil
}
