package product

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// GroupEdit is a change of a group. Its fields are those of Edit.
type GroupEdit struct {
	Name, Description *string
	GateMode          *models.GateMode
	Thresholds        map[models.Severity]*int64
	Counting          CountingEdit
	Targets           connection.FieldsChange
	Version           int64 // the expected version, 0 for any
	Unread            fault.Fields
}

// UpdateGroup changes a group, and evaluates the gates of its products. It returns a Conflict
// error if the group has another version than the edit expects.
func (s *Service) UpdateGroup(ctx context.Context, actor authz.Actor, id int64, e GroupEdit) (models.GroupRow, error) {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, id); err != nil {
		return models.GroupRow{}, err
	}
	err := s.saveWithTargets(ctx, actor, e.Targets, func(tx *models.Tx) (Owner, error) {
		return InGroup(id), s.updateGroup(tx, actor, id, e)
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
		return changedMeanwhile("group")
	}
	edit := Edit{
		Name: e.Name, Description: e.Description, GateMode: e.GateMode, Thresholds: e.Thresholds, Counting: e.Counting,
		Unread: e.Unread,
	}
	d := edit.apply(models.Product{
		Name:        g.Name,
		Description: g.Description,
		GateMode:    g.GateMode,
		Thresholds:  g.Thresholds,
		Counting:    g.Counting,
	}, DefaultBranch)
	d.trim()
	d.Name = keepName(g.Name, d.Name)
	if err := groupName(tx).join(actor, d.check(), d.Name, id); err != nil {
		return err
	}
	was := groupValues(g)
	g.Name, g.Description, g.GateMode = d.Name, d.Description, d.GateMode
	g.Thresholds, g.Counting = d.Thresholds, d.Counting
	if err := tx.SaveGroup(&g); err != nil {
		return err
	}
	err = audit.Write(tx, actor, audit.Entry{
		Action: audit.Change,
		Kind:   audit.Group,
		Name:   g.Name,
		Was:    was,
		Became: groupValues(g),
	})
	if err != nil {
		return err
	}
	return s.reevaluateGroup(tx, actor, id)
}
