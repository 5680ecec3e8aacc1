package api

import (
	"context"
	"net/http"

	"gatecrier/app/connection"
	"gatecrier/app/module"
	"gatecrier/models"
)

// TargetBody is a target as the API returns it. Its configuration is write-only: the API shows
// only the hint.
type TargetBody struct {
	ID      int64         `json:"id"`
	Module  string        `json:"module"`
	Name    string        `json:"name"`
	Hint    string        `json:"hint" doc:"Host and last four characters; empty for users who cannot edit targets"`
	Enabled bool          `json:"enabled"`
	State   string        `json:"state" enum:"new,working,failing,rejecting,down,paused,off"`
	Reason  string        `json:"reason,omitempty" doc:"Why Gatecrier turned it off"`
	Version int64         `json:"version"`
	Health  *healthBody   `json:"health,omitempty" doc:"Only in lists and GET /targets/{id}"`
	Warning string        `json:"warning,omitempty" doc:"Warnings about the address"`
	Made    module.Config `json:"made,omitempty" doc:"Secrets that were generated for it; only in this response"`
}

func targetOf(c models.Connection) TargetBody {
	return TargetBody{
		ID:      c.ID,
		Module:  c.Module,
		Name:    c.Name,
		Hint:    c.Hint,
		Enabled: c.Enabled,
		Reason:  c.DisabledWhy,
		Version: c.Version,
	}
}

func (a *API) saved(ctx context.Context, s connection.Saved, err error) (TargetBody, error) {
	if err != nil {
		return TargetBody{}, err
	}
	row, err := a.Store.ConnectionRow(ctx, s.ID)
	b := targetRowOf(row)
	b.Warning, b.Made = s.Warning, s.Made
	return b, err
}

func (a *API) createdTarget(ctx context.Context, s connection.Saved, err error) (*created[TargetBody], error) {
	b, err := a.saved(ctx, s, err)
	return createdAt(pathTo("/targets", b.ID), b.Version, b), err
}

type targetInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Module string            `json:"module" doc:"The name of a module, see GET /modules"`
		Name   string            `json:"name"`
		Config map[string]string `json:"config" doc:"The module's fields"`
	}
}

func (in *targetInput) draft() connection.Draft {
	return connection.Draft{Module: in.Body.Module, Name: in.Body.Name, Config: in.Body.Config}
}

type targetPatch struct {
	IDPath
	IfMatch

	Body struct {
		Version int64              `json:"version,omitempty" doc:"If sent, the target must still have it"`
		Name    *string            `json:"name,omitempty"`
		Enabled *bool              `json:"enabled,omitempty"`
		Waiting connection.Waiting `json:"waiting,omitempty" enum:"keep,cancel" doc:"What happens to the messages that wait for a target that is turned off: keep (the default) sends them when it is turned on again, unless their lifetime of 72 hours has ended; cancel cancels them now"`
		Config  map[string]string  `json:"config,omitempty" doc:"The fields to replace"`
	}
}

func (a *API) targets() {
	register(a, onGet("/products/{id}/targets", "list-targets"),
		"List a product's targets",
		func(ctx context.Context, in *IDPath) (*list[TargetBody], error) {
			rows, err := a.Connections.List(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), targetRowOf, nil)
		})
	register(a, onPost("/products/{id}/targets", "create-target", http.StatusCreated),
		"Add a target to a product",
		func(ctx context.Context, in *targetInput) (*created[TargetBody], error) {
			s, err := a.Connections.Create(ctx, actorOf(ctx), in.ID, in.draft())
			return a.createdTarget(ctx, s, err)
		})
	register(a, onPatch("/targets/{id}", "update-target"),
		"Change a target",
		func(ctx context.Context, in *targetPatch) (*one[TargetBody], error) {
			version, err := in.atLeastOne(in.Body.Version)
			if err != nil {
				return nil, err
			}
			s, err := a.Connections.Update(ctx, actorOf(ctx), in.ID, connection.Change{
				Version: version,
				Name:    in.Body.Name,
				Enabled: in.Body.Enabled,
				Waiting: in.Body.Waiting,
				Config:  in.Body.Config,
			})
			a.Dispatcher.Wake() // it can have been turned on
			b, err := a.saved(ctx, s, err)
			return changedOf(b.Version, b), err
		})
	register(a, onDelete("/targets/{id}", "delete-target"),
		"Delete a target and its deliveries",
		func(ctx context.Context, in *IDDelete) (*struct{}, error) {
			version, err := in.atLeastOne(0)
			if err != nil {
				return nil, err
			}
			return nil, a.Connections.Delete(ctx, actorOf(ctx), in.ID, version)
		})
	register(a, onPost("/targets/{id}/test", "test-target", http.StatusAccepted),
		"Send a test message",
		func(ctx context.Context, in *IDPath) (*struct{ Body testBody }, error) {
			b, err := a.test(ctx, in.ID)
			return &struct{ Body testBody }{b}, err
		})
}

type testBody struct {
	DeliveryID int64                `json:"delivery_id" doc:"Accepted: GET /deliveries/{id} has the result"`
	State      models.DeliveryState `json:"state"`
}

func (a *API) test(ctx context.Context, id int64) (testBody, error) {
	c, err := a.Connections.Editable(ctx, actorOf(ctx), id)
	if err != nil {
		return testBody{}, err
	}
	d, err := a.Dispatcher.Test(ctx, c)
	return testBody{DeliveryID: d.ID, State: d.State}, err
}
