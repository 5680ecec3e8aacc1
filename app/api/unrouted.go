package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/models"
)

type unroutedBody struct {
	ID      int64      `json:"id" doc:"The ID of the event"`
	Type    string     `json:"type"`
	At      time.Time  `json:"at"`
	Product *named     `json:"product"`
	Tries   int        `json:"tries"`
	Error   string     `json:"error" doc:"Why the last attempt failed"`
	Next    *time.Time `json:"next" doc:"The next attempt; null: immediately"`
}

func unroutedOf(w models.FailedWork) unroutedBody {
	b := unroutedBody{
		ID:    w.Event.ID,
		Type:  w.Event.Type,
		At:    w.Event.At,
		Tries: w.Attempts,
		Error: w.Error,
		Next:  optional(w.NextAt),
	}
	if w.Event.ProductID != 0 {
		b.Product = &named{w.Event.ProductID, w.Event.Product}
	}
	return b
}

type retriedBody struct {
	Retried int64 `json:"retried" doc:"How many events are retried now"`
}

func (a *API) unrouted() {
	register(a, onGet("/unrouted-events", "list-unrouted-events"),
		"List the events that could not be routed yet, oldest first",
		func(ctx context.Context, in *Page) (*list[unroutedBody], error) {
			var after int64
			if err := seek(in.Cursor, &after); err != nil {
				return nil, err
			}
			rows, err := a.Unrouted.List(ctx, actorOf(ctx), after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return answer(rows, in.Limit, unroutedOf, func(w models.FailedWork) any { return w.Event.ID })
		})
	register(a, onPost("/unrouted-events/retry", "retry-unrouted-events", http.StatusAccepted),
		"Retry all events that could not be routed",
		func(ctx context.Context, _ *struct{}) (*struct{ Body retriedBody }, error) {
			n, err := a.Unrouted.Retry(ctx, actorOf(ctx), 0)
			return &struct{ Body retriedBody }{retriedBody{n}}, err
		})
	register(a, onPost("/unrouted-events/{id}/retry", "retry-unrouted-event", http.StatusAccepted),
		"Retry an event that could not be routed",
		func(ctx context.Context, in *IDPath) (*struct{ Body retriedBody }, error) {
			n, err := a.Unrouted.Retry(ctx, actorOf(ctx), in.ID)
			return &struct{ Body retriedBody }{retriedBody{n}}, err
		})
}
