// Package observation is what users do with observations: view them, assess them, accept
// their risk for a time, and create their own. Each change updates the gate in the same
// transaction.
package observation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// MaxSelected is how many observations one assessment takes.
const MaxSelected = 10_000

// Service reads and changes observations.
type Service struct {
	store  *models.Store
	gates  *gate.Service
	events *event.Log

	running running
	wait    atomic.Int64 // set by SetWait
}

// New returns a service.
func New(store *models.Store, gates *gate.Service, events *event.Log) *Service {
	return &Service{store: store, gates: gates, events: events}
}

// SetWait sets how long every caller waits for the end of a large assessment, in place of the times that
// callers choose; 0: as they choose.
func (s *Service) SetWait(wait time.Duration) { s.wait.Store(int64(wait)) }

// Get returns an observation that the actor can view, and its product's ID.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.Observation, int64, error) {
	return s.store.Observation(ctx, actor.Scope(), id)
}

// History lists the history of an observation that the actor can view, newest first: its assessments,
// and what reports did. before is the last ID of the previous page. The last row, without an ID, is
// when a report contained it first, unless a user entered it.
func (s *Service) History(
	ctx context.Context, actor authz.Actor, id, before int64, limit int,
) ([]models.Assessment, error) {
	o, _, err := s.Get(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Assessments(ctx, id, before, limit)
	if err != nil || len(rows) == limit {
		return rows, err
	}
	first := rows
	if len(first) == 0 && before != 0 { // the row of before is the oldest
		if first, err = s.store.Assessments(ctx, id, before+1, 1); err != nil {
			return nil, err
		}
	}
	return withFind(rows, first, o), nil
}

// withFind adds when an observation was found to the end of its history: with the values before the
// oldest row of the history, its current ones if there is none.
func withFind(rows, history []models.Assessment, o models.Observation) []models.Assessment {
	found := models.Assessment{
		ObservationID: o.ID, At: o.FirstSeenAt, Action: models.ActionFind, Status: o.Status, WasSeverity: o.Severity,
		Severity: o.Severity,
	}
	if n := len(history); n > 0 {
		oldest := history[n-1]
		if oldest.Action == models.ActionCreate {
			return rows
		}
		found.Status, found.Severity, found.WasSeverity = oldest.WasStatus, oldest.WasSeverity, oldest.WasSeverity
	}
	found.WasStatus = found.Status
	return append(rows, found)
}

// requireAssess returns an error unless the actor can assess observations of a product.
func (s *Service) requireAssess(ctx context.Context, actor authz.Actor, productID int64) error {
	return authz.Require(ctx, s.store, actor, authz.Assess, productID)
}

// Done is the result of a change: the number of observations, and the gate of each of their
// branches.
type Done struct {
	Changed   int
	Skipped   int // observations that were deleted, or that a user has assessed meanwhile
	Remaining int // observations that are assessed in the background
	Gates     []BranchGate
}

// Total returns how many observations were selected.
func (d Done) Total() int { return d.Changed + d.Skipped + d.Remaining }

// BranchGate is a branch's gate after a change.
type BranchGate struct {
	Branch  string
	Default bool
	Counts  models.Counts
	gate.Outcome
}

// change is the observations of one branch before and after a change. A new observation is
// only in after, a deleted one only in before.
type change struct {
	before, after []models.Observation
	ended         gate.EndedDuplicates // of a deleted one; their sources are updated
}

// branchShift is the effect of a change on a branch.
type branchShift struct {
	counts    models.Breakdown // the difference
	activated gate.Activated   // the observations that became active or more severe
}

// recount updates the sources, the counts and the gate of a branch after a change.
func (s *Service) recount(
	tx *models.Tx, productID int64, branch string, c change, cause event.Cause, actor string,
) (BranchGate, error) {
	shift, err := c.shiftSources(tx)
	if err != nil {
		return BranchGate{}, err
	}
	return s.evaluate(tx, productID, branch, shift, cause, actor)
}

// evaluate updates the counts and the gate of a branch.
func (s *Service) evaluate(
	tx *models.Tx, productID int64, branch string, shift branchShift, cause event.Cause, actor string,
) (BranchGate, error) {
	return s.evaluatePart(tx, productID, branch, shift, gate.Evaluation{Cause: cause, Actor: actor})
}

// evaluatePart is evaluate for a cause, an actor and a part of the cause.
func (s *Service) evaluatePart(
	tx *models.Tx, productID int64, branch string, shift branchShift, e gate.Evaluation,
) (BranchGate, error) {
	g, err := tx.GateOf(productID, branch)
	if err != nil {
		return BranchGate{}, err
	}
	total := g.Branch.Plus(shift.counts)
	e.Active, e.Activated = total, shift.activated
	out, err := s.gates.Evaluate(tx, g, e)
	return BranchGate{Branch: g.Branch.Name, Default: g.Branch.Default, Counts: total.Counts, Outcome: out}, err
}

// shiftSources updates the counts of the sources. It gives each a new version, also with
// equal counts, so that an import compares again.
func (c change) shiftSources(tx *models.Tx) (branchShift, error) {
	sources, activated := c.compare()
	s := branchShift{activated: activated}
	for _, id := range slices.Sorted(maps.Keys(sources)) {
		if err := tx.ShiftSource(id, sources[id]); err != nil {
			return s, err
		}
		s.counts = s.counts.Plus(sources[id])
	}
	s.counts, s.activated = s.counts.Plus(c.ended.Active), c.ended.AddTo(s.activated)
	return s, nil
}

// compare returns the difference of each source's counts, and the observations that became
// active or more severe.
func (c change) compare() (sources map[int64]models.Breakdown, activated gate.Activated) {
	sources = map[int64]models.Breakdown{}
	add := func(o models.Observation, n int64) {
		counts := sources[o.SourceID]
		if o.Status.Active() {
			counts.Add(o.Severity, o.Flags(), n)
		}
		sources[o.SourceID] = counts
	}
	was := make(map[int64]models.Observation, len(c.before))
	for _, o := range c.before {
		add(o, -1)
		was[o.ID] = o
	}
	for _, o := range c.after {
		add(o, 1)
		before, known := was[o.ID]
		if !o.Status.Active() {
			continue
		}
		if known {
			activated.AddKnown(event.FindingOf(o), &before)
		} else {
			activated.AddNew(event.FindingOf(o))
		}
	}
	return sources, activated
}

// branchOf returns a branch of a product by its ID.
func branchOf(tx *models.Tx, productID, branchID int64) (models.Branch, error) {
	list, err := tx.Branches(tx.Context(), models.SystemScope("the right to assess was checked"), productID)
	if err != nil {
		return models.Branch{}, err
	}
	for _, b := range list {
		if b.ID == branchID {
			return b, nil
		}
	}
	return models.Branch{}, fault.NewNotFound("branch")
}

// describe names the observations of a cause: one by its title, several by their number.
func describe(list []models.Observation) string {
	if len(list) == 1 {
		return list[0].Name()
	}
	return fmt.Sprintf("%d observations", len(list))
}

// hasControl reports whether a text is no valid UTF-8 or has control characters. With lines,
// line ends and tabs are allowed.
func hasControl(text string, lines bool) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t')
	})
}
