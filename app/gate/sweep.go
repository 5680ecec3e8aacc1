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

// sweepEvery is how soon an instance continues the sweep that another one left.
const sweepEvery = time.Minute

// Sweeper evaluates all gates again after a change of the global policy. Its progress is
// in the database, so that it continues after a restart.
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

// Wake makes Run check the policy at once.
func (s *Sweeper) Wake() { s.signal.Notify() }

// Run sweeps whenever the policy differs from that of the last sweep, until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("evaluate gates again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.signal.C():
		case <-ticker.C:
		}
	}
}

// Sweep sweeps as far as needed, and returns when all gates follow the current policy.
func (s *Sweeper) Sweep(ctx context.Context) error {
	parts := models.Parts{Background: true}
	for ctx.Err() == nil {
		at, err := s.store.GateSweep(ctx)
		version := s.gates.settings().Version
		switch {
		case err != nil || at.Version > version: // another instance has newer settings
			return err
		case at.Done && at.Version == version:
			return nil
		case at.Version < version || at.StartedAt.IsZero():
			err = s.begin(ctx, at, version)
		default:
			err = s.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (int, error) {
				return s.step(tx, at, limit)
			})
		}
		if err != nil && !errors.Is(err, errOvertaken) {
			return err
		}
	}
	return ctx.Err()
}

// errOvertaken undoes a step that another instance has done, or whose sweep a newer one
// has replaced.
var errOvertaken = errors.New("another sweep is further")

// begin replaces the last sweep, finished or not, with a new one. It counts the branches
// before the transaction, so that no writer waits for the count.
func (s *Sweeper) begin(ctx context.Context, last models.GateSweep, version int64) error {
	total, err := s.store.CountEvaluatedBranches(ctx)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		return elseOvertaken(tx.BeginGateSweep(last, version, total))
	})
}

// step evaluates up to limit branches, stores the progress, and returns how many.
func (s *Sweeper) step(tx *models.Tx, at models.GateSweep, limit int) (int, error) {
	list, err := tx.LockGates(at.BranchID, limit)
	if err != nil {
		return 0, err
	}
	from, by := at.BranchID, s.gates.settings().By
	for _, g := range list {
		out, err := s.gates.Evaluate(tx, g, Evaluation{
			Active: g.Branch.Breakdown,
			Actor:  by,
			Cause:  event.Cause{Kind: event.CauseSettings, Text: "a change of the gate settings"},
		})
		if err != nil {
			return 0, err
		}
		at.BranchID = g.Branch.ID
		at.Seen++
		if out.Before != out.After {
			at.Changed++
		}
	}
	if at.Done = len(list) < limit; at.Done {
		at.FinishedAt = tx.Now()
	}
	return len(list), elseOvertaken(tx.SaveGateSweep(at, from))
}

// elseOvertaken returns errOvertaken unless a step was stored.
func elseOvertaken(ok bool, err error) error {
	if err == nil && !ok {
		return errOvertaken
	}
	return err
}

// Progress returns the progress of the sweep after the last change of the settings. It
// returns fault.Forbidden unless the actor is an administrator.
func (s *Sweeper) Progress(ctx context.Context, actor authz.Actor) (models.GateSweep, error) {
	if !actor.Administrator() {
		return models.GateSweep{}, fault.New(fault.Forbidden, "Only administrators can change settings")
	}
	at, err := s.store.GateSweep(ctx)
	if version := s.gates.settings().Version; at.Version < version { // it begins soon
		at = models.GateSweep{Version: version}
	}
	at.Total = max(at.Total, at.Seen) // branches can be added during a sweep
	return at, err
}
