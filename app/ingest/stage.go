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

// An import that changes more rows than stageFrom is staged, so many in each
// transaction: other writers wait for some milliseconds at most.
const (
	stageFrom  = 1000
	stageBatch = 300
	stageLease = time.Minute // how long one that stands still is believed in
)

var errAtWork = fault.New(
	fault.Conflict,
	"A large import of the same source is at work: send it again when that is done",
)

// staging is a large import on its way.
type staging struct {
	store     *models.Store
	gates     *gate.Service
	holder    string
	productID int64
	source    models.Source
	since     int64 // the version that its rows wait for
}

func (s *Service) newStaging(source models.Source) *staging {
	return &staging{store: s.store, gates: s.gates, holder: uuid.NewString(), source: source}
}

// stage imports a large report: in many small transactions that nobody sees,
// and one that makes all of it current with its gate.
func (s *Service) stage(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, c change, result Result,
) (Result, error) {
	st := s.newStaging(before.source)
	st.productID = dest.ProductID
	if err := st.begin(ctx, actor, dest, before, c); err != nil {
		return Result{}, err
	}
	err := st.fill(ctx, c.plan)
	if err == nil {
		before.source, before.hasSource, before.hasBranch = st.source, true, true
		c.plan, c.hold = nil, st.hold // its rows are there
		dest.AsDefault = false        // and so is its branch
		result, err = s.write(ctx, actor, dest, before, c, result)
	}
	// Whether or not it counts, what is left is put in order. Where that fails,
	// Tidy does it.
	settling := st.settle(context.WithoutCancel(ctx))
	if err != nil {
		return Result{}, errors.Join(err, settling)
	}
	return result, nil
}

// settleFirst finishes what an earlier large import has left in a source,
// which must then be read again. While one is at work it is a conflict.
func (s *Service) settleFirst(ctx context.Context, b snapshot) error {
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
		if dest.AsDefault && g.Branch.Evaluated { // it may have become the default just now
			if _, err := st.gates.Evaluate(
				tx, g, gate.Change{Counts: g.Branch.Counts, Cause: c.cause, Actor: actor.Label},
			); err != nil {
				return err
			}
		}
		st.source = before.source
		if !before.hasSource {
			st.source = models.Source{BranchID: g.Branch.ID, Scanner: dest.Scanner, Name: dest.Source, Format: c.format}
		}
		if err := tx.BeginStaging(&st.source, c.plan.rows()); err != nil {
			return err
		}
		st.since = st.source.Version + 1
		return st.hold(tx)
	})
}

// hold says that the import is still at work, and finds out where somebody has
// given it up.
func (st *staging) hold(tx *models.Tx) error {
	mine, err := tx.TakeLease(st.lease(), st.holder, tx.Now().Add(stageLease))
	if err == nil && !mine {
		return errAtWork
	}
	return err
}

func (st *staging) lease() string { return "import/" + strconv.FormatInt(st.source.ID, 10) }

// fill writes the rows that are to count.
func (st *staging) fill(ctx context.Context, p *plan) error {
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
	err = inBatches(ctx, st, p.update, func(tx *models.Tx, part []renewal) error {
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

// inBatches writes a list in parts, each in a transaction of its own.
func inBatches[T any](ctx context.Context, st *staging, list []T, fn func(tx *models.Tx, part []T) error) error {
	for part := range slices.Chunk(list, stageBatch) {
		err := st.store.Write(ctx, func(tx *models.Tx) error {
			if err := tx.LockProductShared(st.productID); err != nil {
				return err
			}
			if err := st.hold(tx); err != nil {
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

// settle finishes what a large import has left, in small transactions.
func (st *staging) settle(ctx context.Context) error {
	for done := false; !done; {
		err := st.store.Write(ctx, func(tx *models.Tx) error {
			err := st.hold(tx)
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

// AtWork lists the large imports that are at work in a product, for those who
// may import into it.
func (s *Service) AtWork(ctx context.Context, actor authz.Actor, productID int64) ([]models.ImportProgress, error) {
	if err := s.May(ctx, actor, productID); err != nil {
		return nil, err
	}
	return s.store.ImportsInProgress(ctx, productID)
}

// Tidy finishes the large imports that a crash has left, unless somebody is at
// work on them.
func (s *Service) Tidy(ctx context.Context) error {
	ids, err := s.store.UnsettledSources(ctx)
	for _, id := range ids {
		if settling := s.newStaging(models.Source{ID: id}).
			settle(ctx); settling != nil &&
			!fault.Is(settling, fault.Conflict) {
			err = errors.Join(err, settling)
		}
	}
	return err
}
