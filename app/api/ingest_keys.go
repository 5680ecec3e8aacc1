package api

import (
	"context"
	"net/http"
	"time"

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

func (a *API) ingestKeyOf(k models.IngestKey) ingestKeyBody {
	return ingestKeyBody{
		Key:       k.Key,
		DSN:       product.DSN(a.BaseURL(), k),
		CreatedBy: k.CreatedBy,
		CreatedAt: k.CreatedAt,
	}
}

func (a *API) ingestKeys() {
	register(a, onGet("/products/{id}/ingest-key", "get-ingest-key"),
		"Get the key that a product's exceptions are reported with",
		func(ctx context.Context, in *IDPath) (*ingestKeyAnswer, error) {
			k, ok, err := a.Products.IngestKey(ctx, actorOf(ctx), in.ID)
			if err == nil && !ok {
				err = fault.NewNotFound("ingest key: make one")
			}
			return &ingestKeyAnswer{a.ingestKeyOf(k)}, err
		})
	register(a, onPost("/products/{id}/ingest-key", "create-ingest-key", http.StatusCreated),
		"Make that key, or another one in its place",
		func(ctx context.Context, in *IDPath) (*created[ingestKeyBody], error) {
			k, err := a.Products.NewIngestKey(ctx, actorOf(ctx), in.ID)
			return createdAt(pathTo("/products", in.ID)+"/ingest-key", 0, a.ingestKeyOf(k)), err
		})
	register(a, onDelete("/products/{id}/ingest-key", "delete-ingest-key"),
		"Take that key away",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Products.RemoveIngestKey(ctx, actorOf(ctx), in.ID)
		})
}
