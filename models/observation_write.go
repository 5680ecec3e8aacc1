package models

import "strings"

// observationBatch keeps a statement under the 999 parameters that an old SQLite allows.
const observationBatch = 43

// InsertObservations saves new observations in statements of many rows.
func (tx *Tx) InsertObservations(list []Observation) error {
	const columns = 23
	row := "(" + placeholders(columns) + ")"
	for len(list) > 0 {
		n := min(len(list), observationBatch)
		args := make([]any, 0, n*columns)
		for _, o := range list[:n] {
			args = append(
				args, o.BranchID, o.SourceID, o.Identity, bytesOrNull(o.MatchKey), o.Title, o.Description, o.Component,
				o.Location, o.Fix, o.URL, o.Details, o.KEV, o.Unfixed, o.Severity, o.ReportStatus, o.Status,
				o.Status.Active(), micro(o.FirstSeenAt), micro(o.ChangedAt), o.Since, o.VEX.Status, o.VEX.Justification,
				nullID(o.VEX.DocumentID),
			)
		}
		if _, err := tx.exec(`
			INSERT INTO observations (branch_id, source_id, identity, match_key, title, description, component, location,
				fix, url, details, kev, unfixed, severity, report_status, status, active, first_seen_at, changed_at, since,
				vex_status, vex_justification, vex_document)
			VALUES `+row+strings.Repeat(", "+row, n-1), args...); err != nil {
			return err
		}
		if err := tx.noteVEX(list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// MoveObservation gives an observation that has moved its new identity, and notes from where it
// has moved if a user can see that. It must run before UpdateObservation, and does nothing if o
// has no identity.
func (tx *Tx) MoveObservation(o Observation) error {
	if len(o.Identity) == 0 {
		return nil
	}
	_, err := tx.exec(`
		UPDATE observations
		SET identity = ?,
			moved_at = CASE WHEN location = ? AND title = ? AND component = ? THEN moved_at ELSE ? END,
			moved_from = CASE
				WHEN location <> ? THEN location
				WHEN title <> ? THEN title
				WHEN component <> ? THEN component
				ELSE moved_from
			END
		WHERE id = ?`,
		o.Identity, o.Location, o.Title, o.Component, micro(tx.Now()), o.Location, o.Title, o.Component, o.ID)
	return err
}

// UpdateObservation writes what a later report contains of a known observation, and its match key
// if o has one.
func (tx *Tx) UpdateObservation(o Observation) error {
	_, err := tx.exec(`
		UPDATE observations
		SET match_key = coalesce(?, match_key), title = ?, description = ?, component = ?, location = ?, fix = ?, url = ?,
			details = ?, kev = ?, unfixed = ?, severity = ?, report_severity = ?, report_status = ?, status = ?, active = ?,
			changed_at = ?, resolved_at = ?, vex_status = ?, vex_justification = ?, vex_document = ?
		WHERE id = ?`,
		bytesOrNull(o.MatchKey), o.Title, o.Description, o.Component, o.Location, o.Fix, o.URL, o.Details, o.KEV,
		o.Unfixed, o.Severity, severityOrNull(o.Assessed.ReportSeverity), o.ReportStatus, o.Status, o.Status.Active(),
		micro(o.ChangedAt), micro(o.ResolvedAt), o.VEX.Status, o.VEX.Justification, nullID(o.VEX.DocumentID), o.ID)
	return err
}

// ResolveObservations marks observations as resolved that a report no longer contains, and adds a row
// to the history of each.
func (tx *Tx) ResolveObservations(ids []int64) error {
	for len(ids) > 0 {
		n := min(len(ids), 500)
		if err := tx.noteReported(ids[:n], ActionResolve, "status", "'resolved'"); err != nil {
			return err
		}
		args := append([]any{micro(tx.Now()), micro(tx.Now())}, toAny(ids[:n])...)
		if _, err := tx.exec(`
			UPDATE observations
			SET status = 'resolved', active = FALSE, changed_at = ?, resolved_at = ?
			WHERE id IN (`+placeholders(n)+")", args...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// severityOrNull returns a severity as an argument, NULL for nil.
func severityOrNull(s *Severity) any {
	if s == nil {
		return nil
	}
	return *s
}

// bytesOrNull returns bytes as an argument, NULL for none.
func bytesOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// InsertObservation saves a new observation, and returns its id.
func (tx *Tx) InsertObservation(o Observation) (int64, error) {
	return tx.insert(`
		INSERT INTO observations (branch_id, source_id, identity, title, description, component, location, fix, url,
			severity, report_status, status, active, first_seen_at, changed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		RETURNING id`,
		o.BranchID, o.SourceID, o.Identity, o.Title, o.Description, o.Component, o.Location, o.Fix, o.URL, o.Severity,
		o.ReportStatus, o.Status, o.Status.Active(), micro(o.FirstSeenAt), micro(o.ChangedAt))
}

// DeleteObservation removes an observation with its history.
func (tx *Tx) DeleteObservation(id int64) error {
	_, err := tx.exec("DELETE FROM observations WHERE id = ?", id)
	return err
}
