package api

import (
	"context"
	"time"

	"gatecrier/app/gate"
	"gatecrier/app/product"
	"gatecrier/models"
)

// policyBody is the gate policy of a product, with the origin of each part.
type policyBody struct {
	Active     bool           `json:"active"`
	Owner      gate.Owner     `json:"owner" enum:"global,group,product"`
	Group      *string        `json:"group" doc:"The group whose gate counts, or null"`
	Thresholds *models.Counts `json:"thresholds" doc:"Which observations count; null if there is no gate"`
	CountingBody
	Sources    *sourcesBody `json:"sources" doc:"The source of each threshold; unset ones mean 0; null if there is no gate"`
	Hold       int64        `json:"hold_seconds" doc:"How long a new state must last before notifications are sent"`
	HoldSource gate.Source  `json:"hold_source" enum:"global,product"`
}

// CountingBody is what counts for a gate, as the owner of its thresholds says.
type CountingBody struct {
	OnlyFixable   bool `json:"only_fixable" doc:"Vulnerabilities of packages without a fixed version do not count, known exploited or not"`
	KEVAsCritical bool `json:"kev_as_critical" doc:"Observations that are known to be exploited count as critical"`
}

// CountingPatch is a change of the counting settings.
type CountingPatch struct {
	OnlyFixable   patch[bool] `json:"only_fixable,omitempty" doc:"Only used in gate_mode own; null: false"`
	KEVAsCritical patch[bool] `json:"kev_as_critical,omitempty" doc:"Only used in gate_mode own; null: false"`
}

func (p CountingPatch) edit() product.CountingEdit {
	return product.CountingEdit{OnlyFixable: p.OnlyFixable.pointer(), KEVAsCritical: p.KEVAsCritical.pointer()}
}

// sourcesBody is the origin of each threshold.
type sourcesBody struct {
	Critical gate.Source `json:"critical" enum:"global,group,product,unset"`
	High     gate.Source `json:"high" enum:"global,group,product,unset"`
	Medium   gate.Source `json:"medium" enum:"global,group,product,unset"`
	Low      gate.Source `json:"low" enum:"global,group,product,unset"`
	None     gate.Source `json:"none" enum:"global,group,product,unset"`
	Unknown  gate.Source `json:"unknown" enum:"global,group,product,unset"`
}

func policyOf(o gate.Origin) *policyBody {
	b := &policyBody{
		Active:       o.Active,
		Owner:        o.Owner,
		CountingBody: CountingBody(o.Counting),
		Hold:         int64(o.Hold / time.Second),
		HoldSource:   o.HoldSource,
	}
	if o.Group != "" {
		b.Group = &o.Group
	}
	if s := o.Sources; o.Active {
		b.Thresholds = &o.Thresholds
		b.Sources = &sourcesBody{
			Critical: s[models.Critical],
			High:     s[models.High],
			Medium:   s[models.Medium],
			Low:      s[models.Low],
			None:     s[models.None],
			Unknown:  s[models.Unknown],
		}
	}
	return b
}

// policies returns the policies of products in their order. The actor must be able to see them.
func (a *API) policies(ctx context.Context, rows []models.ProductRow) ([]*policyBody, error) {
	groups, err := a.Store.GroupsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	list := make([]*policyBody, len(rows))
	for i, row := range rows {
		var group *models.Group
		if row.GroupID != nil {
			group = groups[*row.GroupID]
		}
		list[i] = policyOf(a.Gates.Origin(group, row.Product))
	}
	return list, nil
}

func (b *policyBody) counting() models.Counting { return models.Counting(b.CountingBody) }

// countingOf returns what counts for the gates of a product that the actor can view.
func (a *API) countingOf(ctx context.Context, productID int64) (models.Counting, error) {
	row, err := a.Products.Get(ctx, actorOf(ctx), productID)
	if err != nil {
		return models.Counting{}, err
	}
	group, err := a.Store.GroupOf(ctx, row.Product)
	return a.Gates.Policy(group, row.Product).Counting, err
}

// heldBody is a gate change on hold.
type heldBody struct {
	From  models.GateState `json:"from" enum:"none,passed,failed" doc:"The last notified state"`
	Until time.Time        `json:"until" doc:"When its notifications are sent, unless the gate returns"`
}

func heldOf(b models.Branch) *heldBody {
	if !b.Held.Any() {
		return nil
	}
	return &heldBody{b.Held.From, b.Held.Until}
}

// gateOfBranch returns a branch's gate with the policy that it is evaluated by.
func (a *API) gateOfBranch(ctx context.Context, in *BranchQuery) (*struct{ Body gateAnswer }, error) {
	scope := actorOf(ctx).Scope()
	b, err := a.Store.BranchByName(ctx, scope, in.ID, in.Branch)
	if err != nil {
		return nil, err
	}
	row, err := a.Store.Product(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.policies(ctx, []models.ProductRow{row})
	if err != nil {
		return nil, err
	}
	return &struct{ Body gateAnswer }{gateAnswer{gateOf(b, list[0].counting()), list[0]}}, nil
}

// gateAnswer is a branch's gate with its policy.
type gateAnswer struct {
	GateBody
	Policy *policyBody `json:"policy"`
}

// overrideOf returns the change of one of a product's times, nil if it was not sent.
func overrideOf(p patch[int64]) *product.TimeOverride {
	switch {
	case p.Null:
		return &product.TimeOverride{}
	case p.Sent:
		return &product.TimeOverride{Seconds: &p.Value}
	}
	return nil
}
