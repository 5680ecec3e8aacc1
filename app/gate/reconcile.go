package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// reconcileAtOnce is how many branches are compared by one read.
	reconcileAtOnce = 100
	// maxMended is how many branches a report of mended ones names.
	maxMended = 3
	// maxLook is how often a branch is looked at that changes meanwhile.
	maxLook = 3
)

// Reconciler finds what has drifted, by whatever cause: sources that say
// something else than their observations, branches that say something else than
// their sources, gates that say something else than their policy.
type Reconciler struct {
	store   *models.Store
	gates   *Service
	sweeper *Sweeper
	log     *slog.Logger
}

// NewReconciler returns a reconciler.
func NewReconciler(store *models.Store, gates *Service, sweeper *Sweeper, log *slog.Logger) *Reconciler {
	return &Reconciler{store: store, gates: gates, sweeper: sweeper, log: log}
}

// Repairs is what a look has mended.
type Repairs struct {
	Branches int
	First    []string // what was wrong with the first few
}

// String says so in a line, "" for nothing.
func (m Repairs) String() string {
	if m.Branches == 0 {
		return ""
	}
	text := fmt.Sprintf("%d mended: %s", m.Branches, strings.Join(m.First, "; "))
	if m.Branches > len(m.First) {
		text += "; …"
	}
	return text
}

func (m *Repairs) add(what string) {
	m.Branches++
	if len(m.First) < maxMended {
		m.First = append(m.First, what)
	}
}

// Reconcile looks at all branches that were ever evaluated, and mends what has
// drifted. It compares without a transaction, and what is as it should be is
// not written. A branch that cannot be mended keeps no other from it.
func (r *Reconciler) Reconcile(ctx context.Context) (Repairs, error) {
	var mended Repairs
	if err := r.sweeper.Sweep(ctx); err != nil { // its changes are told as its own
		return mended, err
	}
	var wrong error
	for after := int64(0); ; {
		list, err := r.store.EvaluatedGates(ctx, after, reconcileAtOnce)
		if err != nil || len(list) == 0 {
			return mended, errors.Join(wrong, err)
		}
		ids := make([]int64, len(list))
		for i, g := range list {
			ids[i] = g.Branch.ID
		}
		tallies, err := r.store.TallySources(ctx, ids)
		if err != nil {
			return mended, errors.Join(wrong, err)
		}
		for _, g := range list {
			what, err := r.check(ctx, g, tallies[g.Branch.ID])
			if err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("reconcile %s: %w", nameOf(g), err))
			}
			if what != "" {
				mended.add(nameOf(g) + ": " + what)
				r.log.WarnContext(ctx, "drift mended", "product", g.Product.ID, "branch", g.Branch.Name, "what", what)
			}
		}
		after = ids[len(ids)-1]
	}
}

func nameOf(g models.Gated) string { return g.Product.Name + " (" + g.Branch.Name + ")" }

// check compares one branch, and says what was wrong with it and is mended.
func (r *Reconciler) check(ctx context.Context, g models.Gated, sources []models.SourceTally) (what string, err error) {
	for try := 0; try < maxLook && (try > 0 || r.drifted(g, sources)); try++ {
		var again bool
		err = r.store.Write(ctx, func(tx *models.Tx) (err error) {
			what, again, err = r.repair(tx, g, sources)
			return err
		})
		if fault.Is(err, fault.NotFound) { // it was deleted
			return "", nil
		}
		if err != nil || !again {
			return what, err
		}
		tallies, err := r.store.TallySources(ctx, []int64{g.Branch.ID})
		if err != nil {
			return "", err
		}
		sources = tallies[g.Branch.ID]
	}
	return "", err
}

// drifted reports whether a branch seems to have. It was read bit by bit, so
// that it may have changed meanwhile instead.
func (r *Reconciler) drifted(g models.Gated, sources []models.SourceTally) bool {
	var total models.Counts
	for _, s := range sources {
		if s.Drifted() {
			return true
		}
		total = total.Plus(s.Counts)
	}
	verdict := Decide(r.gates.Policy(g.Group, g.Product), total)
	return total != g.Branch.Counts || verdict.State != g.Branch.Gate || verdict.Why != g.Branch.Why
}

// repair looks again where nothing else changes, and makes the branch right. It
// counts no observations: what was counted holds as long as the source has its
// version. again is true where one has another by now.
func (r *Reconciler) repair(
	tx *models.Tx, was models.Gated, counted []models.SourceTally,
) (what string, again bool, err error) {
	if err := tx.LockProduct(was.Product.ID); err != nil {
		return "", false, err
	}
	at, err := tx.GateSweep(tx.Context())
	if err != nil || at.Version > r.gates.policy().Version { // another instance knows more
		return "", false, err
	}
	g, err := tx.GateOf(was.Product.ID, was.Branch.Name)
	if err != nil || g.Branch.ID != was.Branch.ID || !g.Branch.Evaluated {
		return "", false, err
	}
	total, wrong, again, err := correct(tx, g.Branch.ID, counted)
	if err != nil || again {
		return "", again, err
	}
	if g.Branch.Counts != total { // says more than its sources do
		wrong = []string{countsChanged(total, g.Branch.Counts)}
	}
	out, err := r.gates.Evaluate(
		tx, g, Change{Counts: total, Cause: event.Cause{Kind: event.CauseReconcile, Text: "the hourly reconciliation"}},
	)
	switch {
	case out.Before != out.After:
		wrong = append(wrong, string(out.After)+" instead of "+string(out.Before))
	case len(wrong) == 0 && out.Why != g.Branch.Why:
		wrong = append(wrong, "the reason of its gate")
	}
	return strings.Join(wrong, ", "), false, err
}

// correct gives a branch's sources the counts of their observations, and sums
// them up.
func correct(
	tx *models.Tx, branchID int64, counted []models.SourceTally,
) (total models.Counts, wrong []string, again bool, err error) {
	sources, err := tx.SourcesOf(tx.Context(), branchID)
	if err != nil {
		return total, nil, false, err
	}
	known := map[int64]models.SourceTally{}
	for _, t := range counted {
		known[t.ID] = t
	}
	for _, s := range sources {
		if t, ok := known[s.ID]; ok && t.Drifted() && (t.Version != s.Version || s.Unsettled) {
			return total, nil, true, nil
		}
	}
	for _, s := range sources {
		if t, ok := known[s.ID]; ok && t.Drifted() {
			if err := tx.Correct(t); err != nil {
				return total, nil, false, err
			}
			wrong = append(wrong, s.Scanner+": "+countsChanged(t.Counted, s.Counts))
			s.Counts = t.Counted
		}
		total = total.Plus(s.Counts)
	}
	return total, wrong, false, nil
}

// countsChanged names the severities that differ.
func countsChanged(is, was models.Counts) string {
	var parts []string
	for _, s := range models.Severities() {
		if is.Of(s) != was.Of(s) {
			parts = append(parts, fmt.Sprintf("%d %s instead of %d", is.Of(s), s, was.Of(s)))
		}
	}
	return strings.Join(parts, ", ")
}
