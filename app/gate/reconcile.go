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
	// reconcileBatch is how many branches one read compares.
	reconcileBatch = 100
	// maxRepairsNamed is how many repaired branches Repairs names.
	maxRepairsNamed = 3
	// maxTries is how often a branch whose sources change meanwhile is checked.
	maxTries = 3
	// reconcileText is the cause of the events of repairs.
	reconcileText = "the hourly reconciliation"
)

// Reconciler finds and repairs drift of any cause: duplicates whose original is resolved, counts of
// a source that differ from its observations, counts of a branch that differ from its sources, and
// gates that differ from their policy.
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

// Repairs are the repairs of one reconciliation.
type Repairs struct {
	Branches int
	First    []string // what was wrong with the first branches
}

// String returns the repairs as one line, "" for none.
func (r Repairs) String() string {
	if r.Branches == 0 {
		return ""
	}
	text := fmt.Sprintf("%d repaired: %s", r.Branches, strings.Join(r.First, "; "))
	if r.Branches > len(r.First) {
		text += "; …"
	}
	return text
}

func (r *Repairs) add(what string) {
	r.Branches++
	if len(r.First) < maxRepairsNamed {
		r.First = append(r.First, what)
	}
}

// Reconcile checks all branches that were ever evaluated, and repairs those that have
// drifted. It compares without a transaction, and writes only repairs. If one branch
// fails, it goes on with the others and returns all errors joined.
func (r *Reconciler) Reconcile(ctx context.Context) (Repairs, error) {
	var repairs Repairs
	if err := r.sweeper.Sweep(ctx); err != nil { // first, so that its changes do not count as drift
		return repairs, err
	}
	errs := r.endOrphans(ctx, &repairs)
	for after := int64(0); ; {
		list, err := r.store.EvaluatedGates(ctx, after, reconcileBatch)
		if err != nil || len(list) == 0 {
			return repairs, errors.Join(errs, err)
		}
		ids := make([]int64, len(list))
		for i, g := range list {
			ids[i] = g.Branch.ID
		}
		tallies, err := r.store.TallySources(ctx, ids)
		if err != nil {
			return repairs, errors.Join(errs, err)
		}
		for _, g := range list {
			what, err := r.check(ctx, g, tallies[g.Branch.ID])
			if err != nil {
				errs = errors.Join(errs, fmt.Errorf("reconcile %s: %w", nameOf(g), err))
			}
			if what != "" {
				repairs.add(nameOf(g) + ": " + what)
				r.log.WarnContext(ctx, "repair drift", "product", g.Product.ID, "branch", g.Branch.Name, "what", what)
			}
		}
		after = ids[len(ids)-1]
	}
}

func nameOf(g models.Gated) string { return g.Product.Name + " (" + g.Branch.Name + ")" }

// check compares one branch, repairs it, and returns what was wrong, "" for nothing.
func (r *Reconciler) check(ctx context.Context, g models.Gated, sources []models.SourceTally) (what string, err error) {
	if !r.drifted(g, sources) {
		return "", nil
	}
	for range maxTries {
		var stale bool
		err = r.store.Write(ctx, func(tx *models.Tx) (err error) {
			what, stale, err = r.repair(tx, g, sources)
			return err
		})
		if fault.Is(err, fault.NotFound) { // it was deleted
			return "", nil
		}
		if err != nil || !stale {
			return what, err
		}
		tallies, err := r.store.TallySources(ctx, []int64{g.Branch.ID})
		if err != nil {
			return "", err
		}
		sources = tallies[g.Branch.ID]
	}
	// Its sources get reports all the time: the next reconciliation checks it again.
	r.log.InfoContext(ctx, "stop checking a branch", "product", g.Product.ID, "branch", g.Branch.Name)
	return "", nil
}

// drifted reports whether a branch seems to have drifted. Several reads make it up, so an
// import between them looks like drift too.
func (r *Reconciler) drifted(g models.Gated, sources []models.SourceTally) bool {
	var total models.Breakdown
	for _, s := range sources {
		if s.Drifted() {
			return true
		}
		total = total.Plus(s.Breakdown)
	}
	verdict := Decide(r.gates.Policy(g.Group, g.Product), total)
	return total != g.Branch.Breakdown || verdict.State != g.Branch.Gate || verdict.Why != g.Branch.Why
}

// repair checks a branch again under its lock and corrects it. It counts no observations:
// counted holds while the sources keep their versions. stale means that one has a new
// version, so that the caller must count again.
func (r *Reconciler) repair(
	tx *models.Tx, was models.Gated, counted []models.SourceTally,
) (what string, stale bool, err error) {
	if err := tx.LockProduct(was.Product.ID); err != nil {
		return "", false, err
	}
	at, err := tx.GateSweep(tx.Context())
	if err != nil || at.Version > r.gates.settings().Version { // another instance has newer settings
		return "", false, err
	}
	g, err := tx.GateOf(was.Product.ID, was.Branch.Name)
	if err != nil || g.Branch.ID != was.Branch.ID || !g.Branch.Evaluated {
		return "", false, err
	}
	total, wrong, stale, err := correct(tx, g.Branch.ID, counted)
	if err != nil || stale {
		return "", stale, err
	}
	if g.Branch.Breakdown != total { // this text replaces those of the sources
		wrong = []string{countsChanged(total, g.Branch.Breakdown)}
	}
	cause := event.Cause{Kind: event.CauseReconcile, Text: reconcileText}
	out, err := r.gates.Evaluate(tx, g, Evaluation{Active: total, Cause: cause})
	switch {
	case out.Before != out.After:
		wrong = append(wrong, string(out.After)+" instead of "+string(out.Before))
	case len(wrong) == 0 && out.Why != g.Branch.Why:
		wrong = append(wrong, "the reason of its gate")
	}
	return strings.Join(wrong, ", "), false, err
}

// correct writes the counts of their observations to a branch's drifted sources, and
// returns the sum of all. stale means that a counted source has a new version.
func correct(
	tx *models.Tx, branchID int64, counted []models.SourceTally,
) (total models.Breakdown, wrong []string, stale bool, err error) {
	sources, err := tx.AllSources(tx.Context(), branchID)
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
			wrong = append(wrong, s.Scanner+": "+countsChanged(t.Counted, s.Breakdown))
			s.Breakdown = t.Counted
		}
		total = total.Plus(s.Breakdown)
	}
	return total, wrong, false, nil
}

// countsChanged describes the severities that differ.
func countsChanged(is, was models.Breakdown) string {
	var parts []string
	for _, of := range []struct {
		what    string
		is, was models.Counts
	}{
		{"", is.Counts, was.Counts},
		{" without a fix", is.Unfixed, was.Unfixed},
		{" known exploited", is.KEV, was.KEV},
		{" known exploited without a fix", is.UnfixedKEV, was.UnfixedKEV},
	} {
		for _, s := range models.Severities() {
			if n, before := of.is.Of(s), of.was.Of(s); n != before {
				parts = append(parts, fmt.Sprintf("%d %s%s instead of %d", n, s, of.what, before))
			}
		}
	}
	return strings.Join(parts, ", ")
}
