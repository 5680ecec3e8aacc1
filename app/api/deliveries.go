package api

import (
	"context"
	"time"

	"gatecrier/app/delivery"
	"gatecrier/app/fault"
	"gatecrier/models"
)

type deliveryBody struct {
	ID       int64                 `json:"id"`
	Message  string                `json:"message_id" doc:"The same in each attempt: a webhook's webhook-id"`
	Title    string                `json:"title"`
	Origin   models.DeliveryOrigin `json:"origin" enum:"event,test,run" doc:"What caused it: an event, a test by a user, or an action that runs"`
	EventID  *int64                `json:"event_id" doc:"null without an event"`
	Product  *named                `json:"product"`
	Target   targetRef             `json:"target"`
	State    models.DeliveryState  `json:"state" enum:"pending,sending,retrying,delivered,dead,skipped,held,silenced,cancelled"`
	Reason   string                `json:"reason"`
	Tried    int                   `json:"tried" doc:"The number of attempts"`
	NextAt   *time.Time            `json:"next_at"`
	Created  time.Time             `json:"created"`
	Finished *time.Time            `json:"finished"`
	Attempts []attemptBody         `json:"attempts,omitempty" doc:"Only in GET /deliveries/{id}"`
}

type targetRef struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Module string `json:"module"`
	Hint   string `json:"hint" doc:"Host and last four characters; empty for users who cannot edit targets"`
}

type attemptBody struct {
	Number     int       `json:"number"`
	At         time.Time `json:"at"`
	DurationMS float64   `json:"duration_ms"`
	Result     string    `json:"result" doc:"delivered, transient, retry_after, rejected, gone, refused, permanent, skipped; unsure and lost might have arrived"`
	Probe      bool      `json:"probe,omitempty" doc:"A probe of a failing receiver; it does not count as an attempt"`
	Status     int       `json:"status,omitempty"`
	Reason     string    `json:"reason"`
	Answer     string    `json:"answer,omitempty" doc:"At most 4 KB"`
}

func deliveryOf(l delivery.Row) deliveryBody {
	b := deliveryBody{
		ID:       l.ID,
		Message:  "msg_" + l.UUID,
		Title:    l.Title,
		Origin:   l.Origin,
		Target:   targetRef{l.ConnectionID, l.Connection, l.Module, l.Hint},
		State:    l.State,
		Reason:   l.Reason,
		Tried:    l.Delivery.Attempts,
		NextAt:   optional(l.NextAt),
		Created:  l.CreatedAt,
		Finished: optional(l.FinishedAt),
	}
	if l.EventID != 0 {
		b.EventID = &l.EventID
	}
	if l.ProductID != 0 {
		b.Product = &named{l.ProductID, l.Product}
	}
	return b
}

func entryOf(e delivery.Entry) deliveryBody {
	b := deliveryOf(e.Row)
	for _, a := range e.Attempts {
		b.Attempts = append(b.Attempts, attemptBody{
			Number:     a.Number,
			At:         a.At,
			DurationMS: float64(a.Duration.Microseconds()) / 1000,
			Result:     a.Result,
			Probe:      a.Probe,
			Status:     a.Status,
			Reason:     a.Reason,
			Answer:     a.Answer,
		})
	}
	return b
}

type deliveriesInput struct {
	Page
	Resend     int64     `query:"resend"`
	Until      time.Time `query:"until"`
	State      string    `query:"state" enum:"pending,sending,retrying,delivered,dead,skipped,held,silenced,cancelled"`
	Product    int64     `query:"product"`
	Connection int64     `query:"connection"`
	Since      time.Time `query:"since"`
}

func (a *API) deliveries() {
	register(a, onGet("/deliveries", "list-deliveries"),
		"List deliveries, newest first",
		a.deliveryPage)
	register(a, onGet("/deliveries/{id}", "get-delivery"),
		"Get a delivery with its attempts",
		func(ctx context.Context, in *IDPath) (*struct{ Body deliveryBody }, error) {
			e, err := a.DeliveryLog.Get(ctx, actorOf(ctx), in.ID)
			return &struct{ Body deliveryBody }{entryOf(e)}, err
		})
}

func (a *API) deliveryPage(ctx context.Context, in *deliveriesInput) (*list[deliveryBody], error) {
	for name, id := range map[string]int64{"product": in.Product, "connection": in.Connection, "resend": in.Resend} {
		if id < 0 {
			return nil, fault.BadField(name, "Enter a valid ID")
		}
	}
	f := models.DeliveryFilter{
		State:        models.DeliveryState(in.State),
		ProductID:    in.Product,
		ConnectionID: in.Connection,
		Since:        in.Since,
		Until:        in.Until,
		ResendID:     in.Resend,
		Limit:        in.Limit + 1,
	}
	if err := seekPlace(in.Cursor, models.DeliveryOrders, &f.Place); err != nil {
		return nil, err
	}
	rows, err := a.DeliveryLog.List(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, deliveryOf, func(l delivery.Row) any {
		return models.DeliveryOrders.Key(f.Place, l.DeliveryRow)
	})
}
