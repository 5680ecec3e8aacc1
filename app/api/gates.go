package api

import (
	"context"
	"encoding/json"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/ingest"
	"gatecrier/models"
)

// changeBody is a row of the gate history.
type changeBody struct {
	EventID    int64            `json:"event_id"`
	From       models.GateState `json:"from"`
	To         models.GateState `json:"to"`
	At         time.Time        `json:"at"`
	Actor      string           `json:"actor"`
	Branch     string           `json:"branch"`
	Why        string           `json:"why"`
	Counts     models.Counts    `json:"counts"`
	Effective  *models.Counts   `json:"effective_counts" doc:"The counts compared with the thresholds, if they differ from the active ones; otherwise null"`
	Thresholds *models.Counts   `json:"thresholds"`
	CountingBody
	Policy  string        `json:"policy"`
	Cause   event.Cause   `json:"cause"`
	Failing event.Failing `json:"failing"`
	// The event that announced the change: its own, or a later one.
	AnnouncedBy *int64     `json:"announced_by" doc:"The event that sent its notifications: its own, or a later one after the hold time; null if none"`
	AnnouncedAt *time.Time `json:"announced_at"`
	HeldUntil   *time.Time `json:"held_until" doc:"When its notifications are sent, if it is on hold"`
}

func changeOf(c models.GateChange, held models.Held) changeBody {
	b := changeBody{
		EventID:     c.EventID,
		From:        c.From,
		To:          c.To,
		At:          c.At,
		Actor:       c.Actor,
		Counts:      c.Counts,
		AnnouncedAt: optional(c.NotifiedAt),
	}
	if c.Announced != 0 {
		b.AnnouncedBy = &c.Announced
	}
	if held.Any() && held.EventID == c.EventID {
		b.HeldUntil = &held.Until
	}
	var p event.GateChange
	if err := json.Unmarshal(c.Payload, &p); err == nil { // without its event the row has no details
		b.Branch = p.Branch
		b.Why = p.Why
		b.Thresholds = p.Thresholds
		b.Effective = p.Effective
		b.CountingBody = CountingBody{p.OnlyFixable, p.KEVAsCritical}
		b.Policy = p.Policy
		b.Cause = p.Cause
		b.Failing = p.Failing
	}
	return b
}

// BranchQuery names a branch of a product.
type BranchQuery struct {
	ID     int64  `path:"id"`
	Branch string `query:"branch" doc:"Default: the default branch"`
}

func (a *API) gates() {
	register(a, onGet("/products/{id}/gate", "get-gate"),
		"Get a branch's gate and the reason of its state",
		a.gateOfBranch)
	register(a, onGet("/products/{id}/gate/history", "gate-history"),
		"List the changes of the product's gate, newest first",
		a.history)
	register(a, onPut("/products/{id}/counts", "put-counts"),
		"Replace a scanner's counts per severity",
		func(ctx context.Context, in *countsInput) (*struct{ Body importBody }, error) {
			dest := ingest.Destination{ProductID: in.ID, Branch: in.Body.Branch, Scanner: in.Body.Scanner}
			r, err := a.Ingest.Counts(ctx, actorOf(ctx), dest, in.Body.Counts)
			if err != nil {
				return nil, err
			}
			return &struct{ Body importBody }{a.withFailing(ctx, in.ID, importOf(r))}, nil
		})
}

type countsInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Branch  string        `json:"branch,omitempty" doc:"Default: the default branch"`
		Scanner string        `json:"scanner" doc:"The scanner of these counts"`
		Counts  models.Counts `json:"counts"`
	}
}

func (a *API) history(ctx context.Context, in *idPageInput) (*list[changeBody], error) {
	scope := actorOf(ctx).Scope()
	row, err := a.Store.Product(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	var before int64
	if err := seek(in.Cursor, &before); err != nil {
		return nil, err
	}
	rows, err := a.Store.GateHistory(ctx, scope, in.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	body := func(c models.GateChange) changeBody { return changeOf(c, row.Default.Held) }
	return answer(rows, in.Limit, body, func(c models.GateChange) any { return c.EventID })
}
