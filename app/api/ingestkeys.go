package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
)

type ingestKeyBody struct {
	Key       string    `json:"key" doc:"It can do nothing but report exceptions of the product"`
	DSN       string    `json:"dsn" doc:"For an SDK of Sentry"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

type ingestKeyAnswer struct{ Body ingestKeyBody }

func (a *API) ingestKeyOf(k models.IngestKey) *ingestKeyAnswer {
	return &ingestKeyAnswer{
		ingestKeyBody{Key: k.Key, DSN: product.DSN(a.BaseURL(), k), CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt},
	}
}

func (a *API) ingestKeys() {
	huma.Register(
		a.huma,
		operation(
			http.MethodGet,
			"/products/{id}/ingest-key",
			"get-ingest-key",
			"Get the key that a product's exceptions are reported with",
			0,
		),
		func(ctx context.Context, in *IDPath) (*ingestKeyAnswer, error) {
			k, ok, err := a.Products.IngestKey(ctx, actorOf(ctx), in.ID)
			if err == nil && !ok {
				err = fault.NewNotFound("ingest key: make one")
			}
			return a.ingestKeyOf(k), a.problem(ctx, err)
		},
	)
	huma.Register(
		a.huma,
		operation(
			http.MethodPost,
			"/products/{id}/ingest-key",
			"create-ingest-key",
			"Make that key, or another one in its place",
			http.StatusCreated,
		),
		func(ctx context.Context, in *IDPath) (*ingestKeyAnswer, error) {
			k, err := a.Products.NewIngestKey(ctx, actorOf(ctx), in.ID)
			return a.ingestKeyOf(k), a.problem(ctx, err)
		},
	)
	huma.Register(
		a.huma,
		operation(
			http.MethodDelete, "/products/{id}/ingest-key", "delete-ingest-key", "Take that key away", http.StatusNoContent,
		),
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.problem(ctx, a.Products.RemoveIngestKey(ctx, actorOf(ctx), in.ID))
		},
	)
}
