package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/silence"
	"gatecrier/models"
)

// silenceBody is a silence as the API returns it.
type silenceBody struct {
	ID       int64               `json:"id"`
	Product  *named              `json:"product" doc:"The scope; without a product and a group, everything"`
	Group    *named              `json:"group"`
	Type     string              `json:"type" doc:"Event types; empty: all that can be silenced"`
	Text     string              `json:"text" doc:"Part of the name or the message (case-insensitive); empty: all"`
	Reason   string              `json:"reason"`
	Author   string              `json:"author"`
	State    models.SilenceState `json:"state" enum:"scheduled,active,ended"`
	StartsAt time.Time           `json:"starts_at"`
	EndsAt   time.Time           `json:"ends_at"`
	EndedBy  string              `json:"ended_by,omitempty" doc:"Who ended it early"`
	Held     int                 `json:"silenced" doc:"The number of silenced notifications"`
	Products int                 `json:"silenced_products" doc:"The number of products of these notifications"`
	MayEdit  bool                `json:"may_edit"`
	Version  int64               `json:"version"`
	Created  time.Time           `json:"created"`
}

func (a *API) silenceOf(r silence.Row) silenceBody {
	b := silenceBody{
		ID:       r.ID,
		Type:     r.Type,
		Text:     r.Text,
		Reason:   r.Reason,
		Author:   r.Author,
		State:    r.State(a.Store.Now()),
		StartsAt: r.StartsAt,
		EndsAt:   r.EndsAt,
		EndedBy:  r.EndedBy,
		Held:     r.Held.Rows,
		Products: r.Held.Products,
		MayEdit:  r.May,
		Version:  r.Version,
		Created:  r.CreatedAt,
	}
	switch {
	case r.ProductID != 0:
		b.Product = &named{r.ProductID, r.ScopeName}
	case r.GroupID != 0:
		b.Group = &named{r.GroupID, r.ScopeName}
	}
	return b
}

// SilenceMatch selects the messages that a silence matches. It is exported because huma
// reads no embedded fields from types that are not.
type SilenceMatch struct {
	ProductID int64  `json:"product_id,omitempty" minimum:"0" doc:"Without a product and a group it silences everything, which only administrators can do"`
	GroupID   int64  `json:"group_id,omitempty" minimum:"0"`
	Type      string `json:"type,omitempty"`
	Text      string `json:"text,omitempty"`
}

func (m SilenceMatch) draft() silence.Draft {
	return silence.Draft{ProductID: m.ProductID, GroupID: m.GroupID, Type: m.Type, Text: m.Text}
}

type silenceInput struct {
	Body struct {
		SilenceMatch
		Reason   string    `json:"reason" doc:"1 to 500 characters"`
		StartsAt time.Time `json:"starts_at,omitempty" doc:"Default: now"`
		EndsAt   time.Time `json:"ends_at" doc:"1 minute to 90 days after it starts"`
	}
}

type silencePatch struct {
	IDPath
	IfMatch

	Body struct {
		Type    patch[string]    `json:"type,omitempty"`
		Text    patch[string]    `json:"text,omitempty"`
		Reason  patch[string]    `json:"reason,omitempty"`
		EndsAt  patch[time.Time] `json:"ends_at,omitempty"`
		Version int64            `json:"version,omitempty" doc:"If sent, the silence must still have this version"`
	}
}

type silencesInput struct {
	Page
	State   string `query:"state" enum:"open,scheduled,active,ended" doc:"open: those that have not ended"`
	Product int64  `query:"product" minimum:"0" doc:"Only silences that apply to this product: its own, its group's, and those of everything"`
}

func (in *silencesInput) filter() (models.SilenceFilter, error) {
	f := models.SilenceFilter{ProductID: in.Product, Open: in.State == "open", Limit: in.Limit + 1}
	if !f.Open {
		f.State = models.SilenceState(in.State)
	}
	return f, seekPlace(in.Cursor, models.SilenceOrders, &f.Place)
}

// silencedBody is a silenced notification. It is neither read nor unread.
type silencedBody struct {
	ID      int64     `json:"id"`
	Type    string    `json:"type"`
	Name    string    `json:"name"`
	Message string    `json:"message" doc:"… if only administrators can see it"`
	Product *named    `json:"product"`
	Created time.Time `json:"created"`
}

func silencedOf(n models.Notification) silencedBody {
	b := silencedBody{ID: n.EventID, Type: n.Type, Name: n.Name, Message: n.Message, Created: n.At}
	if n.ProductID != 0 {
		b.Product = &named{n.ProductID, n.Product}
	}
	return b
}

type silencePreviewAnswer struct {
	Body struct {
		Held  int            `json:"silenced" doc:"How many notifications it would have silenced"`
		Of    int            `json:"of" doc:"How many notifications were checked: those of the last 7 days, at most the newest 2,000"`
		Items []silencedBody `json:"items" doc:"The newest notifications that it would have silenced, at most ten"`
	}
}

func (a *API) silences() {
	register(a, onGet("/silences", "list-silences"),
		"List silences, newest first",
		a.listSilences)
	register(a, onPost("/silences", "create-silence", http.StatusCreated),
		"Create a silence: messages are not sent for a time",
		func(ctx context.Context, in *silenceInput) (*created[silenceBody], error) {
			d := in.Body.draft()
			d.Reason, d.StartsAt, d.EndsAt = in.Body.Reason, in.Body.StartsAt, in.Body.EndsAt
			row, err := a.Silences.Create(ctx, actorOf(ctx), d)
			return createdAt(pathTo("/silences", row.ID), row.Version, a.silenceOf(row)), err
		})
	register(a, onPost("/silences/preview", "preview-silence", http.StatusOK),
		"Preview a silence: the notifications of the last 7 days that it would have silenced",
		a.previewSilence)
	register(a, onGet("/silences/{id}", "get-silence"),
		"Get a silence",
		func(ctx context.Context, in *IDGet) (*one[silenceBody], error) {
			row, err := a.Silences.Get(ctx, actorOf(ctx), in.ID)
			return oneOf(row.Version, a.silenceOf(row)), err
		})
	register(a, onGet("/silences/{id}/notifications", "list-held-notifications"),
		"List the silenced notifications of a silence, newest first",
		a.silencedNotifications)
	register(a, onPatch("/silences/{id}", "update-silence"),
		"Change a silence that has not ended (JSON merge patch)",
		func(ctx context.Context, in *silencePatch) (*one[silenceBody], error) {
			b := in.Body
			version, err := in.atLeastOne(b.Version)
			if err != nil {
				return nil, err
			}
			row, err := a.Silences.Change(ctx, actorOf(ctx), in.ID, silence.Edit{
				Type:    b.Type.pointer(),
				Text:    b.Text.pointer(),
				Reason:  b.Reason.pointer(),
				EndsAt:  b.EndsAt.pointer(),
				Version: version,
			})
			return oneOf(row.Version, a.silenceOf(row)), err
		})
	register(a, onDelete("/silences/{id}", "end-silence"),
		"End a silence now. A notification says what it silenced; the ended silence stays in the list",
		func(ctx context.Context, in *IDDelete) (*struct{}, error) {
			version, err := in.atLeastOne(0)
			if err != nil {
				return nil, err
			}
			_, err = a.Silences.EndNow(ctx, actorOf(ctx), in.ID, version)
			return nil, err
		})
}

func (a *API) listSilences(ctx context.Context, in *silencesInput) (*list[silenceBody], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	rows, err := a.Silences.List(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, a.silenceOf, func(r silence.Row) any {
		return models.SilenceOrders.Key(f.Place, r.Silence)
	})
}

func (a *API) previewSilence(ctx context.Context, in *struct{ Body SilenceMatch }) (*silencePreviewAnswer, error) {
	p, err := a.Silences.Preview(ctx, actorOf(ctx), in.Body.draft())
	if err != nil {
		return nil, err
	}
	out := &silencePreviewAnswer{}
	out.Body.Held, out.Body.Of, out.Body.Items = p.Held, p.Of, []silencedBody{}
	for _, n := range p.First {
		out.Body.Items = append(out.Body.Items, silencedOf(n))
	}
	return out, nil
}

func (a *API) silencedNotifications(ctx context.Context, in *idPageInput) (*list[silencedBody], error) {
	before := int64(0)
	if err := seek(in.Cursor, &before); err != nil {
		return nil, err
	}
	rows, err := a.Silences.Held(ctx, actorOf(ctx), in.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, silencedOf, func(n models.Notification) any { return n.EventID })
}
