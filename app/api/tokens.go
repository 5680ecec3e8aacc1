package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/account"
	"gatecrier/models"
)

type userTokenInput struct {
	Body struct {
		Name      string      `json:"name"`
		Role      models.Role `json:"role,omitempty" enum:"reader,upload,writer,maintainer,owner" doc:"At most the rights of the token used for this request"`
		ExpiresAt *time.Time  `json:"expires_at,omitempty" doc:"Not later than the end of the token used for this request; absent: never"`
	}
}

func (a *API) tokens() {
	register(a, onGet("/tokens", "list-own-tokens"),
		"List your tokens, the newest first",
		func(ctx context.Context, _ *struct{}) (*list[tokenBody], error) {
			rows, err := a.Accounts.Tokens(ctx, actorOf(ctx))
			if err != nil {
				return nil, err
			}
			return answer(rows, len(rows), tokenOf, nil)
		})
	register(a, onPost("/tokens", "create-own-token", http.StatusCreated),
		"Create a token with at most the rights and the lifetime of the token used for this request; without a token, "+
			"on the page Profile, your password is required",
		func(ctx context.Context, in *userTokenInput) (*created[tokenBody], error) {
			n := account.NewToken{Name: in.Body.Name, Role: in.Body.Role, ExpiresAt: valueOf(in.Body.ExpiresAt)}
			t, text, err := a.Accounts.AddToken(ctx, actorOf(ctx), account.Proof{Bearer: bearerOf(ctx)}, n)
			return createdToken("/tokens", t, text), err
		})
	register(a, onDelete("/tokens/{id}", "revoke-own-token"),
		"Revoke one of your tokens",
		func(ctx context.Context, in *IDPath) (*struct{}, error) {
			return nil, a.Accounts.RevokeToken(ctx, actorOf(ctx), in.ID)
		})
}
