package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/product"
	"gatecrier/models"
)

// groupBody is a product group as the API returns it.
type groupBody struct {
	ID          int64             `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	GateMode    models.GateMode   `json:"gate_mode" enum:"standard,disabled,own" doc:"Any mode except standard applies to all products of the group"`
	Thresholds  models.Thresholds `json:"thresholds" doc:"The group's own thresholds; null if unset, which means 0 in mode own"`
	CountingBody
	Products int   `json:"products"`
	Failed   int   `json:"failed" doc:"The states of their gates"`
	Version  int64 `json:"version"`
	*FieldsBody
	Created time.Time `json:"created"`
}

func groupOf(g models.GroupRow) groupBody {
	return groupBody{
		ID:           g.ID,
		Name:         g.Name,
		Description:  g.Description,
		GateMode:     g.GateMode,
		Thresholds:   g.Thresholds,
		CountingBody: CountingBody(g.Counting),
		Products:     g.Products,
		Failed:       g.Failed,
		Version:      g.Version,
		Created:      g.CreatedAt,
	}
}

// wholeGroup returns a group with its target fields, or err.
func (a *API) wholeGroup(ctx context.Context, row models.GroupRow, err error) (groupBody, error) {
	if err != nil {
		return groupBody{}, err
	}
	f, err := a.Connections.FieldsOf(ctx, actorOf(ctx), product.InGroup(row.ID))
	b := groupOf(row)
	b.FieldsBody = &FieldsBody{EmailTo: f.EmailTo, MSTeamsWebhook: f.MSTeams, SlackWebhook: f.Slack}
	return b, err
}

type groupInput struct {
	Body struct {
		Name        string          `json:"name" doc:"Unique, 1 to 255 characters"`
		Description string          `json:"description,omitempty"`
		GateMode    models.GateMode `json:"gate_mode,omitempty" enum:"standard,disabled,own"`
		Thresholds  *thresholdsBody `json:"thresholds,omitempty"`
		CountingPatch
		TargetFields
	}
}

type groupPatch struct {
	IDPath
	IfMatch

	Body struct {
		Name        patch[string]          `json:"name,omitempty"`
		Description patch[string]          `json:"description,omitempty"`
		GateMode    patch[models.GateMode] `json:"gate_mode,omitempty"`
		Thresholds  patch[thresholdsBody]  `json:"thresholds,omitempty"`
		CountingPatch
		TargetFields
		Version int64 `json:"version,omitempty" doc:"If sent, the group must still have this version"`
	}
}

type groupsInput struct {
	Page
	Q string `query:"q" doc:"Part of the name"`
}

func (in *groupsInput) filter() (models.GroupFilter, error) {
	f := models.GroupFilter{Text: in.Q, Limit: in.Limit + 1}
	return f, seekPlace(in.Cursor, models.GroupOrders, &f.Place)
}

type groupDeletion struct {
	IDDelete

	Products string `query:"products" enum:"keep,delete" default:"keep" doc:"What happens to the products"`
}

func (a *API) groups() {
	register(a, onGet("/groups", "list-groups"),
		"List groups of products by name",
		func(ctx context.Context, in *groupsInput) (*list[groupBody], error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			rows, err := a.Products.Groups(ctx, actorOf(ctx), f)
			if err != nil {
				return nil, err
			}
			return answer(rows, in.Limit, groupOf, func(g models.GroupRow) any {
				return models.GroupOrders.Key(f.Place, g)
			})
		})
	register(a, onPost("/groups", "create-group", http.StatusCreated),
		"Create a group of products and become its owner",
		func(ctx context.Context, in *groupInput) (*created[groupBody], error) {
			d := product.GroupDraft{
				Name:        in.Body.Name,
				Description: in.Body.Description,
				GateMode:    in.Body.GateMode,
				Counting:    in.Body.edit().Apply(models.Counting{}),
				Targets:     in.Body.change(),
			}
			for s, v := range in.Body.Thresholds.changes() {
				*d.Thresholds.At(s) = v
			}
			row, err := a.Products.CreateGroup(ctx, actorOf(ctx), d)
			b, err := a.wholeGroup(ctx, row, err)
			return createdAt(pathTo("/groups", b.ID), b.Version, b), err
		})
	register(a, onGet("/groups/{id}", "get-group"),
		"Get a group of products",
		func(ctx context.Context, in *IDGet) (*one[groupBody], error) {
			row, err := a.Products.Group(ctx, actorOf(ctx), in.ID)
			b, err := a.wholeGroup(ctx, row, err)
			return oneOf(b.Version, b), err
		})
	register(a, onPatch("/groups/{id}", "update-group"),
		"Change a group of products (JSON merge patch)",
		func(ctx context.Context, in *groupPatch) (*one[groupBody], error) {
			version, err := in.atLeastOne(in.Body.Version)
			if err != nil {
				return nil, err
			}
			row, err := a.Products.UpdateGroup(ctx, actorOf(ctx), in.ID, groupEditOf(in, version))
			b, err := a.wholeGroup(ctx, row, err)
			return oneOf(b.Version, b), err
		})
	register(a, onDelete("/groups/{id}", "delete-group"),
		"Delete a group of products",
		func(ctx context.Context, in *groupDeletion) (*struct{}, error) {
			version, err := in.atLeastOne(0)
			if err != nil {
				return nil, err
			}
			return nil, a.Products.DeleteGroup(ctx, actorOf(ctx), in.ID, version, in.Products == "delete")
		})
	a.groupTargets()
}

func groupEditOf(in *groupPatch, version int64) product.GroupEdit {
	b := in.Body
	e := product.GroupEdit{
		Name:        b.Name.pointer(),
		Description: b.Description.pointer(),
		GateMode:    b.GateMode.pointer(),
		Version:     version,
		Thresholds:  b.Thresholds.Value.changes(),
		Counting:    b.edit(),
		Targets:     b.change(),
	}
	if b.Thresholds.Null {
		for _, s := range models.Severities() {
			e.Thresholds[s] = nil
		}
	}
	return e
}

func (a *API) groupTargets() {
	register(a, onGet("/groups/{id}/targets", "group-list-targets"),
		"List a group's targets",
		func(ctx context.Context, in *IDPath) (*list[TargetBody], error) {
			rows, err := a.Connections.ListGroup(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), targetRowOf, nil)
		})
	register(a, onPost("/groups/{id}/targets", "group-create-target", http.StatusCreated),
		"Add a target to a group. It is used by the group's products that have no target of its module",
		func(ctx context.Context, in *targetInput) (*created[TargetBody], error) {
			s, err := a.Connections.CreateFor(ctx, actorOf(ctx), models.Owner{GroupID: in.ID}, in.draft())
			return a.createdTarget(ctx, s, err)
		})
}
