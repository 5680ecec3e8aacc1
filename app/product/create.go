package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// MayCreate returns an error if the actor cannot create products and groups.
func (s *Service) MayCreate(actor authz.Actor) error {
	switch {
	case actor.User.ID == 0 || actor.Role != "":
		return fault.New(fault.Forbidden, "This token cannot create products or groups")
	case !actor.Administrator() && !s.users().MayCreateProducts:
		return fault.New(fault.Forbidden, "Only administrators can create products and groups here")
	}
	return nil
}

// Create creates a product. The actor becomes its owner.
func (s *Service) Create(ctx context.Context, actor authz.Actor, d Draft) (models.ProductRow, error) {
	if err := s.MayCreate(actor); err != nil {
		return models.ProductRow{}, err
	}
	d.trim()
	invalid := d.check()
	if d.GroupID != 0 {
		invalid = fault.Join(invalid, groupField(authz.RequireGroup(ctx, s.store, actor, authz.Edit, d.GroupID)))
	}
	var id int64
	err := s.saveWithTargets(ctx, actor, d.Targets, func(tx *models.Tx) (owner Owner, err error) {
		if err := productName(tx).join(actor, invalid, d.Name, 0); err != nil {
			return Owner{}, err
		}
		id, err = s.create(tx, actor, d)
		return InProduct(id), err
	})
	if err != nil {
		return models.ProductRow{}, err
	}
	return s.store.Product(ctx, models.SystemScope("its creator has just made it"), id)
}

func (s *Service) create(tx *models.Tx, actor authz.Actor, d Draft) (int64, error) {
	p := models.Product{
		Name:        d.Name,
		Description: d.Description,
		GateMode:    d.GateMode,
		Thresholds:  d.Thresholds,
		Counting:    d.Counting,
		HoldSeconds: d.HoldSeconds,
		StaleAfter:  d.StaleAfter,
	}
	if err := tx.CreateProduct(&p, d.DefaultBranch, actor.User.ID); err != nil {
		return 0, err
	}
	err := audit.Write(tx, actor, audit.Entry{
		Action:    audit.Create,
		Kind:      audit.Product,
		Name:      p.Name,
		ProductID: p.ID,
		Became:    valuesOf(p, d.DefaultBranch),
	})
	if err != nil || d.GroupID == 0 {
		return p.ID, err
	}
	return p.ID, s.move(tx, actor, p.ID, d.GroupID)
}
