package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/product"
	"gatecrier/models"
)

// tokenBody is an API token as the API returns it.
type tokenBody struct {
	ID       int64       `json:"id"`
	Name     string      `json:"name"`
	Role     models.Role `json:"role" doc:"The role that a user's token is limited to; empty: all rights of the user"`
	Hint     string      `json:"hint" doc:"Its last four characters"`
	Created  time.Time   `json:"created"`
	Expires  *time.Time  `json:"expires_at"`
	LastUsed *time.Time  `json:"last_used" doc:"Accurate to a few seconds"`
	Token    string      `json:"token,omitempty" doc:"Only in the response to POST"`
}

func tokenOf(t models.Token) tokenBody {
	return tokenBody{
		ID:       t.ID,
		Name:     t.Name,
		Role:     t.Role,
		Hint:     t.Hint,
		Created:  t.CreatedAt,
		Expires:  optional(t.ExpiresAt),
		LastUsed: optional(t.LastUsedAt),
	}
}

// createdToken returns the answer with a new token of a collection, and its text.
func createdToken(collection string, t models.Token, text string) *created[tokenBody] {
	b := tokenOf(t)
	b.Token = text
	return createdAt(pathTo(collection, t.ID), 0, b)
}

type productTokenInput struct {
	IDPath
	Body struct {
		Name      string      `json:"name"`
		Role      models.Role `json:"role" enum:"reader,upload,writer,maintainer"`
		ExpiresAt *time.Time  `json:"expires_at,omitempty"`
	}
}

type productTokenPath struct {
	ID      int64 `path:"id"`
	TokenID int64 `path:"token_id"`
}

func (a *API) productTokens() {
	register(a, onGet("/products/{id}/tokens", "list-product-tokens"),
		"List a product's tokens",
		func(ctx context.Context, in *IDPath) (*list[tokenBody], error) {
			rows, err := a.Products.Tokens(ctx, actorOf(ctx), in.ID)
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), tokenOf, nil)
		})
	register(a, onPost("/products/{id}/tokens", "create-product-token", http.StatusCreated),
		"Create a token with a role in one product",
		func(ctx context.Context, in *productTokenInput) (*created[tokenBody], error) {
			d := product.TokenDraft{Name: in.Body.Name, Role: in.Body.Role, ExpiresAt: valueOf(in.Body.ExpiresAt)}
			if err := a.Accounts.RequireExpiryWithin(ctx, bearerOf(ctx), d.ExpiresAt); err != nil {
				return nil, err
			}
			t, text, err := a.Products.CreateToken(ctx, actorOf(ctx), in.ID, d)
			return createdToken(pathTo("/products", in.ID)+"/tokens", t, text), err
		})
	register(a, onDelete("/products/{id}/tokens/{token_id}", "revoke-product-token"),
		"Revoke a product's token",
		func(ctx context.Context, in *productTokenPath) (*struct{}, error) {
			return nil, a.Products.RevokeToken(ctx, actorOf(ctx), in.ID, in.TokenID)
		})
}
