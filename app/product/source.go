package product

import (
	"context"
	"slices"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// Sources lists the sources of reports of a product that the actor can view, those of the default
// branch first.
func (s *Service) Sources(ctx context.Context, actor authz.Actor, productID int64) ([]models.SourceRow, error) {
	if _, err := s.Get(ctx, actor, productID); err != nil {
		return nil, err
	}
	return s.store.Sources(ctx, actor.Scope(), productID)
}

// Source finds a source of a product that the actor can edit.
func (s *Service) Source(ctx context.Context, actor authz.Actor, id int64) (models.SourceRow, error) {
	row, err := s.store.SourceByID(ctx, models.SystemScope("the right to edit is checked next"), id)
	if err != nil {
		return row, err
	}
	err = authz.Require(ctx, s.store, actor, authz.Edit, row.ProductID)
	if fault.Is(err, fault.NotFound) {
		err = fault.NewNotFound("source")
	}
	return row, err
}

// errManualSource reports that a source is not one of reports.
var errManualSource = fault.New(
	fault.Conflict, "Users enter the observations of this source: they are edited and deleted one by one",
)

// sourceNow reads a source again under the lock of its product.
func sourceNow(tx *models.Tx, row models.SourceRow) (models.SourceRow, error) {
	if err := tx.LockProduct(row.ProductID); err != nil {
		return row, err
	}
	now, err := tx.SourceByID(tx.Context(), models.SystemScope("the right to edit was checked"), row.ID)
	switch {
	case err != nil:
		return now, err
	case !now.Reports():
		return now, errManualSource
	case now.Unsettled:
		return now, fault.New(fault.Conflict, "A large import of this source is in progress. Try again when it has finished")
	}
	return now, nil
}

// RenameSource gives a source another name. Reports that name it replace it from then on.
func (s *Service) RenameSource(
	ctx context.Context, actor authz.Actor, id int64, name string,
) (models.SourceRow, error) {
	row, err := s.Source(ctx, actor, id)
	if err != nil {
		return row, err
	}
	name = strings.TrimSpace(name)
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		now, err := sourceNow(tx, row)
		if err != nil || now.Name == name {
			return err
		}
		if reason := checkText(name, 1, 255, false); reason != "" {
			return fault.BadField("name", reason)
		}
		_, taken, err := tx.Source(tx.Context(), now.BranchID, now.Scanner, name)
		if err != nil {
			return err
		}
		if taken {
			return fault.BadField("name", "The branch already has a source of this scanner with that name")
		}
		if err := tx.RenameSource(id, name); err != nil {
			return err
		}
		was := sourceValues(now)
		now.Name = name
		return writeSourceAudit(tx, actor, audit.Change, now, was, sourceValues(now))
	})
	if err != nil {
		return row, err
	}
	return s.store.SourceByID(ctx, models.SystemScope("the right to edit was checked"), id)
}

// WithoutSource returns the verdict of the gate of a source's branch if the source were removed.
func (s *Service) WithoutSource(ctx context.Context, actor authz.Actor, row models.SourceRow) (gate.Verdict, error) {
	product, err := s.Get(ctx, actor, row.ProductID)
	if err != nil {
		return gate.Verdict{}, err
	}
	b, err := s.Branch(ctx, actor, row.BranchID)
	if err != nil {
		return gate.Verdict{}, err
	}
	group, err := s.store.GroupOf(ctx, product.Product)
	verdict := gate.Decide(s.gates.Policy(group, product.Product), b.Minus(row.Breakdown))
	if err != nil {
		return verdict, err
	}
	last, err := onlySource(ctx, s.store, row.Source)
	if last {
		verdict = verdict.Unreported()
	}
	return verdict, err
}

// onlySource reports whether no other source of a branch has had a report.
func onlySource(ctx context.Context, r sourceReader, source models.Source) (bool, error) {
	list, err := r.SourcesWithReports(ctx, source.BranchID)
	isOther := func(other models.Source) bool { return other.ID != source.ID && other.Reports() }
	return !slices.ContainsFunc(list, isOther), err
}

// sourceReader reads inside and outside of transactions.
type sourceReader interface {
	SourcesWithReports(ctx context.Context, branchID int64) ([]models.Source, error)
}

// sourceName returns a source as texts name it.
func sourceName(s models.SourceRow) string {
	if s.Name == "" {
		return s.Scanner
	}
	return s.Scanner + " (" + s.Name + ")"
}

func sourceValues(s models.SourceRow) audit.Values {
	return audit.Values{"name": s.Name, "scanner": s.Scanner, "branch": s.Branch}
}

func writeSourceAudit(
	tx *models.Tx, actor authz.Actor, action audit.Action, s models.SourceRow, was, became audit.Values,
) error {
	return audit.Write(tx, actor, audit.Entry{
		Action: action, Kind: audit.Source, Name: sourceName(s), ProductID: s.ProductID, Was: was, Became: became,
	})
}
