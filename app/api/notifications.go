package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/fault"
	"gatecrier/models"
)

type notificationBody struct {
	ID      int64     `json:"id"`
	Type    string    `json:"type"`
	Name    string    `json:"name"`
	Message string    `json:"message"`
	Product *named    `json:"product"`
	Created time.Time `json:"created"`
	Viewed  bool      `json:"viewed"`
	// Delivery counts the deliveries of its event by state.
	Delivery map[models.DeliveryState]int `json:"delivery"`
}

type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func notificationOf(n models.Notification) notificationBody {
	b := notificationBody{ID: n.EventID, Type: n.Type, Name: n.Name, Message: n.Message, Created: n.At, Viewed: n.Viewed}
	if n.ProductID != 0 {
		b.Product = &named{n.ProductID, n.Product}
	}
	return b
}

type inboxInput struct {
	Page
	Unread  string `query:"unread" enum:"true,false"`
	Type    string `query:"type"`
	Product int64  `query:"product"`
	Q       string `query:"q" doc:"Part of the name, message or product"`
}

type markInput struct {
	Body struct {
		IDs  []int64 `json:"ids,omitempty" maxItems:"250"`
		UpTo int64   `json:"up_to,omitempty" doc:"Instead of ids: everything up to this notification"`
	}
}

func (a *API) notifications() {
	huma.Register(a.huma, operation(http.MethodGet, "/notifications", "list-notifications", "List your inbox, newest first", 0),
		func(ctx context.Context, in *inboxInput) (*list[notificationBody], error) {
			out, err := a.inboxPage(ctx, in)
			return out, a.problem(ctx, err)
		})
	huma.Register(a.huma, operation(http.MethodGet, "/notifications/count", "count-notifications", "Count your unread notifications, up to 1000", 0),
		func(ctx context.Context, _ *struct{}) (*unreadAnswer, error) {
			n, err := a.Inbox.Unread(ctx, actorOf(ctx))
			out := &unreadAnswer{}
			out.Body.Unread = n
			return out, a.problem(ctx, err)
		})
	huma.Register(a.huma, operation(http.MethodGet, "/notifications/{id}", "get-notification", "Get a notification", 0),
		func(ctx context.Context, in *IDPath) (*struct{ Body notificationBody }, error) {
			n, err := a.Inbox.Get(ctx, actorOf(ctx), in.ID)
			return &struct{ Body notificationBody }{notificationOf(n)}, a.problem(ctx, err)
		})
	huma.Register(a.huma, operation(http.MethodPost, "/notifications/viewed", "mark-viewed", "Mark notifications as viewed, for you", http.StatusNoContent),
		func(ctx context.Context, in *markInput) (*struct{}, error) {
			if in.Body.UpTo != 0 && len(in.Body.IDs) == 0 {
				return nil, a.problem(ctx, a.Inbox.MarkAll(ctx, actorOf(ctx), in.Body.UpTo))
			}
			return nil, a.problem(ctx, a.Inbox.Mark(ctx, actorOf(ctx), in.Body.IDs, true))
		})
	huma.Register(a.huma, operation(http.MethodPost, "/notifications/unviewed", "mark-unviewed", "Mark notifications as not viewed, for you", http.StatusNoContent),
		func(ctx context.Context, in *markInput) (*struct{}, error) {
			return nil, a.problem(ctx, a.Inbox.Mark(ctx, actorOf(ctx), in.Body.IDs, false))
		})
}

type unreadAnswer struct {
	Body struct {
		Unread int `json:"unread" doc:"1000 stands for 1000 and more"`
	}
}

func (a *API) inboxPage(ctx context.Context, in *inboxInput) (*list[notificationBody], error) {
	actor := actorOf(ctx)
	if in.Product < 0 {
		return nil, fault.BadField("product", "This is no id")
	}
	f := models.InboxFilter{Unread: in.Unread == "true", Type: in.Type, ProductID: in.Product, Text: in.Q, Limit: in.Limit + 1}
	if err := seek(in.Cursor, &f.Before); err != nil {
		return nil, err
	}
	rows, err := a.Inbox.List(ctx, actor, f)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, n := range rows {
		ids[i] = n.EventID
	}
	tally, err := a.Store.DeliveryTally(ctx, actor.Scope(), ids)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, func(n models.Notification) notificationBody {
		b := notificationOf(n)
		b.Delivery = tally[n.EventID]
		return b
	}, func(n models.Notification) any { return n.EventID })
}
