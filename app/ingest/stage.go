package ingest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// An import that changes more than stageFrom rows is staged in transactions of stageBatch
// rows, so that other writers wait a few milliseconds at most.
const (
	stageFrom  = 1000
	stageBatch = 300
	stageLease = time.Minute // how long an import keeps its source without progress
)

var errImportRunning = fault.New(
	fault.Conflict,
	"A large import of the same source is at work: send it again when that is done",
)

// staging is a large import in progress.
type staging struct {
	store     *models.Store
	gates     *gate.Service
	holder    string
	productID int64
	source    models.Source
	since     int64 // the source's version that makes its rows current
}

func (s *Service) newStaging(source models.Source) *staging {
	return &staging{store: s.store, gates: s.gates, holder: uuid.NewString(), source: source}
}

// stage imports a large report: many small transactions write invisible rows, and one makes
// all of them current with the gate.
func (s *Service) stage(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, c change, result Result,
) (Result, error) {
	st := s.newStaging(before.source)
	st.productID = dest.ProductID
	if err := st.begin(ctx, actor, dest, before, c); err != nil {
		return Result{}, err
	}
	err := st.fill(ctx, c.diff)
	if err == nil { // from now on, nothing becomes a duplicate of what the import resolves
		c.duplicates, err = s.store.DuplicatesOf(ctx, c.diff.resolve)
	}
	if err == nil {
		before.source, before.hasSource, before.hasBranch = st.source, true, true
		c.diff, c.renewLease = nil, st.renewLease // the rows are written
		dest.AsDefault = false                    // begin has made the branch
		result, err = s.write(ctx, actor, dest, before, c, result)
	}
	// Current or not, the staged rows are settled. If that fails, Tidy does it later.
	settleErr := st.settle(context.WithoutCancel(ctx))
	if err != nil {
		return Result{}, errors.Join(err, settleErr)
	}
	return result, nil
}

// finishStaged settles the rows that an earlier staged import has left in a source. It
// returns errSourceChanged after that, since the source must be read again, and
// errImportRunning while that import still runs.
func (s *Service) finishStaged(ctx context.Context, b snapshot) error {
	if !b.hasSource || !b.source.Unsettled {
		return nil
	}
	if err := s.newStaging(b.source).settle(ctx); err != nil {
		return err
	}
	return errSourceChanged
}

func (st *staging) begin(ctx context.Context, actor authz.Actor, dest Destination, before snapshot, c change) error {
	return st.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(dest.ProductID); err != nil {
			return err
		}
		if err := tx.EnsureBranch(dest.ProductID, dest.Branch, dest.AsDefault); err != nil {
			return err
		}
		g, err := tx.GateOf(dest.ProductID, dest.Branch)
		if err != nil {
			return err
		}
		if dest.AsDefault && g.Branch.Evaluated { // it can have become the default just now
			if _, err := st.gates.Evaluate(
				tx, g, gate.Evaluation{Active: g.Branch.Breakdown, Cause: c.cause, Actor: actor.Label},
			); err != nil {
				return err
			}
		}
		st.source = before.source
		if !before.hasSource {
			st.source = models.Source{BranchID: g.Branch.ID, Scanner: dest.Scanner, Name: dest.Source, Format: c.format}
		}
		if err := tx.BeginStaging(&st.source, c.diff.rows()); err != nil {
			return err
		}
		st.since = st.source.Version + 1
		return st.renewLease(tx)
	})
}

// renewLease extends the import's lease on its source. It returns errImportRunning if
// another holder has taken over.
func (st *staging) renewLease(tx *models.Tx) error {
	taken, err := tx.TakeLease(st.lease(), st.holder, tx.Now().Add(stageLease))
	if err == nil && !taken {
		return errImportRunning
	}
	return err
}

func (st *staging) lease() string { return "import/" + strconv.FormatInt(st.source.ID, 10) }

// fill writes the staged rows.
func (st *staging) fill(ctx context.Context, p *diff) error {
	err := inBatches(ctx, st, p.insert, func(tx *models.Tx, part []int32) error {
		rows := p.inserted(part)
		for i := range rows {
			rows[i].BranchID, rows[i].SourceID, rows[i].Since = st.source.BranchID, st.source.ID, st.since
		}
		return tx.InsertObservations(rows)
	})
	if err != nil {
		return err
	}
	err = inBatches(ctx, st, p.update, func(tx *models.Tx, part []update) error {
		return tx.StageChanges(st.source.ID, st.since, p.updated(part))
	})
	if err != nil {
		return err
	}
	return inBatches(ctx, st, p.resolve, func(tx *models.Tx, part []int64) error {
		rows := make([]models.Observation, len(part))
		for i, id := range part {
			rows[i] = models.Observation{ID: id, Status: models.StatusResolved}
		}
		return tx.StageChanges(st.source.ID, st.since, rows)
	})
}

// inBatches calls fn with parts of a list, each in a transaction of its own.
func inBatches[T any](ctx context.Context, st *staging, list []T, fn func(tx *models.Tx, part []T) error) error {
	for part := range slices.Chunk(list, stageBatch) {
		err := st.store.Write(ctx, func(tx *models.Tx) error {
			if err := tx.LockProductShared(st.productID); err != nil {
				return err
			}
			if err := st.renewLease(tx); err != nil {
				return err
			}
			if err := tx.Staged(st.source.ID, len(part)); err != nil {
				return err
			}
			return fn(tx, part)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settle finishes the staged rows of the source, current or not, in small transactions.
func (st *staging) settle(ctx context.Context) error {
	for done := false; !done; {
		err := st.store.Write(ctx, func(tx *models.Tx) error {
			err := st.renewLease(tx)
			if err != nil {
				return err
			}
			if done, err = tx.SettleSome(st.source.ID, stageBatch); err != nil || !done {
				return err
			}
			return tx.DropLease(st.lease(), st.holder)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ImportsInProgress lists the large imports in progress in a product. The actor needs the right to
// import into it.
func (s *Service) ImportsInProgress(
	ctx context.Context, actor authz.Actor, productID int64,
) ([]models.ImportProgress, error) {
	if err := s.May(ctx, actor, productID); err != nil {
		return nil, err
	}
	return s.store.ImportsInProgress(ctx, productID)
}

// Tidy settles the staged rows that a crash has left, except those of running imports.
func (s *Service) Tidy(ctx context.Context) error {
	ids, err := s.store.UnsettledSources(ctx)
	for _, id := range ids {
		settleErr := s.newStaging(models.Source{ID: id}).settle(ctx)
		if settleErr != nil && !fault.Is(settleErr, fault.Conflict) {
			err = errors.Join(err, settleErr)
		}
	}
	return err
}
