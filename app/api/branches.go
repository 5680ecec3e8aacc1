package api

import (
	"context"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
)

// branchBody is a branch as the API returns it.
type branchBody struct {
	ID           int64      `json:"id"`
	ProductID    int64      `json:"product_id"`
	Name         string     `json:"name"`
	Default      bool       `json:"default"`
	Protected    bool       `json:"protected" doc:"Kept even without new reports"`
	Gate         GateBody   `json:"gate" doc:"Only the gate of the default branch is the product's gate, and sends notifications"`
	LastReportAt *time.Time `json:"last_report_at"`
	Created      time.Time  `json:"created"`
}

func branchOf(b models.BranchRow, c models.Counting) branchBody {
	return branchBody{
		ID:           b.ID,
		ProductID:    b.ProductID,
		Name:         b.Name,
		Default:      b.Default,
		Protected:    b.Protected,
		Gate:         gateOf(b.Branch, c),
		LastReportAt: optional(b.LastReportAt),
		Created:      b.CreatedAt,
	}
}

type branchAnswer struct{ Body branchBody }

type branchPatch struct {
	ID   int64 `path:"id"`
	Body struct {
		Name      patch[string] `json:"name,omitempty" doc:"Pipelines refer to the branch by this name"`
		Protected patch[bool]   `json:"protected,omitempty"`
		Default   patch[bool]   `json:"default,omitempty" doc:"true makes it the product's default branch, whose gate is the product's"`
	}
}

// comparisonBody compares a branch with the default branch.
type comparisonBody struct {
	Branch     branchBody    `json:"branch"`
	Default    branchBody    `json:"default" doc:"The branch to compare with"`
	Added      models.Counts `json:"added" doc:"Active on this branch, and not in the last reports of the other"`
	Known      models.Counts `json:"known" doc:"Active on this branch; on the other it exists but does not count (a waiver, a false positive)"`
	Shared     models.Counts `json:"shared" doc:"Active on both branches"`
	Gone       models.Counts `json:"gone" doc:"Active on the other branch, and not in the last reports of this one; only of scanners that report on this branch"`
	Items      []addedBody   `json:"items" doc:"The added observations, or with list=known the known ones, worst first"`
	NextCursor string        `json:"next_cursor,omitempty" doc:"Absent on the last page"`
}

// addedBody is an observation with its status in the default branch.
type addedBody struct {
	ObservationBody
	There *models.Status `json:"status_there" doc:"Its status on the default branch, or null if it is not there"`
}

func addedOf(o models.Added, branch models.BranchRow) addedBody {
	o.Observation.Branch = branch.Name
	b := addedBody{ObservationBody: observationOf(o.Observation, branch.ProductID)}
	if o.There != "" {
		b.There = &o.There
	}
	return b
}

type comparisonInput struct {
	IDPath
	Page
	Severity string `query:"severity" enum:"critical,high,medium,low,none,unknown"`
	List     string `query:"list" enum:"added,known" default:"added"`
}

type branchesInput struct {
	IDPath
	Page
	Q string `query:"q" doc:"Part of the name"`
}

func (a *API) branches() {
	register(a, onGet("/products/{id}/branches", "list-branches"),
		"List a product's branches with their gates, the default branch first",
		a.listBranches)
	register(a, onPatch("/branches/{id}", "update-branch"),
		"Change a branch (JSON merge patch)",
		func(ctx context.Context, in *branchPatch) (*branchAnswer, error) {
			row, err := a.updateBranch(ctx, in)
			if err != nil {
				return nil, err
			}
			c, err := a.countingOf(ctx, row.ProductID)
			return &branchAnswer{branchOf(row, c)}, err
		})
	register(a, onDelete("/branches/{id}", "delete-branch"),
		"Delete a branch with its observations. The default branch cannot be deleted",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Products.DeleteBranch(ctx, actorOf(ctx), in.ID)
		})
	register(a, onGet("/branches/{id}/comparison", "compare-branch"),
		"Compare a branch with the default branch",
		func(ctx context.Context, in *comparisonInput) (*struct{ Body comparisonBody }, error) {
			out, err := a.compareBranch(ctx, in)
			return &struct{ Body comparisonBody }{out}, err
		})
}

func (a *API) listBranches(ctx context.Context, in *branchesInput) (*list[branchBody], error) {
	f := models.BranchFilter{ProductID: in.ID, Text: in.Q, Limit: in.Limit + 1}
	if err := seekPlace(in.Cursor, models.BranchOrders, &f.Place); err != nil {
		return nil, err
	}
	rows, err := a.Products.Branches(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	counting, err := a.countingOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body := func(b models.BranchRow) branchBody { return branchOf(b, counting) }
	return answer(rows, in.Limit, body, func(b models.BranchRow) any { return models.BranchOrders.Key(f.Place, b) })
}

func (a *API) updateBranch(ctx context.Context, in *branchPatch) (models.BranchRow, error) {
	e := product.BranchEdit{
		Name:      in.Body.Name.pointer(),
		Protected: in.Body.Protected.pointer(),
		Default:   in.Body.Default.Value,
	}
	if in.Body.Default.Sent && !e.Default {
		return models.BranchRow{}, fault.BadField("default", "To change the default branch, set default on another branch")
	}
	return a.Products.UpdateBranch(ctx, actorOf(ctx), in.ID, e)
}

func (a *API) compareBranch(ctx context.Context, in *comparisonInput) (comparisonBody, error) {
	f := models.CompareFilter{Known: in.List == "known", Limit: in.Limit + 1}
	if s, ok := models.SeverityByName(in.Severity); ok {
		f.Severity = &s
	}
	if err := seekPlace(in.Cursor, models.ObservationOrders, &f.Place); err != nil {
		return comparisonBody{}, err
	}
	c, err := a.Products.Compare(ctx, actorOf(ctx), in.ID, f)
	if err != nil {
		return comparisonBody{}, err
	}
	page, err := answer(
		c.Rows,
		in.Limit,
		func(o models.Added) addedBody { return addedOf(o, c.Branch) },
		func(o models.Added) any { return models.ObservationOrders.Key(f.Place, o.Observation) },
	)
	if err != nil {
		return comparisonBody{}, err
	}
	counting, err := a.countingOf(ctx, c.Branch.ProductID)
	if err != nil {
		return comparisonBody{}, err
	}
	return comparisonBody{
		Branch:     branchOf(c.Branch, counting),
		Default:    branchOf(c.Default, counting),
		Added:      c.Added,
		Known:      c.Known,
		Shared:     c.Shared,
		Gone:       c.Gone,
		Items:      page.Body.Items,
		NextCursor: page.Body.NextCursor,
	}, nil
}
