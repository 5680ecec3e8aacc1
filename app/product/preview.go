package product

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
)

const (
	// maxPreviewed bounds the products that a preview looks at.
	maxPreviewed = 2000
	// previewPart is how many it reads at once.
	previewPart = 500
	// maxNamed bounds the changes that a preview names.
	maxNamed = 3
)

// Preview is what a save of settings would change in the gates of products.
type Preview struct {
	Changed int           // products with another state of the gate
	Named   []GatePreview // the first of them
	Targets int           // enabled targets that are notified
	Partly  bool          // there are more products than it looked at
}

// GatePreview is the gate of a product before and after a save.
type GatePreview struct {
	Product       string
	Before, After models.GateState
	Why           string
}

// PreviewUpdate returns what Update would change in the gate of a product. An invalid edit, or one of another
// version, changes nothing: Update returns its errors.
func (s *Service) PreviewUpdate(
	ctx context.Context, actor authz.Actor, row models.ProductRow, e Edit,
) (Preview, error) {
	if err := authz.Require(ctx, s.store, actor, authz.Edit, row.ID); err != nil {
		return Preview{}, err
	}
	d := e.apply(row.Product, row.Default.Name)
	d.trim()
	if d.check() != nil || e.Version != 0 && e.Version != row.Version {
		return Preview{}, nil
	}
	branch := row.Default
	if d.DefaultBranch != branch.Name {
		other, err := s.store.BranchByName(ctx, actor.Scope(), row.ID, d.DefaultBranch)
		if err != nil || !other.Evaluated {
			return Preview{}, nil //nolint:nilerr // Update says why, or renames a branch without a report
		}
		branch.Breakdown, branch.Evaluated = other.Breakdown, true
	}
	group, err := s.store.GroupOf(ctx, row.Product)
	if err != nil || !branch.Evaluated {
		return Preview{}, err
	}
	g := models.Gated{Product: row.Product, Group: group, Branch: branch}
	g.Product.GateMode, g.Product.Thresholds, g.Product.Counting = d.GateMode, d.Thresholds, d.Counting
	return s.preview(ctx, []models.Gated{g}, s.gates.Policy)
}

// PreviewGroup returns what UpdateGroup would change in the gates of a group's products, like PreviewUpdate.
func (s *Service) PreviewGroup(ctx context.Context, actor authz.Actor, g models.Group, e GroupEdit) (Preview, error) {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, g.ID); err != nil {
		return Preview{}, err
	}
	edit := Edit{Name: e.Name, GateMode: e.GateMode, Thresholds: e.Thresholds, Counting: e.Counting, Unread: e.Unread}
	d := edit.apply(models.Product{
		Name: g.Name, GateMode: g.GateMode, Thresholds: g.Thresholds, Counting: g.Counting,
	}, DefaultBranch)
	d.trim()
	if d.check() != nil || e.Version != 0 && e.Version != g.Version {
		return Preview{}, nil
	}
	g.GateMode, g.Thresholds, g.Counting = d.GateMode, d.Thresholds, d.Counting
	return s.previewAll(ctx, g.ID, func(_ *models.Group, p models.Product) gate.Policy { return s.gates.Policy(&g, p) })
}

// PreviewGlobal returns what another global policy would change in the gates of all products.
func (s *Service) PreviewGlobal(ctx context.Context, actor authz.Actor, global settings.Gate) (Preview, error) {
	if !actor.Administrator() {
		return Preview{}, nil
	}
	return s.previewAll(ctx, 0, func(group *models.Group, p models.Product) gate.Policy {
		return gate.PolicyOf(global, group, p)
	})
}

type policyFunc func(group *models.Group, p models.Product) gate.Policy

func (s *Service) previewAll(ctx context.Context, groupID int64, policy policyFunc) (Preview, error) {
	var (
		all   []models.Gated
		after int64
	)
	for len(all) <= maxPreviewed {
		part, err := s.store.DefaultGates(ctx, groupID, after, previewPart)
		if err != nil {
			return Preview{}, err
		}
		all = append(all, part...)
		if len(part) < previewPart {
			break
		}
		after = part[len(part)-1].Product.ID
	}
	partly := len(all) > maxPreviewed
	if partly {
		all = all[:maxPreviewed]
	}
	v, err := s.preview(ctx, all, policy)
	v.Partly = partly
	return v, err
}

// preview decides the gates of default branches by another policy.
func (s *Service) preview(ctx context.Context, all []models.Gated, policy policyFunc) (Preview, error) {
	var (
		v        Preview
		notified []int64
	)
	for _, g := range all {
		verdict := gate.Decide(policy(g.Group, g.Product), g.Branch.Breakdown)
		if verdict.State == g.Branch.Gate {
			continue
		}
		v.Changed++
		if len(v.Named) < maxNamed {
			v.Named = append(v.Named, GatePreview{g.Product.Name, g.Branch.Gate, verdict.State, verdict.Why})
		}
		if held := g.Branch.Held; !held.Any() || held.From != verdict.State {
			notified = append(notified, g.Product.ID)
		}
	}
	targets, err := s.store.TargetsOf(ctx, notified)
	counted := map[int64]bool{}
	for _, list := range targets {
		for _, t := range list {
			if t.Enabled && !counted[t.ConnectionID] {
				counted[t.ConnectionID] = true
				v.Targets++
			}
		}
	}
	return v, err
}
