package api

import (
	"context"
	"net/http"

	"gatecrier/models"
)

// badgeBody is the address of a product's badge.
type badgeBody struct {
	URL string `json:"url" doc:"Public: anyone with this URL can see the state of the gate, and nothing else"`
}

func (a *API) badges() {
	register(a, onPost("/products/{id}/badge", "make-badge", http.StatusCreated),
		"Create a badge of the gate's state. A previous URL stops working",
		func(ctx context.Context, in *IDPath) (*created[badgeBody], error) {
			path, err := a.Products.MakeBadge(ctx, actorOf(ctx), in.ID)
			return createdAt(pathTo("/products", in.ID)+"/badge", 0, badgeBody{a.BaseURL() + path}), err
		})
	register(a, onDelete("/products/{id}/badge", "remove-badge"),
		"Delete the badge",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Products.DropBadge(ctx, actorOf(ctx), in.ID)
		})
}

// badgeOf returns the address of a product's badge, "" if it has none or the actor cannot
// edit the product.
func (a *API) badgeOf(ctx context.Context, p models.Product) (string, error) {
	path, err := a.Products.Badge(ctx, actorOf(ctx), p)
	if path == "" || err != nil {
		return "", err
	}
	return a.BaseURL() + path, nil
}
