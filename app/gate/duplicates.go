package gate

import (
	"maps"
	"slices"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

// MaxEnded is how many duplicates one transaction ends, so that other writers do not wait long.
const MaxEnded = 1000

// readBatch is how many observations one query reads by ID.
const readBatch = 500

// Why duplicates end.
const (
	OriginalResolved = "its original is resolved"
	OriginalDeleted  = "its original is deleted"
)

// EndedDuplicates are duplicates whose original is resolved or deleted. Their assessed status has
// ended, so that they count as their reports say.
type EndedDuplicates struct {
	Ended  int
	Active models.Breakdown   // those that count again
	Rest   []models.Duplicate // those that another transaction must end
	active []event.Finding    // those that count again
}

// AddTo returns what a cause has made active together with the duplicates that count again.
func (e EndedDuplicates) AddTo(a Activated) Activated {
	if len(e.active) == 0 {
		return a
	}
	a = a.Clone()
	for _, f := range e.active {
		a.AddReopened(f)
	}
	return a
}

// EndDuplicates ends the first MaxEnded duplicates of a branch. Their originals are resolved or
// deleted in the same transaction, and why says which. importing are the sources of an import that
// has written their counts in the transaction. The caller must evaluate the gate of the
// branch. EndDuplicates returns a conflict if a large import of another source of the duplicates is
// in progress.
func EndDuplicates(
	tx *models.Tx, list []models.Duplicate, why string, importing []int64,
) (EndedDuplicates, error) {
	part := list[:min(len(list), MaxEnded)]
	rows, later, err := duplicateRows(tx, part, importing)
	if err != nil {
		return EndedDuplicates{}, err
	}
	e := EndedDuplicates{Ended: len(rows), Rest: slices.Concat(list[len(part):], later)}
	in := models.AssessmentInput{Action: models.ActionReopen, ClearStatus: true} // an assessed severity stays
	shifts := map[int64]models.Breakdown{}
	var inReport, resolved []int64
	for _, o := range rows {
		by := shifts[o.SourceID]
		if o = o.Assess(in, tx.Now()); o.Status.Active() {
			by.Add(o.Severity, o.Flags(), 1)
			e.Active.Add(o.Severity, o.Flags(), 1)
			e.active = append(e.active, event.FindingOf(o))
		}
		shifts[o.SourceID] = by
		if o.InReport() {
			inReport = append(inReport, o.ID)
		} else {
			resolved = append(resolved, o.ID)
		}
	}
	if err := shiftSources(tx, shifts, importing); err != nil {
		return e, err
	}
	in.Comment = "Counts again: " + why
	if err := tx.Assess(inReport, in); err != nil {
		return e, err
	}
	in.Comment = "No longer a duplicate: " + why
	if err := tx.Assess(resolved, in); err != nil {
		return e, err
	}
	return e, tx.ClearStaged(inReport)
}

// EndOrphans ends the first MaxEnded duplicates of a branch whose originals are resolved, in a
// transaction of its own, and evaluates the gate of the branch with e, which has no counts. It returns
// the counts of the branch and the outcome.
func (s *Service) EndOrphans(
	tx *models.Tx, productID int64, branch string, list []models.Duplicate, e Evaluation,
) (EndedDuplicates, models.Counts, Outcome, error) {
	var none EndedDuplicates
	if err := tx.LockProduct(productID); err != nil {
		return none, models.Counts{}, Outcome{}, err
	}
	g, err := tx.GateOf(productID, branch)
	if err != nil {
		return none, models.Counts{}, Outcome{}, err
	}
	part, err := orphansOf(tx, list[:min(len(list), MaxEnded)])
	if err != nil {
		return none, models.Counts{}, Outcome{}, err
	}
	ended, err := EndDuplicates(tx, part, OriginalResolved, nil)
	if err != nil {
		return none, models.Counts{}, Outcome{}, err
	}
	ended.Rest = list[min(len(list), MaxEnded):]
	e.Active, e.Activated = g.Branch.Plus(ended.Active), ended.AddTo(e.Activated)
	out, err := s.Evaluate(tx, g, e)
	return ended, e.Active.Counts, out, err
}

// orphansOf returns the duplicates of a list whose originals are resolved.
func orphansOf(tx *models.Tx, list []models.Duplicate) ([]models.Duplicate, error) {
	originals := make([]int64, len(list))
	for i, d := range list {
		originals[i] = d.OriginalID
	}
	slices.Sort(originals)
	resolved, err := tx.ResolvedOf(tx.Context(), slices.Compact(originals))
	var orphans []models.Duplicate
	for _, d := range list {
		if resolved[d.OriginalID] {
			orphans = append(orphans, d)
		}
	}
	return orphans, err
}

// duplicateRows reads those of a list that are duplicates of the same originals still, as they are
// once what an import has staged is applied. later are those that it resolves: they count neither
// now nor then, but change with what is staged.
func duplicateRows(
	tx *models.Tx, list []models.Duplicate, importing []int64,
) (rows []models.Observation, later []models.Duplicate, err error) {
	original := make(map[int64]models.Duplicate, len(list))
	for _, d := range list {
		original[d.ID] = d
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(original)), readBatch) {
		found, err := tx.Observations(tx.Context(), models.SystemScope("originals end their duplicates"),
			models.ObservationFilter{IDs: ids, All: true, Limit: len(ids)})
		if err != nil {
			return nil, nil, err
		}
		staged, err := tx.StagedChanges(ids)
		if err != nil {
			return nil, nil, err
		}
		for _, o := range found {
			d := original[o.ID]
			if o.Assessed.Status != models.StatusDuplicate || o.Assessed.DuplicateOf != d.OriginalID {
				continue
			}
			if c, ok := staged[o.ID]; ok && slices.Contains(importing, o.SourceID) {
				if c.ReportStatus == "" {
					later = append(later, d)
					continue
				}
				o = withStaged(o, c)
			}
			rows = append(rows, o)
		}
	}
	return rows, later, nil
}

// withStaged returns an observation with what an import has staged for it.
func withStaged(o, staged models.Observation) models.Observation {
	o.Title, o.Component = staged.Title, staged.Component
	o.KEV, o.Unfixed, o.Severity = staged.KEV, staged.Unfixed, staged.Severity
	o.ReportStatus, o.ResolvedAt, o.VEX = staged.ReportStatus, time.Time{}, staged.VEX
	return o
}

// shiftSources adds to the counts of sources. The importing ones have their new versions already.
func shiftSources(tx *models.Tx, shifts map[int64]models.Breakdown, importing []int64) error {
	for _, id := range slices.Sorted(maps.Keys(shifts)) {
		shift := tx.ShiftSource
		if slices.Contains(importing, id) {
			shift = tx.AddToSource
		}
		if err := shift(id, shifts[id]); err != nil {
			return err
		}
	}
	return nil
}
