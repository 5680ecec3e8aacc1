package product

import (
	"context"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// sweptFrom is how many branches of a group are evaluated together with an edit
// of it. Of a larger one they are in the background, with all others.
const sweptFrom = 200

// Groups lists the groups of products that the actor may view.
func (s *Service) Groups(ctx context.Context, actor authz.Actor, f models.GroupFilter) ([]models.GroupRow, error) {
	return s.store.Groups(ctx, actor.Scope(), f)
}

// Group finds a group that the actor may view.
func (s *Service) Group(ctx context.Context, actor authz.Actor, id int64) (models.GroupRow, error) {
	return s.store.Group(ctx, actor.Scope(), id)
}

// GroupDraft is a group as somebody asks for it.
type GroupDraft struct {
	Name, Description string
	GateMode          models.GateMode
	Thresholds        models.Thresholds
	Targets           connection.FieldsChange
}

func (d *GroupDraft) draft() Draft {
	return Draft{
		Name:          d.Name,
		Description:   d.Description,
		DefaultBranch: DefaultBranch,
		GateMode:      d.GateMode,
		Thresholds:    d.Thresholds,
	}
}

// CreateGroup makes a group, whose creator becomes its owner. Whoever may make
// products may.
func (s *Service) CreateGroup(ctx context.Context, actor authz.Actor, d GroupDraft) (models.GroupRow, error) {
	if err := s.MayCreate(actor); err != nil {
		return models.GroupRow{}, err
	}
	checked := d.draft()
	checked.trim()
	if err := checked.check(); err != nil {
		return models.GroupRow{}, err
	}
	targets, _, err := s.conns.PlanFields(ctx, actor, d.Targets)
	if err != nil {
		return models.GroupRow{}, err
	}
	var id int64
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		g := models.Group{
			Name:        checked.Name,
			Description: checked.Description,
			GateMode:    checked.GateMode,
			Thresholds:  d.Thresholds,
		}
		if err := tx.CreateGroup(&g, actor.User.ID); err != nil {
			return err
		}
		id = g.ID
		if err := audit.Write(
			tx, actor, audit.Entry{Action: audit.Create, Kind: audit.Group, Name: g.Name, Became: groupValues(g)},
		); err != nil {
			return err
		}
		return targets(tx, InGroup(id))
	})
	if err != nil {
		return models.GroupRow{}, err
	}
	return s.store.Group(ctx, models.SystemScope("its creator has just made it"), id)
}

func groupValues(g models.Group) audit.Values {
	return policyValues(audit.Values{"name": g.Name, "description": g.Description}, g.GateMode, g.Thresholds)
}

// policyValues adds a gate's fields.
func policyValues(v audit.Values, mode models.GateMode, t models.Thresholds) audit.Values {
	v["gate_mode"] = string(mode)
	for _, s := range models.Severities() {
		v["thresholds."+s.String()] = ""
		if limit := t.Of(s); limit != nil {
			v["thresholds."+s.String()] = strconv.FormatInt(*limit, 10)
		}
	}
	return v
}

// GroupEdit says what to change of a group; nil leaves a thing as it is.
type GroupEdit struct {
	Name, Description *string
	GateMode          *models.GateMode
	Thresholds        map[models.Severity]*int64
	Targets           connection.FieldsChange
	Version           int64 // of the group that was edited, 0 = whichever it is
}

// UpdateGroup changes a group, and looks at the gates of its products again.
func (s *Service) UpdateGroup(ctx context.Context, actor authz.Actor, id int64, e GroupEdit) (models.GroupRow, error) {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, id); err != nil {
		return models.GroupRow{}, err
	}
	targets, _, err := s.conns.PlanFields(ctx, actor, e.Targets)
	if err != nil {
		return models.GroupRow{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := s.updateGroup(tx, actor, id, e); err != nil {
			return err
		}
		return targets(tx, InGroup(id))
	})
	if err != nil {
		return models.GroupRow{}, err
	}
	return s.store.Group(ctx, models.SystemScope("the right to edit was checked"), id)
}

func (s *Service) updateGroup(tx *models.Tx, actor authz.Actor, id int64, e GroupEdit) error {
	if err := tx.LockGroup(id); err != nil {
		return err
	}
	row, err := tx.Group(tx.Context(), models.SystemScope("the right to edit was checked"), id)
	if err != nil {
		return err
	}
	g := row.Group
	if e.Version != 0 && e.Version != g.Version {
		return fault.New(
			fault.Conflict,
			"Somebody else has changed this group meanwhile: look at it again, then repeat your change",
		)
	}
	d := Edit{Name: e.Name, Description: e.Description, GateMode: e.GateMode, Thresholds: e.Thresholds}.apply(
		models.Product{
			Name:        g.Name,
			Description: g.Description,
			GateMode:    g.GateMode,
			Thresholds:  g.Thresholds,
		},
		DefaultBranch,
	)
	d.trim()
	if err := d.check(); err != nil {
		return err
	}
	was := groupValues(g)
	g.Name, g.Description, g.GateMode, g.Thresholds = d.Name, d.Description, d.GateMode, d.Thresholds
	if err := tx.SaveGroup(&g); err != nil {
		return err
	}
	if err := audit.Write(
		tx, actor, audit.Entry{Action: audit.Change, Kind: audit.Group, Name: g.Name, Was: was, Became: groupValues(g)},
	); err != nil {
		return err
	}
	return s.againGroup(tx, actor, id)
}

// againGroup evaluates the gates of a group's products: here where they are
// few, else by the sweep over all gates.
func (s *Service) againGroup(tx *models.Tx, actor authz.Actor, id int64) error {
	list, err := tx.EvaluatedBranchesOfGroup(tx.Context(), id, sweptFrom+1)
	if err != nil {
		return err
	}
	if len(list) > sweptFrom {
		tx.AfterCommit(s.sweep)
		return tx.RepeatGateSweep()
	}
	for _, b := range list {
		if err := s.evaluate(tx, actor, b, "an edit of the product's group"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) evaluate(tx *models.Tx, actor authz.Actor, b models.Branch, cause string) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if err != nil {
		return err
	}
	_, err = s.gates.Evaluate(
		tx,
		g,
		gate.Change{Counts: g.Branch.Counts, Actor: actor.Label, Cause: event.Cause{Kind: event.CauseUser, Text: cause}},
	)
	return err
}

// Move puts a product into a group (0 = into none), and looks at its gates
// again. That is for who owns the product and may edit both groups: the group's
// limits and targets count for it, and its owners own it too.
func (s *Service) Move(ctx context.Context, actor authz.Actor, productID, groupID int64) error {
	if err := authz.Require(ctx, s.store, actor, authz.Own, productID); err != nil {
		return err
	}
	if groupID != 0 {
		if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, groupID); err != nil {
			return groupField(err)
		}
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return s.move(tx, actor, productID, groupID) })
}

// groupField tells what is wrong with the group that was asked for.
func groupField(err error) error {
	switch {
	case fault.Is(err, fault.NotFound):
		return fault.BadField("group_id", "There is no such group")
	case fault.Is(err, fault.Forbidden):
		return fault.BadField("group_id", "You may not edit that group")
	}
	return err
}

func (s *Service) move(tx *models.Tx, actor authz.Actor, productID, groupID int64) error {
	if err := tx.LockProduct(productID); err != nil {
		return err
	}
	row, err := tx.Product(tx.Context(), models.SystemScope("the right to edit was checked"), productID)
	if err != nil {
		return err
	}
	var from int64
	if row.GroupID != nil {
		from = *row.GroupID
	}
	if from == groupID {
		return nil
	}
	if err := authz.Require(tx.Context(), tx, actor, authz.Own, productID); err != nil {
		return fault.New(fault.Forbidden, "Only owners move a product to another group: that decides who owns it")
	}
	if from != 0 {
		if err := authz.RequireGroup(tx.Context(), tx, actor, authz.Edit, from); err != nil {
			return fault.New(fault.Forbidden, "You may not take products out of their group: that is for those who may edit it")
		}
	}
	var to *int64
	if groupID != 0 {
		to = &groupID
	}
	if err := tx.MoveProduct(productID, to); err != nil {
		return err
	}
	names, err := tx.GroupNames(tx.Context(), []int64{from, groupID})
	if err != nil {
		return err
	}
	if err := audit.Write(tx, actor, audit.Entry{
		Action: audit.Change, Kind: audit.Product, Name: row.Name, ProductID: productID,
		Was: audit.Values{"group": names[from]}, Became: audit.Values{"group": names[groupID]},
	}); err != nil {
		return err
	}
	branches, err := tx.Branches(tx.Context(), models.SystemScope("the right to edit was checked"), productID)
	if err != nil {
		return err
	}
	for _, b := range branches {
		if !b.Evaluated {
			continue
		}
		if err := s.evaluate(tx, actor, b, "a move of the product to another group"); err != nil {
			return err
		}
	}
	return nil
}

// DeleteGroup removes a group. Its products stay, in no group, and their gates
// are looked at again; or, with the products too, go along, where the actor
// owns them all.
func (s *Service) DeleteGroup(ctx context.Context, actor authz.Actor, id int64, withProducts bool) error {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Own, id); err != nil {
		return err
	}
	row, err := s.store.Group(ctx, models.SystemScope("the right to delete was checked"), id)
	if err != nil {
		return err
	}
	// One product each time: a large group keeps no other writer waiting.
	for {
		products, err := s.store.ProductsOfGroup(ctx, id)
		if err != nil {
			return err
		}
		for _, p := range products {
			if withProducts {
				err = s.Delete(ctx, actor, p)
			} else {
				err = s.store.Write(ctx, func(tx *models.Tx) error { return s.move(tx, actor, p, 0) })
			}
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		done, err := s.dropGroup(ctx, actor, row)
		if done || err != nil {
			return err
		}
	}
}

// dropGroup deletes a group that is empty. done is false where a product came
// into it meanwhile.
func (s *Service) dropGroup(ctx context.Context, actor authz.Actor, row models.GroupRow) (done bool, err error) {
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockGroup(row.ID); err != nil {
			return err
		}
		left, err := tx.ProductsOfGroup(tx.Context(), row.ID)
		if done = len(left) == 0; !done || err != nil {
			return err
		}
		if err := tx.DeleteGroup(row.ID); err != nil {
			return err
		}
		return audit.Write(
			tx, actor, audit.Entry{Action: audit.Delete, Kind: audit.Group, Name: row.Name, Was: groupValues(row.Group)},
		)
	})
	return done, err
}
