// Package observation carries out what people do with findings: look at them,
// assess them, waive them for a time, and enter their own. Each of it counts
// for the gate in the same transaction.
package observation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// MaxSelected is how many observations are assessed in one step.
const MaxSelected = 10_000

// Service looks after observations.
type Service struct {
	store  *models.Store
	gates  *gate.Service
	events *event.Log
}

// New returns a service.
func New(store *models.Store, gates *gate.Service, events *event.Log) *Service {
	return &Service{store: store, gates: gates, events: events}
}

// Get finds an observation that the actor may view, and its product's id.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.Observation, int64, error) {
	return s.store.Observation(ctx, actor.Scope(), id)
}

// History lists what people have said of an observation that the actor may
// view, newest first; before is the last id of the page before.
func (s *Service) History(
	ctx context.Context, actor authz.Actor, id, before int64, limit int,
) ([]models.Assessment, error) {
	if _, _, err := s.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	return s.store.Assessments(ctx, id, before, limit)
}

// may checks that the actor may assess what is in a product.
func (s *Service) may(ctx context.Context, actor authz.Actor, productID int64) error {
	return authz.Require(ctx, s.store, actor, authz.Assess, productID)
}

// Done is what came of a step: how many observations it changed, and the gate
// of each branch that they are in.
type Done struct {
	Changed int
	Gates   []BranchGate
}

// BranchGate is what a step made of a branch's gate.
type BranchGate struct {
	Branch  string
	Default bool
	Counts  models.Counts
	gate.Outcome
}

// change is observations of one branch before and after a step. One that is
// new has no before, one that is gone no after.
type change struct {
	before, after []models.Observation
}

// shift is by how much a step changes the counts of a branch, and what it has
// made active or worse.
type shift struct {
	by        models.Counts
	activated gate.Activated
}

// count makes the sources, the counts and the gate of a branch follow from a
// step, in its transaction.
func (s *Service) count(
	tx *models.Tx, productID int64, branch string, c change, cause event.Cause, actor string,
) (BranchGate, error) {
	by, err := c.move(tx)
	if err != nil {
		return BranchGate{}, err
	}
	return s.evaluate(tx, productID, branch, by, cause, actor)
}

// evaluate makes the counts and the gate of a branch follow.
func (s *Service) evaluate(
	tx *models.Tx, productID int64, branch string, by shift, cause event.Cause, actor string,
) (BranchGate, error) {
	g, err := tx.GateOf(productID, branch)
	if err != nil {
		return BranchGate{}, err
	}
	total := g.Branch.Counts.Plus(by.by)
	out, err := s.gates.Evaluate(tx, g, gate.Change{Counts: total, Cause: cause, Actor: actor, Activated: by.activated})
	return BranchGate{Branch: g.Branch.Name, Default: g.Branch.Default, Counts: total, Outcome: out}, err
}

// move changes the counts of the sources, each of which an import must compare
// again then, also where its counts stay.
func (c change) move(tx *models.Tx) (shift, error) {
	sources, activated := c.compare()
	s := shift{activated: activated}
	for _, id := range slices.Sorted(maps.Keys(sources)) {
		if err := tx.ShiftSource(id, sources[id]); err != nil {
			return s, err
		}
		s.by = s.by.Plus(sources[id])
	}
	return s, nil
}

// compare says by how much each source's counts change, and what has become
// active or worse.
func (c change) compare() (sources map[int64]models.Counts, activated gate.Activated) {
	sources = map[int64]models.Counts{}
	add := func(o models.Observation, n int64) {
		by := sources[o.SourceID]
		if o.Status.Active() {
			by.Add(o.Severity, n)
		}
		sources[o.SourceID] = by
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
		f := event.Finding{Title: o.Title, Severity: o.Severity, Component: o.Component}
		if !known {
			activated.AddNew(f)
		} else if !before.Status.Active() || o.Severity < before.Severity {
			activated.AddReopened(f)
		}
	}
	return sources, activated
}

// branchOf names the branch of an observation that was read.
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

// named says which observations a cause is about: one by its title, several by
// their number.
func named(list []models.Observation) string {
	if len(list) == 1 {
		return list[0].Title
	}
	return fmt.Sprintf("%d observations", len(list))
}

// badText reports whether a text has what no page can show. One of several lines
// may have their ends, and tabs.
func badText(text string, lines bool) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t')
	})
}

// trimmed is a text without space around it.
func trimmed(text string) string { return strings.TrimSpace(text) }
