package ingest

import (
	"cmp"
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

// An import that changes more than stageFrom rows is staged in parts.
const (
	stageFrom  = 1000
	stageLease = time.Minute // how long an import keeps its source without progress
	MaxLease   = stageLease
)

var errImportRunning = fault.New(
	fault.Conflict,
	"A large import of the same source is in progress. Send it again when that has finished",
)

// staging is a large import of one source in progress.
type staging struct {
	store     *models.Store
	gates     *gate.Service
	holder    string
	productID int64
	source    models.Source
	since     int64      // the source's version that makes its rows current
	others    []*staging // of the same request, which keep their leases meanwhile
}

func (s *Service) newStaging(source models.Source) *staging {
	return &staging{store: s.store, gates: s.gates, holder: uuid.NewString(), source: source}
}

// stageAndWrite imports reports. What changes many rows is staged: many small transactions write
// invisible rows. One transaction makes all of the import current with the gate.
func (s *Service) stageAndWrite(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, changes []*change,
) ([]Result, error) {
	var begun []*staging
	var results []Result
	var err error
	for _, c := range largeOf(changes) {
		st := s.newStaging(c.source)
		st.productID, st.others = dest.ProductID, slices.Clone(begun)
		if err = st.begin(ctx, actor, dest, before, changes, c); err != nil {
			break
		}
		begun = append(begun, st)
		before.hasBranch, dest.AsDefault = true, false // begin has made the branch
		if err = st.fill(ctx, c.diff); err != nil {
			break
		}
		// From now on, nothing becomes a duplicate of an observation that the import resolves.
		if c.duplicates, err = s.store.DuplicatesOf(ctx, c.diff.resolve); err != nil {
			break
		}
		c.source.ID, c.source.BranchID = st.source.ID, st.source.BranchID
		c.source.Version, c.source.Unsettled = st.source.Version, st.source.Unsettled
		c.diff, c.renewLease = nil, st.renewLease // the rows are written
	}
	if err == nil {
		results, err = s.write(ctx, actor, dest, before, changes)
	}
	// Current or not, the staged rows are settled. If that fails, Tidy does it later.
	for _, st := range begun {
		settleErr := st.settle(context.WithoutCancel(ctx))
		if err != nil {
			err = errors.Join(err, settleErr)
		}
	}
	if err != nil {
		return nil, err
	}
	return results, nil
}

// largeOf returns the changes that are staged: the largest ones, until the others change at most
// stageFrom rows together.
func largeOf(changes []*change) []*change {
	bySize := func(a, b *change) int { return cmp.Compare(b.size(), a.size()) }
	list := slices.SortedStableFunc(slices.Values(changes), bySize)
	rest := 0
	for _, c := range list {
		rest += c.size()
	}
	n := 0
	for rest > stageFrom {
		rest -= list[n].size()
		n++
	}
	return list[:n]
}

// finishStaged settles the rows that an earlier staged import has left in a source. It
// returns errSourceChanged after that, since the source must be read again, and
// errImportRunning while that import still runs.
func (s *Service) finishStaged(ctx context.Context, source models.Source) error {
	if source.ID == 0 || !source.Unsettled {
		return nil
	}
	if err := s.newStaging(source).settle(ctx); err != nil {
		return err
	}
	return errSourceChanged
}

func (st *staging) begin(
	ctx context.Context, actor authz.Actor, dest Destination, before snapshot, changes []*change, c *change,
) error {
	return st.store.Write(ctx, func(tx *models.Tx) error {
		g, err := lockDestination(tx, dest, before, nil)
		if err != nil {
			return err
		}
		if dest.AsDefault && g.Branch.Evaluated { // it can have become the default just now
			if _, err := st.gates.Evaluate(
				tx, g, gate.Evaluation{Active: g.Branch.Breakdown, Cause: causeOf(changes), Actor: actor.Label},
			); err != nil {
				return err
			}
		}
		if err := c.checkNew(tx, g.Branch.ID); err != nil {
			return err
		}
		st.source = c.before
		if c.before.ID == 0 {
			st.source = c.source
			st.source.BranchID = g.Branch.ID
		}
		if err := tx.BeginStaging(&st.source, c.diff.rows()); err != nil {
			return err
		}
		st.since = st.source.Version + 1
		return st.renewLease(tx)
	})
}

// renewLeases extends the leases of the import's sources, as renewLease does.
func (st *staging) renewLeases(tx *models.Tx) error {
	for _, other := range st.others {
		if err := other.renewLease(tx); err != nil {
			return err
		}
	}
	return st.renewLease(tx)
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
	return models.WriteInParts(ctx, st.store, &models.Parts{}, list, func(tx *models.Tx, part []T) error {
		if err := tx.LockProductShared(st.productID); err != nil {
			return err
		}
		if err := st.renewLeases(tx); err != nil {
			return err
		}
		if err := tx.Staged(st.source.ID, len(part)); err != nil {
			return err
		}
		return fn(tx, part)
	})
}

// settle finishes the staged rows of the source, current or not, in small transactions.
func (st *staging) settle(ctx context.Context) error {
	var parts models.Parts
	for done := false; !done; {
		err := st.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (int, error) {
			err := st.renewLease(tx)
			if err != nil {
				return 0, err
			}
			if done, err = tx.SettleSome(st.source.ID, limit); err != nil || !done {
				return limit, err
			}
			return 0, tx.DropLease(st.lease(), st.holder)
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
