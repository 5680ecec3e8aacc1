package observation

import (
	"context"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/vex"
	"gatecrier/models"
)

// vexUnfinished is the age of an interrupted upload after which it is removed.
const vexUnfinished = 24 * time.Hour

// ApplyVEX makes a VEX document count for a branch of a product, "" for all branches, in place of its
// earlier version, and changes the observations that it is about. It returns a conflict for an older
// version than the stored one. Once, if it is not nil, is called in the last transaction.
func (s *Service) ApplyVEX(
	ctx context.Context, actor authz.Actor, productID int64, branch string, d *vex.Document,
	once func(tx *models.Tx, r vex.Result) error,
) (vex.Result, error) {
	if err := s.requireAssess(ctx, actor, productID); err != nil {
		return vex.Result{}, err
	}
	var branchID int64
	if branch != "" {
		b, err := s.store.BranchByName(ctx, models.SystemScope("the right to assess was checked"), productID, branch)
		if fault.Is(err, fault.NotFound) {
			return vex.Result{}, fault.BadField("branch", "The product has no branch of this name: send a report of it first")
		}
		if err != nil {
			return vex.Result{}, err
		}
		branchID = b.ID
	}
	row, err := s.storeVEX(ctx, actor, productID, branchID, d)
	if err != nil {
		return vex.Result{}, err
	}
	row.Branch = branch
	run := vexRun{
		service: s, productID: productID, document: row, statements: len(d.Statements), branch: branch, actor: actor,
		cause: "VEX document " + row.Document, warnings: d.Warnings, once: once,
	}
	return run.untilCurrent(ctx)
}

// VEXDocuments lists the VEX documents of a product that the actor can view, the last uploaded first.
func (s *Service) VEXDocuments(ctx context.Context, actor authz.Actor, productID int64) ([]models.VEXDocument, error) {
	if _, err := s.store.Product(ctx, actor.Scope(), productID); err != nil {
		return nil, err
	}
	return s.store.VEXDocuments(ctx, actor.Scope(), productID)
}

// VEXDocument returns a VEX document that the actor can view.
func (s *Service) VEXDocument(ctx context.Context, actor authz.Actor, id int64) (models.VEXDocument, error) {
	return s.store.VEXDocument(ctx, actor.Scope(), id)
}

// WithoutVEX returns how many observations change when a VEX document that the actor can view is
// deleted, and how many of them become active. It changes nothing.
func (s *Service) WithoutVEX(ctx context.Context, actor authz.Actor, id int64) (changed, active int, err error) {
	v, err := s.store.VEXDocument(ctx, actor.Scope(), id)
	if err != nil {
		return 0, 0, err
	}
	branches, err := s.store.Branches(ctx, actor.Scope(), v.ProductID)
	if err != nil {
		return 0, 0, err
	}
	run := vexRun{service: s, productID: v.ProductID, without: id}
	if err := run.load(ctx); err != nil {
		return 0, 0, err
	}
	for _, b := range branches {
		changes, err := run.compareBranch(ctx, b)
		if err != nil {
			return 0, 0, err
		}
		for _, c := range changes {
			if c.shift > 0 {
				active++
			}
		}
	}
	return run.changed, active, nil
}

// DeleteVEX deletes a VEX document: its observations go back to what other documents or their reports
// say.
func (s *Service) DeleteVEX(ctx context.Context, actor authz.Actor, id int64) (vex.Result, error) {
	v, err := s.store.VEXDocument(ctx, actor.Scope(), id)
	if err != nil {
		return vex.Result{}, err
	}
	if err := s.requireAssess(ctx, actor, v.ProductID); err != nil {
		return vex.Result{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(v.ProductID); err != nil {
			return err
		}
		if _, err := tx.VEXDocument(tx.Context(), models.SystemScope("the right to assess was checked"), id); err != nil {
			return err
		}
		if err := tx.DeleteVEX(v); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Delete, Kind: audit.VEXDocument, Name: v.Document, ProductID: v.ProductID, Was: vexValues(v),
		})
	})
	if err != nil {
		return vex.Result{}, err
	}
	run := vexRun{
		service: s, productID: v.ProductID, document: v, branch: v.Branch, actor: actor,
		cause: "the deletion of VEX document " + v.Document,
	}
	return run.untilCurrent(ctx)
}

// TidyVEX lets the observations of products follow their VEX documents where that was interrupted, or
// had to wait for a large import.
func (s *Service) TidyVEX(ctx context.Context) error {
	before := s.store.Now().Add(-vexUnfinished)
	unfinished, err := s.store.UnfinishedVEX(ctx, before)
	if err == nil && unfinished {
		err = s.store.Write(ctx, func(tx *models.Tx) error { return tx.DropUnfinishedVEX(before) })
	}
	if err != nil {
		return err
	}
	behind, err := s.store.BehindVEX(ctx)
	for _, id := range behind {
		run := vexRun{service: s, productID: id, cause: "VEX documents"}
		if _, runErr := run.untilCurrent(ctx); runErr != nil && !fault.Is(runErr, fault.Conflict) &&
			!fault.Is(runErr, fault.NotFound) && err == nil {
			err = runErr
		}
	}
	return err
}
