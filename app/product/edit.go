package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Edit is a change of a product. A nil field stays as it is. Thresholds has the thresholds to
// change; nil unsets one.
type Edit struct {
	Name, Description, DefaultBranch *string
	GateMode                         *models.GateMode
	Thresholds                       map[models.Severity]*int64
	Counting                         CountingEdit
	Hold, Stale                      *TimeOverride
	Targets                          connection.FieldsChange
	GroupID                          *int64       // 0 for none
	Version                          int64        // the expected version, 0 for any
	Unread                           fault.Fields // of a form: fields with texts that are no values
}

// CountingEdit is a change of the counting settings of a gate. A nil field stays as it is.
type CountingEdit struct {
	OnlyFixable, KEVAsCritical *bool
}

// Apply returns what counts after the change.
func (e CountingEdit) Apply(c models.Counting) models.Counting {
	set(&c.OnlyFixable, e.OnlyFixable)
	set(&c.KEVAsCritical, e.KEVAsCritical)
	return c
}

// apply returns a product and its default branch with the changes.
func (e Edit) apply(p models.Product, branch string) Draft {
	d := Draft{
		Name:          p.Name,
		Description:   p.Description,
		DefaultBranch: branch,
		GateMode:      p.GateMode,
		Thresholds:    p.Thresholds,
		Counting:      e.Counting.Apply(p.Counting),
		HoldSeconds:   p.HoldSeconds,
		StaleAfter:    p.StaleAfter,
		Unread:        e.Unread,
	}
	e.Hold.set(&d.HoldSeconds)
	e.Stale.set(&d.StaleAfter)
	set(&d.Name, e.Name)
	set(&d.Description, e.Description)
	set(&d.DefaultBranch, e.DefaultBranch)
	set(&d.GateMode, e.GateMode)
	for s, t := range e.Thresholds {
		*d.Thresholds.At(s) = t
	}
	return d
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Update changes a product. It evaluates the gates that the change affects. It returns a
// Conflict error if the product has another version than the edit expects.
func (s *Service) Update(ctx context.Context, actor authz.Actor, id int64, e Edit) (models.ProductRow, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, id); err != nil {
		return models.ProductRow{}, err
	}
	var groupErr error
	if e.GroupID != nil && *e.GroupID != 0 {
		groupErr = groupField(authz.RequireGroup(ctx, s.store, actor, authz.Edit, *e.GroupID))
		if groupErr != nil {
			e.GroupID = nil
		}
	}
	err := s.saveWithTargets(ctx, actor, e.Targets, func(tx *models.Tx) (Owner, error) {
		return InProduct(id), fault.Join(s.update(tx, actor, id, e), groupErr)
	})
	if err != nil {
		return models.ProductRow{}, err
	}
	return s.store.Product(ctx, models.SystemScope("the right to edit was checked"), id)
}

// changedMeanwhile is the error of an edit that expects an older version.
func changedMeanwhile(what string) error {
	return fault.NewOutdated("Another user changed this " + what + " in the meantime")
}

func (s *Service) update(tx *models.Tx, actor authz.Actor, id int64, e Edit) error {
	g, err := tx.GateOf(id, "")
	if err != nil {
		return err
	}
	p := g.Product
	if e.Version != 0 && e.Version != p.Version {
		return changedMeanwhile("product")
	}
	d := e.apply(p, g.Branch.Name)
	d.trim()
	d.Name = keepName(p.Name, d.Name)
	invalid := d.check()
	if d.DefaultBranch != g.Branch.Name && !hasField(invalid, "default_branch") {
		invalid = fault.Join(invalid, moveDefault(tx, g.Branch, d.DefaultBranch))
	}
	if err := productName(tx).join(actor, invalid, d.Name, id); err != nil {
		return err
	}
	was := valuesOf(p, g.Branch.Name)
	p.Name, p.Description, p.GateMode, p.Thresholds = d.Name, d.Description, d.GateMode, d.Thresholds
	p.Counting, p.HoldSeconds, p.StaleAfter = d.Counting, d.HoldSeconds, d.StaleAfter
	if err := tx.SaveProduct(&p); err != nil {
		return err
	}
	err = audit.Write(tx, actor, audit.Entry{
		Action:    audit.Change,
		Kind:      audit.Product,
		Name:      p.Name,
		ProductID: id,
		Was:       was,
		Became:    valuesOf(p, d.DefaultBranch),
	})
	if err != nil {
		return err
	}
	if e.GroupID != nil {
		if err := s.move(tx, actor, id, *e.GroupID); err != nil {
			return err
		}
	}
	return s.reevaluate(tx, actor, g, id)
}

// moveDefault makes the branch of a name the default. While the default branch has no report,
// a new name renames it instead.
func moveDefault(tx *models.Tx, def models.Branch, name string) error {
	other, err := tx.BranchByName(tx.Context(), models.SystemScope("inside an edit"), def.ProductID, name)
	switch {
	case err == nil && def.Evaluated && !other.Evaluated:
		return fault.BadField("default_branch", "This branch has received no report yet, so its gate cannot be evaluated")
	case err == nil:
		return tx.SetDefaultBranch(def.ProductID, other.ID)
	case fault.Is(err, fault.NotFound) && !def.Evaluated:
		return tx.RenameBranch(def.ID, name)
	case fault.Is(err, fault.NotFound):
		return fault.BadField("default_branch", "This branch does not exist. Upload a report for it first")
	}
	return err
}
