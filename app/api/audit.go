package api

import (
	"context"
	"time"

	"gatecrier/models"
)

// auditBody is an entry of the audit log.
type auditBody struct {
	ID      int64             `json:"id"`
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor"`
	UserID  *int64            `json:"user_id" doc:"null for a product's token, or if the user no longer exists"`
	Action  string            `json:"action" enum:"create,change,delete,run,send again,stop,try now,send held,cancel held,refuse,show"`
	Kind    string            `json:"kind" doc:"settings, user, session, token, product, group, authorization group, member, target, delivery, job"`
	Name    string            `json:"name" doc:"The ID of the object"`
	Product *named            `json:"product"`
	Was     map[string]string `json:"was" doc:"The fields that changed; secrets are masked"`
	Became  map[string]string `json:"became"`
}

func auditOf(a models.Audit) auditBody {
	b := auditBody{
		ID:     a.ID,
		At:     a.At,
		Actor:  a.Actor,
		Action: a.Action,
		Kind:   a.Kind,
		Name:   a.Name,
		Was:    a.Was,
		Became: a.Became,
	}
	if a.UserID != 0 {
		b.UserID = &a.UserID
	}
	if a.ProductID != 0 {
		b.Product = &named{a.ProductID, a.Product}
	}
	return b
}

type auditInput struct {
	Page
	Kind    string    `query:"kind"`
	Actor   string    `query:"actor" maxLength:"100" doc:"Part of the actor's name"`
	Q       string    `query:"q" maxLength:"100" doc:"Part of the object's name"`
	Product int64     `query:"product" minimum:"1" doc:"The ID of a product; its owners can read these entries"`
	Since   time.Time `query:"since"`
	Until   time.Time `query:"until"`
}

func (a *API) audit() {
	register(a, onGet("/audit", "list-audit"),
		"List audit log entries, newest first",
		func(ctx context.Context, in *auditInput) (*list[auditBody], error) {
			f := models.AuditFilter{
				Kind:      in.Kind,
				Actor:     in.Actor,
				Text:      in.Q,
				ProductID: in.Product,
				Since:     in.Since,
				Until:     in.Until,
				Limit:     in.Limit + 1,
			}
			if err := seekPlace(in.Cursor, models.AuditOrders, &f.Place); err != nil {
				return nil, err
			}
			rows, err := a.Audit.List(ctx, actorOf(ctx), f)
			if err != nil {
				return nil, err
			}
			return answer(rows, in.Limit, auditOf, func(r models.Audit) any { return models.AuditOrders.Key(f.Place, r) })
		})
}
