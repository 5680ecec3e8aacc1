package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/delivery"
	"gatecrier/models"
)

type heldDeliveriesBody struct {
	Waiting     bool                   `json:"waiting" doc:"Whether an administrator has to decide"`
	BackupAt    *time.Time             `json:"backup_at" doc:"When the restored backup was made, null if none was restored"`
	RestoredAt  *time.Time             `json:"restored_at"`
	Count       int                    `json:"count" doc:"Messages that are held"`
	GateChanges int                    `json:"gate_changes" doc:"Gate changes on hold; the decision applies to their messages too"`
	Oldest      *time.Time             `json:"oldest" doc:"When the first of them was created"`
	Targets     []heldDeliveriesTarget `json:"targets"`
	Decision    string                 `json:"decision" enum:",send,cancel" doc:"Empty until an administrator decides"`
	Reason      string                 `json:"reason" doc:"The reason of a cancellation"`
	DecidedBy   string                 `json:"decided_by"`
	DecidedAt   *time.Time             `json:"decided_at"`
}

type heldDeliveriesTarget struct {
	ID     int64     `json:"id" doc:"0 for emails about accounts, which have no target"`
	Name   string    `json:"name"`
	Module string    `json:"module"`
	Owner  string    `json:"owner" doc:"Its product, group or user, empty for the system"`
	Count  int       `json:"count"`
	Oldest time.Time `json:"oldest"`
}

func heldDeliveriesOf(s delivery.HeldStatus) heldDeliveriesBody {
	b := heldDeliveriesBody{
		Waiting:     s.Waiting(),
		BackupAt:    optional(s.BackupAt),
		RestoredAt:  optional(s.RestoredAt),
		Count:       s.Count,
		GateChanges: s.GateChanges,
		Oldest:      optional(s.Oldest),
		Targets:     make([]heldDeliveriesTarget, len(s.Targets)),
		Decision:    string(s.Decision),
		Reason:      s.Reason,
		DecidedBy:   s.DecidedBy,
		DecidedAt:   optional(s.DecidedAt),
	}
	for i, t := range s.Targets {
		b.Targets[i] = heldDeliveriesTarget{
			ID: t.ConnectionID, Name: t.Connection, Module: t.Module, Owner: t.Owner, Count: t.Count, Oldest: t.Oldest,
		}
	}
	return b
}

type heldAnswer struct{ Body heldDeliveriesBody }

type heldCancelInput struct {
	Body struct {
		Reason string `json:"reason" maxLength:"200" doc:"Why they are not sent"`
	}
}

// heldDeliveries adds the operations about messages that a restore holds.
func (a *API) heldDeliveries() {
	register(a, onGet("/held-deliveries", "get-held-deliveries"),
		"Show the messages that are held after a restore",
		func(ctx context.Context, _ *struct{}) (*heldAnswer, error) { return a.heldStatus(ctx) })
	register(a, onPost("/held-deliveries/send", "send-held-deliveries", http.StatusOK),
		"Send all messages that are held after a restore",
		func(ctx context.Context, _ *struct{}) (*heldAnswer, error) {
			if err := a.Held.Decide(ctx, actorOf(ctx), models.RestoreSend, ""); err != nil {
				return nil, err
			}
			return a.heldStatus(ctx)
		})
	register(a, onPost("/held-deliveries/cancel", "cancel-held-deliveries", http.StatusOK),
		"Cancel all messages that are held after a restore",
		func(ctx context.Context, in *heldCancelInput) (*heldAnswer, error) {
			if err := a.Held.Decide(ctx, actorOf(ctx), models.RestoreCancel, in.Body.Reason); err != nil {
				return nil, err
			}
			return a.heldStatus(ctx)
		})
}

func (a *API) heldStatus(ctx context.Context) (*heldAnswer, error) {
	s, err := a.Held.Status(ctx, actorOf(ctx))
	return &heldAnswer{heldDeliveriesOf(s)}, err
}
