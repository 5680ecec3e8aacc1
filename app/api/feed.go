package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/fault"
)

// feedState reports whether the actor's inbox has a feed.
type feedState struct {
	Made      bool       `json:"made"`
	CreatedAt *time.Time `json:"created_at,omitempty" doc:"When its URL was created"`
}

// feedBody is the address of a feed.
type feedBody struct {
	URL string `json:"url" doc:"Returned only once. Anyone with this URL can read your inbox"`
}

func (a *API) feed() {
	register(a, onGet("/feed", "get-feed"),
		"Get whether your inbox has a feed",
		func(ctx context.Context, _ *struct{}) (*struct{ Body feedState }, error) {
			at, err := a.Feeds.State(ctx, actorOf(ctx))
			b := feedState{Made: !at.IsZero()}
			if b.Made {
				b.CreatedAt = &at
			}
			return &struct{ Body feedState }{b}, err
		})
	register(a, onPost("/feed", "make-feed", http.StatusCreated),
		"Create the URL of your inbox's feed. A previous URL stops working",
		func(ctx context.Context, _ *struct{}) (*created[feedBody], error) {
			url, err := a.makeFeed(ctx)
			return createdAt("/feed", 0, feedBody{url}), err
		})
	register(a, onDelete("/feed", "remove-feed"),
		"Delete the feed of your inbox",
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			return nil, a.Feeds.Remove(ctx, actorOf(ctx))
		})
}

// makeFeed creates the actor's feed. It refuses a token that expires: the feed would outlive it.
func (a *API) makeFeed(ctx context.Context) (string, error) {
	actor := actorOf(ctx)
	if actor.User.ID != 0 {
		err := a.Accounts.RequireExpiryWithin(ctx, bearerOf(ctx), time.Time{})
		if fault.Is(err, fault.Invalid) {
			err = fault.New(fault.Forbidden, "This token expires, but the feed would not: use a token without an end")
		}
		if err != nil {
			return "", err
		}
	}
	return a.Feeds.Make(ctx, actor)
}
