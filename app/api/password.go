package api

import (
	"context"
	"net/http"

	"gatecrier/app/account"
)

type passwordInput struct {
	Body struct {
		Current    string  `json:"current" maxLength:"1024"`
		New        string  `json:"new" maxLength:"1024"`
		KeepTokens []int64 `json:"keep_tokens,omitempty" maxItems:"200" doc:"The IDs of your tokens to keep, including the one used for this request; all others are revoked"`
	}
}

// password adds the operation that changes the user's own password.
func (a *API) password() {
	register(a, onPost("/password", "change-own-password", http.StatusNoContent),
		"Change your password. This ends all your sessions, links and your feed, and revokes the tokens not in keep_tokens",
		func(ctx context.Context, in *passwordInput) (*struct{}, error) {
			b := in.Body
			_, err := a.Accounts.ChangePassword(ctx, actorOf(ctx),
				account.PasswordChange{Current: b.Current, New: b.New, Keep: b.KeepTokens})
			return nil, err
		})
}
