package gate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// sweepBatch is how many branches a sweep evaluates in one transaction: few
// enough to keep no other writer waiting.
const sweepBatch = 20

// sweepEvery is how soon a sweep is found that another instance left behind.
const sweepEvery = time.Minute

// Sweeper evaluates all gates again after a change of the global policy. How
// far it has come is in the database, so that a restart goes on from there.
type Sweeper struct {
	store  *models.Store
	gates  *Service
	log    *slog.Logger
	signal *event.Signal
}

// NewSweeper returns a sweeper.
func NewSweeper(store *models.Store, gates *Service, log *slog.Logger) *Sweeper {
	return &Sweeper{store: store, gates: gates, log: log, signal: event.NewSignal()}
}

// Wake lets Run look at the policy at once.
func (s *Sweeper) Wake() { s.signal.Notify() }

// Run sweeps whenever the policy is another than that of the last sweep, until
// ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("gates not evaluated again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.signal.C():
		case <-ticker.C:
		}
	}
}

// Sweep does what there is to do now, and returns when all gates are as the
// current policy says.
func (s *Sweeper) Sweep(ctx context.Context) error {
	for ctx.Err() == nil {
		at, err := s.store.GateSweep(ctx)
		version := s.gates.policy().Version
		switch {
		case err != nil || at.Version > version: // another instance knows more
			return err
		case at.Done && at.Version == version:
			return nil
		case at.Version < version || at.StartedAt.IsZero():
			err = s.begin(ctx, at, version)
		default:
			err = s.store.Write(ctx, func(tx *models.Tx) error { return s.step(tx, at) })
		}
		if err != nil && !errors.Is(err, errOvertaken) {
			return err
		}
	}
	return ctx.Err()
}

// errOvertaken undoes a step of a sweep that another instance has done, or in
// whose place a newer sweep has come.
var errOvertaken = errors.New("another sweep is further")

// begin begins a sweep in the place of the last one, whether that was done or
// not. How many branches there are is counted here alone, and nobody waits for
// it.
func (s *Sweeper) begin(ctx context.Context, last models.GateSweep, version int64) error {
	total, err := s.store.CountEvaluatedBranches(ctx)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return unless(tx.BeginGateSweep(last, version, total)) })
}

// step evaluates some branches, and notes how far that has come.
func (s *Sweeper) step(tx *models.Tx, at models.GateSweep) error {
	list, err := tx.LockGates(at.BranchID, sweepBatch)
	if err != nil {
		return err
	}
	from, by := at.BranchID, s.gates.policy().By
	for _, g := range list {
		out, err := s.gates.Evaluate(tx, g, Change{
			Counts: g.Branch.Counts,
			Actor:  by,
			Cause:  event.Cause{Kind: event.CauseSettings, Text: "a change of the gate settings"},
		})
		if err != nil {
			return err
		}
		at.BranchID = g.Branch.ID
		at.Seen++
		if out.Before != out.After {
			at.Changed++
		}
	}
	if at.Done = len(list) < sweepBatch; at.Done {
		at.FinishedAt = tx.Now()
	}
	return unless(tx.SaveGateSweep(at, from))
}

func unless(ok bool, err error) error {
	if err == nil && !ok {
		return errOvertaken
	}
	return err
}

// Progress is how far the look at all gates has come that follows the last
// change of the settings, for administrators.
func (s *Sweeper) Progress(ctx context.Context, actor authz.Actor) (models.GateSweep, error) {
	if !actor.Administrator() {
		return models.GateSweep{}, fault.New(fault.Forbidden, "Settings are for administrators")
	}
	at, err := s.store.GateSweep(ctx)
	if version := s.gates.policy().Version; at.Version < version { // it begins in a moment
		at = models.GateSweep{Version: version}
	}
	at.Total = max(at.Total, at.Seen) // some may have come since it began
	return at, err
}
