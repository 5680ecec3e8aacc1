package models

import "slices"

// UpdateObservations writes what a later report contains of known observations. Those that were
// resolved get a row of their history.
func (tx *Tx) UpdateObservations(list []Observation) error {
	for part := range slices.Chunk(list, assessAtOnce) {
		ids := make([]any, len(part))
		for i, o := range part {
			ids[i] = o.ID
		}
		var returned []int64
		err := tx.query(tx.Context(), `
			SELECT id
			FROM observations
			WHERE id IN (`+placeholders(len(ids))+`)
			AND resolved_at IS NOT NULL
			ORDER BY id`, ids, collect(&returned, idDst))
		if err != nil {
			return err
		}
		for _, o := range part {
			if err := tx.MoveObservation(o); err != nil {
				return err
			}
			if err := tx.UpdateObservation(o); err != nil {
				return err
			}
		}
		if err := tx.noteReported(returned, ActionReturn, "'resolved'", "status"); err != nil {
			return err
		}
	}
	return nil
}

// noteReported adds to the histories of observations that a report has resolved or reopened. was and
// is are the statuses as SQL.
func (tx *Tx) noteReported(ids []int64, action AssessmentAction, was, is string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.exec(`
		INSERT INTO assessments (observation_id, at, actor, action, was_status, status, was_severity, severity)
		SELECT id, CAST(? AS BIGINT), '', CAST(? AS TEXT), `+was+", "+is+`, severity, severity
		FROM observations
		WHERE id IN (`+placeholders(len(ids))+`)
		ORDER BY id`, append([]any{micro(tx.Now()), action}, toAny(ids)...)...)
	return err
}

// noteVEX adds to the histories of new observations that a VEX document assesses: the report's status
// and the document's.
func (tx *Tx) noteVEX(list []Observation) error {
	identities := map[int64][]any{}
	for _, o := range list {
		if o.VEX.Status != "" {
			identities[o.SourceID] = append(identities[o.SourceID], o.Identity)
		}
	}
	for source, args := range identities {
		if _, err := tx.exec(`
			INSERT INTO assessments (observation_id, at, actor, action, was_status, status, was_severity, severity)
			SELECT id, CAST(? AS BIGINT), '', CAST(? AS TEXT), report_status, status, severity, severity
			FROM observations
			WHERE source_id = ?
			AND identity IN (`+placeholders(len(args))+`)
			ORDER BY id`, append([]any{micro(tx.Now()), ActionVEX, source}, args...)...); err != nil {
			return err
		}
	}
	return nil
}
