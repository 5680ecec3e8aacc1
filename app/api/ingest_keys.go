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
	Key       string    `json:"key" doc:"It can only report exceptions of the product"`
	DSN       string    `json:"dsn" doc:"For a Sentry SDK"`
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
		"Get the ingest key of a product",
		func(ctx context.Context, in *IDPath) (*ingestKeyAnswer, error) {
			k, ok, err := a.Products.IngestKey(ctx, actorOf(ctx), in.ID)
			if err == nil && !ok {
				err = fault.NewNotFound("ingest key: create one")
			}
			return &ingestKeyAnswer{a.ingestKeyOf(k)}, err
		})
	register(a, onPost("/products/{id}/ingest-key", "create-ingest-key", http.StatusCreated),
		"Create or replace the ingest key of a product",
		func(ctx context.Context, in *IDPath) (*created[ingestKeyBody], error) {
			k, err := a.Products.NewIngestKey(ctx, actorOf(ctx), in.ID)
			return createdAt(pathTo("/products", in.ID)+"/ingest-key", 0, a.ingestKeyOf(k)), err
		})
	register(a, onDelete("/products/{id}/ingest-key", "delete-ingest-key"),
		"Delete the ingest key of a product",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Products.RemoveIngestKey(ctx, actorOf(ctx), in.ID)
		})
}
