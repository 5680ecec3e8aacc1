package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// healthBody is the health of a connection. Connections that share a server share its
// failures and its circuit breaker.
type healthBody struct {
	Failures    int        `json:"failures" doc:"Consecutive failures that count for the circuit breaker"`
	Rejected    int        `json:"rejected" doc:"Consecutive rejections by a receiver that is reachable"`
	Reason      string     `json:"reason" doc:"The reason of the last failure; empty for users who cannot edit the connection"`
	DownSince   *time.Time `json:"down_since" doc:"Since when only probes are sent"`
	Probes      int        `json:"probes" doc:"Probes that failed since"`
	PausedUntil *time.Time `json:"paused_until" doc:"The next probe; null while it is not down, or if it is no longer probed"`
	Paused      *time.Time `json:"paused" doc:"Since when it is paused: resume it to retry"`
	LastSuccess *time.Time `json:"last_success"`
	Waiting     int        `json:"waiting" doc:"Messages that wait or are being sent"`
	Shared      *int64     `json:"shared" doc:"The connection whose circuit breaker and rate limit it shares, or null"`
}

func healthOf(c models.ConnectionRow) healthBody {
	h := healthBody{
		Failures:    c.EndpointHealth.Failures,
		Rejected:    c.OwnHealth.Rejected,
		Reason:      c.EndpointHealth.Reason,
		DownSince:   optional(c.EndpointHealth.OpenedAt),
		Probes:      c.EndpointHealth.Probes,
		Paused:      optional(c.EndpointHealth.PausedAt),
		LastSuccess: optional(c.OwnHealth.LastSuccessAt),
		Waiting:     c.Waiting,
		Shared:      c.EndpointID,
	}
	if h.Reason == "" {
		h.Reason = c.OwnHealth.Reason
	}
	if c.EndpointHealth.Open() && h.Paused == nil {
		h.PausedUntil = optional(c.EndpointHealth.ProbeAt)
	}
	return h
}

func targetRowOf(c models.ConnectionRow) TargetBody {
	b := targetOf(c.Connection)
	h := healthOf(c)
	b.State, b.Health = string(c.State()), &h
	return b
}

// ownerBody is the owner of a connection: a product, a group or a user; with none of them the
// system owns it.
type ownerBody struct {
	Product *named `json:"product"`
	Group   *named `json:"group"`
	User    *named `json:"user"`
}

type connectionBody struct {
	TargetBody
	Owner ownerBody `json:"owner"`
}

func connectionOf(c models.ConnectionRow) connectionBody {
	b := connectionBody{TargetBody: targetRowOf(c)}
	if c.ProductID != nil {
		b.Owner.Product = &named{*c.ProductID, c.Product}
	}
	if c.GroupID != nil {
		b.Owner.Group = &named{*c.GroupID, c.Group}
	}
	if c.UserID != nil {
		b.Owner.User = &named{*c.UserID, c.User}
	}
	return b
}

type connectionsInput struct {
	Owner   string `query:"owner" enum:"mine,product,group,system" doc:"Only connections of these owners"`
	Trouble bool   `query:"trouble" doc:"Only failing connections"`
	Name    string `query:"q" maxLength:"100" doc:"Part of the name, or of its product's or group's name"`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
}

type connectionInput struct {
	Body struct {
		Owner  string            `json:"owner" enum:"me,system" doc:"To add a product's target, use POST /products/{id}/targets"`
		Module string            `json:"module"`
		Name   string            `json:"name"`
		Config map[string]string `json:"config" doc:"The module's fields"`
	}
}

type rotatedAnswer struct {
	Body struct {
		Secret string    `json:"secret" doc:"The new secret; only in this response"`
		Until  time.Time `json:"until" doc:"Until when messages are signed with the previous secret too"`
	}
}

func (a *API) connections() {
	register(a, onGet("/connections", "list-connections"),
		"List the connections that you can edit, failing ones first",
		func(ctx context.Context, in *connectionsInput) (*list[connectionBody], error) {
			rows, err := a.Connections.All(ctx, actorOf(ctx), models.ConnectionFilter{
				Owner:   models.OwnerKind(in.Owner),
				Purpose: models.PurposeTarget,
				Trouble: in.Trouble,
				Text:    in.Name,
				Limit:   in.Limit,
			})
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), connectionOf, nil)
		})
	register(a, onPost("/connections", "create-connection", http.StatusCreated),
		"Add a connection of your own, or of the system",
		func(ctx context.Context, in *connectionInput) (*created[TargetBody], error) {
			s, err := a.createConnection(ctx, in)
			return a.createdTarget(ctx, s, err)
		})
	register(a, onGet("/targets/{id}", "get-target"),
		"Get a connection that you can edit, with its health",
		func(ctx context.Context, in *IDGet) (*one[connectionBody], error) {
			d, err := a.Connections.Details(ctx, actorOf(ctx), in.ID)
			return oneOf(d.Version, connectionOf(d.ConnectionRow)), err
		})
	register(a, onPost("/targets/{id}/rotate", "rotate-target", http.StatusOK),
		"Create a new signing secret. The previous one is valid for 24 more hours",
		func(ctx context.Context, in *IDPath) (*rotatedAnswer, error) {
			r, err := a.Connections.Rotate(ctx, actorOf(ctx), in.ID)
			out := &rotatedAnswer{}
			out.Body.Secret, out.Body.Until = r.Secret, r.Until
			return out, err
		})
	register(a, onPost("/targets/{id}/resume", "resume-target", http.StatusAccepted),
		"Retry a connection that is down or paused now",
		func(ctx context.Context, in *IDPath) (*struct{ Body connectionBody }, error) {
			b, err := a.resume(ctx, in.ID)
			return &struct{ Body connectionBody }{b}, err
		})
	register(a, onGet("/modules", "list-modules"),
		"List the modules with the fields of their configuration",
		func(context.Context, *struct{}) (*list[moduleBody], error) {
			modules := a.Connections.Modules()
			return answer(modules, len(modules), moduleOf, nil)
		})
}

func (a *API) createConnection(ctx context.Context, in *connectionInput) (connection.Saved, error) {
	actor := actorOf(ctx)
	owner := models.Owner{UserID: actor.User.ID}
	switch {
	case in.Body.Owner == "system":
		owner = models.Owner{}
	case actor.User.ID == 0:
		return connection.Saved{}, fault.New(fault.Forbidden, "A product's token has no connections")
	}
	return a.Connections.CreateFor(ctx, actor, owner, connection.Draft{
		Module: in.Body.Module,
		Name:   in.Body.Name,
		Config: in.Body.Config,
	})
}

func (a *API) resume(ctx context.Context, id int64) (connectionBody, error) {
	if _, err := a.Connections.Resume(ctx, actorOf(ctx), id); err != nil {
		return connectionBody{}, err
	}
	a.Dispatcher.Wake()
	d, err := a.Connections.Details(ctx, actorOf(ctx), id)
	return connectionOf(d.ConnectionRow), err
}

type moduleBody struct {
	Name    string        `json:"name"`
	Title   string        `json:"title"`
	Summary string        `json:"summary"`
	Fields  []moduleField `json:"fields"`
}

type moduleField struct {
	Name      string           `json:"name"`
	Label     string           `json:"label"`
	Kind      module.FieldKind `json:"kind" enum:"text,url,email,secret,choice"`
	Help      string           `json:"help"`
	Required  bool             `json:"required"`
	Secret    bool             `json:"secret" doc:"Stored encrypted, and never returned"`
	Generated bool             `json:"generated" doc:"Generated if absent, and returned once, in made"`
	Choices   []string         `json:"choices,omitempty" doc:"The first is the default"`
	MaxLength int              `json:"max_length"`
}

func moduleOf(m module.Module) moduleBody {
	d := m.Descriptor()
	b := moduleBody{Name: d.Name, Title: d.Title, Summary: d.Summary}
	for _, f := range d.FormFields() {
		field := moduleField{
			Name:      f.Name,
			Label:     f.Label,
			Kind:      f.Kind,
			Help:      f.Help,
			Required:  f.Required && !f.Generated,
			Secret:    f.Secret,
			Generated: f.Generated,
			MaxLength: f.MaxLength(),
		}
		for _, c := range f.Choices {
			field.Choices = append(field.Choices, c.Value)
		}
		b.Fields = append(b.Fields, field)
	}
	return b
}

// configDoc lists the fields of each module's configuration.
func (a *API) configDoc() string {
	var lines []string
	for _, m := range a.Connections.Modules() {
		d := m.Descriptor()
		var fields []string
		for _, f := range d.FormFields() {
			text := f.Name
			switch {
			case f.Generated:
				text += " (generated if absent)"
			case !f.Required:
				text += " (optional)"
			}
			fields = append(fields, text)
		}
		lines = append(lines, d.Name+": "+strings.Join(fields, ", "))
	}
	return strings.Join(lines, "; ")
}

// describeConfigs adds the modules' fields to the OpenAPI document.
func (a *API) describeConfigs() {
	doc := a.huma.OpenAPI()
	for _, body := range doc.Components.Schemas.Map() {
		if p := body.Properties["config"]; p != nil {
			p.Description = strings.TrimSpace(p.Description + ". " + a.configDoc())
		}
	}
}
