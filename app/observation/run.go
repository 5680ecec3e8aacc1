package observation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

const (
	// maxAtOnce is how many observations are assessed in one transaction; more are assessed in parts.
	maxAtOnce = 100
	// defaultWait is how long a caller waits for the end of a run.
	defaultWait = 20 * time.Second
	// keepRuns is how long a finished run is kept for the caller that waits for it.
	keepRuns = time.Hour
)

// running are the runs that this instance writes, so that it writes none twice at the same time.
type running struct {
	mu  sync.Mutex
	ids map[int64]bool
}

// begin reports whether the caller is to write a run.
func (r *running) begin(id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids[id] {
		return false
	}
	if r.ids == nil {
		r.ids = map[int64]bool{}
	}
	r.ids[id] = true
	return true
}

func (r *running) end(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ids, id)
}

// runWriter writes a run in parts. What became active in earlier parts is in memory only: after a
// restart a failed gate names the worst observations of its branch.
type runWriter struct {
	service   *Service
	run       models.AssessmentRun
	whole     bool                     // it has written all parts so far
	activated map[int64]gate.Activated // by branch
}

// assessInParts stores an assessment of many observations, and writes it in parts. It returns when
// all of them are assessed, or after a time: then Continue writes the rest.
func (s *Service) assessInParts(
	ctx context.Context, actor authz.Actor, sel Selection, a Assessment, list []models.Observation,
) (Done, error) {
	scope := models.SystemScope("the right to assess was checked")
	before, err := s.store.Branches(ctx, scope, sel.ProductID)
	if err != nil {
		return Done{}, err
	}
	run := models.AssessmentRun{ProductID: sel.ProductID, Input: a.input(s.store.Now(), actor)}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(sel.ProductID); err != nil {
			return err
		}
		if err := checkDuplicate(tx, a.DuplicateOf, sel.ProductID, list); err != nil {
			return err
		}
		if err := beginRun(tx, &run, list); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Change, Kind: audit.Observation, Name: describe(list), ProductID: sel.ProductID, Became: a.values(),
		})
	})
	if err != nil {
		return Done{}, err
	}
	run = s.writeFor(ctx, run, cmp.Or(time.Duration(s.wait.Load()), sel.Wait, defaultWait))
	done := Done{Changed: run.Changed, Skipped: run.Skipped, Remaining: run.Remaining()}
	done.Gates, err = s.gatesSince(ctx, before, list)
	return done, err
}

// beginRun stores a run of observations. It returns a conflict while a large import of one of their
// sources is in progress.
func beginRun(tx *models.Tx, run *models.AssessmentRun, list []models.Observation) error {
	for _, id := range sourcesOf(list) {
		if err := tx.RequireSettled(id); err != nil {
			return err
		}
	}
	return tx.BeginAssessmentRun(run, rowsOf(list))
}

// sourcesOf returns the sources of observations.
func sourcesOf(list []models.Observation) []int64 {
	var ids []int64
	for _, o := range list {
		ids = append(ids, o.SourceID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// rowsOf returns observations in the order in which a run writes them: by branch, since the gate of
// a branch is announced with its last part, and by source, since a part locks few of them.
func rowsOf(list []models.Observation) []models.AssessmentRunRow {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b models.Observation) int {
		return cmp.Or(cmp.Compare(a.BranchID, b.BranchID), cmp.Compare(a.SourceID, b.SourceID), cmp.Compare(a.ID, b.ID))
	})
	rows := make([]models.AssessmentRunRow, len(list))
	for i, o := range list {
		rows[i] = models.AssessmentRunRow{ObservationID: o.ID, BranchID: o.BranchID}
	}
	return rows
}

// writeFor writes a run for a time, and returns its progress. What it could not write stays stored,
// so that it returns no error.
func (s *Service) writeFor(ctx context.Context, run models.AssessmentRun, wait time.Duration) models.AssessmentRun {
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_ = s.write(limited, run) //nolint:errcheck // Continue tries again, and reports the error
	now, err := s.store.AssessmentRun(context.WithoutCancel(ctx), run.ID)
	if err != nil {
		return run
	}
	return now
}

// Continue writes what is left of stored runs. If one fails, it goes on with the others and returns
// all errors joined.
func (s *Service) Continue(ctx context.Context) error {
	list, err := s.store.OpenAssessmentRuns(ctx)
	for _, run := range list {
		if runErr := s.write(ctx, run); runErr != nil && !fault.Is(runErr, fault.Conflict) {
			err = errors.Join(err, fmt.Errorf("assess observations of product %d: %w", run.ProductID, runErr))
		}
	}
	before := s.store.Now().Add(-keepRuns)
	old, oldErr := s.store.AnyAssessmentRunBefore(ctx, before)
	if oldErr == nil && old {
		oldErr = s.store.Write(ctx, func(tx *models.Tx) error { return tx.DropAssessmentRuns(before) })
	}
	return errors.Join(err, oldErr)
}

// Running lists the assessments of a product that the actor can view of which something is left.
func (s *Service) Running(ctx context.Context, actor authz.Actor, productID int64) ([]models.AssessmentRun, error) {
	if _, err := s.store.Product(ctx, actor.Scope(), productID); err != nil {
		return nil, err
	}
	return s.store.OpenAssessmentRunsOf(ctx, productID)
}

// write writes a run to its end, unless this instance does so already. It lets others write as long
// as it writes itself.
func (s *Service) write(ctx context.Context, run models.AssessmentRun) error {
	if !s.running.begin(run.ID) {
		return nil
	}
	defer s.running.end(run.ID)
	w := &runWriter{service: s, run: run, whole: run.Remaining() == run.Total, activated: map[int64]gate.Activated{}}
	parts := models.Parts{Background: true}
	for done := false; !done; {
		err := s.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (n int, err error) {
			n, done, err = w.part(tx, limit)
			return n, err
		})
		if fault.Is(err, fault.NotFound) { // its product is gone
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// part assesses the next observations of a run, all of one branch, and returns how many. done reports
// that none is left.
func (w *runWriter) part(tx *models.Tx, limit int) (n int, done bool, err error) {
	if err := tx.LockProduct(w.run.ProductID); err != nil {
		return 0, false, err
	}
	rows, err := tx.AssessmentRunRows(w.run.ID, limit+1)
	if err != nil {
		return 0, false, err
	}
	if len(rows) == 0 {
		return 0, true, tx.FinishAssessmentRun(w.run.ID)
	}
	n = 1
	for n < min(len(rows), limit) && rows[n].BranchID == rows[0].BranchID {
		n++
	}
	part := gate.LastPart
	if n < len(rows) && rows[n].BranchID == rows[0].BranchID {
		part = gate.MoreComes
	}
	list, err := w.read(tx, rows[:n])
	if err != nil {
		return 0, false, err
	}
	if err := w.assess(tx, rows[0].BranchID, list, part); err != nil {
		return 0, false, err
	}
	return n, false, tx.SaveAssessmentPart(w.run.ID, rows[n-1].Number, len(list), n-len(list))
}

// read reads the observations of a part, without those that a user has assessed since the run began:
// the later word counts. It reads none if the original of duplicates can be no original any more.
func (w *runWriter) read(tx *models.Tx, rows []models.AssessmentRunRow) ([]models.Observation, error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ObservationID
	}
	scope := models.SystemScope("the right to assess was checked")
	list, err := tx.Observations(tx.Context(), scope, models.ObservationFilter{
		ProductID: w.run.ProductID, IDs: ids, All: true, Limit: len(ids),
	})
	if err != nil {
		return nil, err
	}
	later, err := tx.AssessedSince(ids, w.run.After)
	if err != nil {
		return nil, err
	}
	ends := w.run.Input.Action == models.ActionExpire
	list = slices.DeleteFunc(list, func(o models.Observation) bool {
		return later[o.ID] || ends && !waiverDue(o, tx.Now())
	})
	err = checkDuplicate(tx, w.run.Input.DuplicateOf, w.run.ProductID, list)
	if fault.Is(err, fault.Invalid) {
		return nil, nil
	}
	return list, err
}

// assess assesses the observations of a part, and evaluates the gate of their branch.
func (w *runWriter) assess(tx *models.Tx, branchID int64, list []models.Observation, part gate.Part) error {
	b, err := branchOf(tx, w.run.ProductID, branchID)
	if fault.Is(err, fault.NotFound) { // with all its observations
		return nil
	}
	if err != nil {
		return err
	}
	c, ids := change{before: list}, make([]int64, len(list))
	for i, o := range list {
		ids[i] = o.ID
		c.after = append(c.after, o.Assess(w.run.Input, tx.Now()))
	}
	shift, err := c.shiftSources(tx)
	if err == nil {
		err = tx.Assess(ids, w.run.Input)
	}
	if err != nil {
		return err
	}
	all := w.activated[branchID].Clone()
	all.Merge(shift.activated)
	tx.AfterCommit(func() { w.activated[branchID] = all })
	shift.activated = gate.Activated{}
	if w.whole {
		shift.activated = all
	}
	_, err = w.service.evaluatePart(tx, w.run.ProductID, b.Name, shift, gate.Evaluation{
		Cause: causeOf(w.run), Actor: w.run.Input.Actor, Part: part,
	})
	return err
}

// causeOf returns the cause of the gate changes of a run.
func causeOf(run models.AssessmentRun) event.Cause {
	if run.Input.Action == models.ActionExpire {
		return event.Cause{Kind: event.CauseWaiver, Text: fmt.Sprintf("%d waivers that have ended", run.Total)}
	}
	return event.Cause{Kind: event.CauseAssessment, Text: fmt.Sprintf("an assessment of %d observations", run.Total)}
}

// gatesSince returns the gates of the branches of some observations, with their states before.
func (s *Service) gatesSince(
	ctx context.Context, before []models.Branch, list []models.Observation,
) ([]BranchGate, error) {
	has := map[int64]bool{}
	for _, o := range list {
		has[o.BranchID] = true
	}
	if len(before) == 0 {
		return nil, nil
	}
	scope := models.SystemScope("the right to assess was checked")
	now, err := s.store.Branches(context.WithoutCancel(ctx), scope, before[0].ProductID)
	if err != nil {
		return nil, err
	}
	was := map[int64]models.GateState{}
	for _, b := range before {
		was[b.ID] = b.Gate
	}
	var gates []BranchGate
	for _, b := range now {
		if has[b.ID] {
			gates = append(gates, BranchGate{
				Branch: b.Name, Default: b.Default, Counts: b.Counts,
				Outcome: gate.Outcome{Before: was[b.ID], After: b.Gate, Why: b.Why, Held: b.Held},
			})
		}
	}
	return gates, nil
}
