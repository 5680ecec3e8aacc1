package gate

import (
	"context"
	"log/slog"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// sweepAtOnce is how many branches a sweep evaluates in one transaction: few
// enough to keep no other writer waiting.
const sweepAtOnce = 50

// sweepEvery is how soon a sweep is found that another instance left behind.
const sweepEvery = time.Minute

// Sweeper evaluates all gates again after a change of the global policy. How
// far it has come is in the database, so that a restart goes on from there.
type Sweeper struct {
	store *models.Store
	gates *Service
	log   *slog.Logger
	bell  *event.Bell
}

// NewSweeper returns a sweeper.
func NewSweeper(store *models.Store, gates *Service, log *slog.Logger) *Sweeper {
	return &Sweeper{store: store, gates: gates, log: log, bell: event.NewBell()}
}

// Wake lets Run look at the policy at once.
func (s *Sweeper) Wake() { s.bell.Ring() }

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
		case <-s.bell.Rung():
		case <-ticker.C:
		}
	}
}

// Sweep does what there is to do now, and returns when all gates are as the
// current policy says.
func (s *Sweeper) Sweep(ctx context.Context) error {
	for ctx.Err() == nil {
		at, err := s.store.GateSweep(ctx)
		if err != nil || at.Version > s.gates.policy().Version { // another instance knows more
			return err
		}
		if at.Done && at.Version == s.gates.policy().Version {
			return nil
		}
		if err := s.store.Write(ctx, s.step); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// step evaluates some branches, and notes how far that has come.
func (s *Sweeper) step(tx *models.Tx) error {
	policy := s.gates.policy()
	at, err := tx.GateSweep(tx.Context())
	if err != nil {
		return err
	}
	if at.Version != policy.Version {
		at = models.GateSweep{Version: policy.Version}
	}
	list, err := tx.EvaluatedBranches(tx.Context(), at.BranchID, sweepAtOnce)
	if err != nil {
		return err
	}
	for _, b := range list {
		at.BranchID = b.ID
		if err := s.again(tx, b, policy.By); err != nil {
			return err
		}
	}
	at.Done = len(list) < sweepAtOnce
	return tx.SaveGateSweep(at)
}

func (s *Sweeper) again(tx *models.Tx, b models.Branch, by string) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.gates.Evaluate(tx, g, Change{
		Counts: g.Branch.Counts, Actor: by, Cause: event.Cause{Kind: event.CauseSettings, Text: "a change of the gate settings"},
	})
	return err
}
