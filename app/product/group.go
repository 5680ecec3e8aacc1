package product

import (
	"context"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/models"
)

// Groups lists the groups of products that the actor can view.
func (s *Service) Groups(ctx context.Context, actor authz.Actor, f models.GroupFilter) ([]models.GroupRow, error) {
	return s.store.Groups(ctx, actor.Scope(), f)
}

// CountGroups counts the groups that the actor can view, up to one more than models.MaxCounted.
func (s *Service) CountGroups(ctx context.Context, actor authz.Actor, f models.GroupFilter) (int, error) {
	return s.store.CountGroups(ctx, actor.Scope(), f)
}

// Group finds a group that the actor can view.
func (s *Service) Group(ctx context.Context, actor authz.Actor, id int64) (models.GroupRow, error) {
	return s.store.Group(ctx, actor.Scope(), id)
}

// GroupDraft describes a group that an actor wants to create.
type GroupDraft struct {
	Name, Description string
	GateMode          models.GateMode
	Thresholds        models.Thresholds
	Counting          models.Counting
	Targets           connection.FieldsChange
}

// draft returns the group as the draft of a product, which has the same checks.
func (d *GroupDraft) draft() Draft {
	return Draft{
		Name:          d.Name,
		Description:   d.Description,
		DefaultBranch: DefaultBranch,
		GateMode:      d.GateMode,
		Thresholds:    d.Thresholds,
		Counting:      d.Counting,
	}
}

// CreateGroup creates a group. The actor becomes its owner, and must be allowed to create
// products.
func (s *Service) CreateGroup(ctx context.Context, actor authz.Actor, d GroupDraft) (models.GroupRow, error) {
	if err := s.MayCreate(actor); err != nil {
		return models.GroupRow{}, err
	}
	checked := d.draft()
	checked.trim()
	invalid := checked.check()
	g := models.Group{
		Name:        checked.Name,
		Description: checked.Description,
		GateMode:    checked.GateMode,
		Thresholds:  d.Thresholds,
		Counting:    d.Counting,
	}
	var id int64
	err := s.saveWithTargets(ctx, actor, d.Targets, func(tx *models.Tx) (owner Owner, err error) {
		if err := groupName(tx).join(actor, invalid, g.Name, 0); err != nil {
			return Owner{}, err
		}
		id, err = createGroup(tx, actor, g)
		return InGroup(id), err
	})
	if err != nil {
		return models.GroupRow{}, err
	}
	return s.store.Group(ctx, models.SystemScope("its creator has just made it"), id)
}

func createGroup(tx *models.Tx, actor authz.Actor, g models.Group) (int64, error) {
	if err := tx.CreateGroup(&g, actor.User.ID); err != nil {
		return 0, err
	}
	return g.ID, audit.Write(tx, actor, audit.Entry{
		Action: audit.Create,
		Kind:   audit.Group,
		Name:   g.Name,
		Became: groupValues(g),
	})
}

func groupValues(g models.Group) audit.Values {
	return policyValues(audit.Values{"name": g.Name, "description": g.Description}, g.GateMode, g.Thresholds, g.Counting)
}

// policyValues adds the fields of a gate policy to v.
func policyValues(v audit.Values, mode models.GateMode, t models.Thresholds, c models.Counting) audit.Values {
	v["gate_mode"] = string(mode)
	v["only_fixable"] = strconv.FormatBool(c.OnlyFixable)
	v["kev_as_critical"] = strconv.FormatBool(c.KEVAsCritical)
	for _, s := range models.Severities() {
		v["thresholds."+s.String()] = ""
		if limit := t.Of(s); limit != nil {
			v["thresholds."+s.String()] = strconv.FormatInt(*limit, 10)
		}
	}
	return v
}
