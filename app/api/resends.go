package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"gatecrier/app/delivery"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// maxResendIDs bounds the deliveries that a selection names.
const maxResendIDs = 1000

type resendInput struct {
	Body struct {
		Since      *time.Time           `json:"since,omitempty" doc:"Only deliveries created since"`
		Until      *time.Time           `json:"until,omitempty" doc:"Only deliveries created before"`
		Product    int64                `json:"product,omitempty" minimum:"1"`
		Connection int64                `json:"connection,omitempty" minimum:"1"`
		State      models.DeliveryState `json:"state,omitempty" enum:"dead,cancelled,skipped,silenced,delivered" doc:"Default: dead; with ids, any state"`
		IDs        []int64              `json:"ids,omitempty" maxItems:"1000" doc:"The IDs of the deliveries"`
		Preview    bool                 `json:"preview,omitempty" doc:"true: only return what would be resent"`
	}
}

func (in *resendInput) filter() (models.DeliveryFilter, error) {
	b := in.Body
	f := models.DeliveryFilter{
		ProductID:    b.Product,
		ConnectionID: b.Connection,
		State:        b.State,
		Since:        valueOf(b.Since),
		Until:        valueOf(b.Until),
	}
	if f.IDs = slices.Compact(slices.Sorted(slices.Values(b.IDs))); len(f.IDs) > maxResendIDs {
		return f, fault.BadField("ids", "at most 1000")
	}
	if f.Since.IsZero() && len(f.IDs) == 0 && f.ConnectionID == 0 && f.ProductID == 0 {
		return f, fault.BadField("since", "Choose what to resend: by since, product, connection or ids")
	}
	return f, nil
}

type resendBody struct {
	Will    int             `json:"will" doc:"Deliveries that are resent"`
	Off     int             `json:"off" doc:"Not resent: their target is turned off"`
	Other   int             `json:"other" doc:"Not resent: you cannot edit their target"`
	Over    int             `json:"over" doc:"Not resent: over the limit of one resend"`
	Targets []resendTarget  `json:"targets"`
	Resend  *resendProgress `json:"resend" doc:"null in a preview"`
}

type resendTarget struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Module string `json:"module"`
	Count  int    `json:"count"`
}

type resendProgress struct {
	ID      int64                        `json:"id"`
	What    string                       `json:"what"`
	By      string                       `json:"by"`
	Total   int                          `json:"total"`
	Left    int                          `json:"left" doc:"Have not ended yet"`
	States  map[models.DeliveryState]int `json:"states"`
	Created time.Time                    `json:"created"`
	Stopped *time.Time                   `json:"stopped"`
}

func progressOf(p delivery.Progress) resendProgress {
	return resendProgress{
		ID:      p.ID,
		What:    p.What,
		By:      p.By,
		Total:   p.Total,
		Left:    p.Left(),
		States:  p.States,
		Created: p.CreatedAt,
		Stopped: optional(p.StoppedAt),
	}
}

type (
	resendAnswer   struct{ Body resendBody }
	progressAnswer struct{ Body resendProgress }
)

func (a *API) resends() {
	register(a, onPost("/deliveries/{id}/resend", "resend-delivery", http.StatusAccepted),
		"Resend a delivery, with the same message ID",
		func(ctx context.Context, in *IDPath) (*struct{ Body deliveryBody }, error) {
			b, err := a.resendOne(ctx, in.ID)
			return &struct{ Body deliveryBody }{b}, err
		})
	register(a, onPost("/deliveries/resend", "resend-deliveries", http.StatusAccepted),
		"Resend failed deliveries, or a selection",
		func(ctx context.Context, in *resendInput) (*resendAnswer, error) {
			b, err := a.resend(ctx, in)
			return &resendAnswer{b}, err
		})
	register(a, onGet("/resends/{id}", "get-resend"),
		"Get the progress of a resend",
		func(ctx context.Context, in *IDPath) (*progressAnswer, error) {
			p, err := a.DeliveryLog.Progress(ctx, actorOf(ctx), in.ID)
			return &progressAnswer{progressOf(p)}, err
		})
	register(a, onPost("/resends/{id}/stop", "stop-resend", http.StatusOK),
		"Stop a resend: cancel the messages that are not sent yet",
		func(ctx context.Context, in *IDPath) (*progressAnswer, error) {
			err := a.DeliveryLog.StopResend(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			p, err := a.DeliveryLog.Progress(ctx, actorOf(ctx), in.ID)
			return &progressAnswer{progressOf(p)}, err
		})
}

func (a *API) resendOne(ctx context.Context, id int64) (deliveryBody, error) {
	if err := a.DeliveryLog.ResendOne(ctx, actorOf(ctx), id); err != nil {
		return deliveryBody{}, err
	}
	e, err := a.DeliveryLog.Get(ctx, actorOf(ctx), id)
	return entryOf(e), err
}

func (a *API) resend(ctx context.Context, in *resendInput) (resendBody, error) {
	f, err := in.filter()
	if err != nil {
		return resendBody{}, err
	}
	p, err := a.DeliveryLog.Preview(ctx, actorOf(ctx), f)
	if err != nil {
		return resendBody{}, err
	}
	b := resendBody{
		Will:    p.Sendable,
		Off:     p.Disabled,
		Other:   p.Forbidden,
		Over:    p.Beyond,
		Targets: make([]resendTarget, 0, len(p.ByConnection)),
	}
	for _, t := range p.ByConnection {
		b.Targets = append(b.Targets, resendTarget{t.ConnectionID, t.Connection, t.Module, t.N})
	}
	if in.Body.Preview {
		return b, nil
	}
	r, err := a.DeliveryLog.Resend(ctx, actorOf(ctx), f)
	if err != nil {
		return b, err
	}
	b.Will = r.Total
	b.Resend = &resendProgress{
		ID:      r.ID,
		What:    r.What,
		By:      r.By,
		Total:   r.Total,
		Left:    r.Total,
		States:  map[models.DeliveryState]int{models.DeliveryPending: r.Total},
		Created: r.CreatedAt,
	}
	return b, nil
}
