package api

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/web"
)

// isPublic reports whether a path needs no token.
func isPublic(path string) bool { return strings.HasPrefix(path, prefix+"/openapi") }

// authenticate sets the actor of a request from its bearer token, or refuses the request.
func (a *API) authenticate(c *gin.Context) {
	if isPublic(c.Request.URL.Path) {
		return
	}
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	var actor authz.Actor
	err := error(fault.New(fault.Unauthenticated, "Send a token: Authorization: Bearer gct_..."))
	if strings.EqualFold(scheme, "Bearer") {
		actor, err = a.Accounts.Bearer(c.Request.Context(), strings.TrimSpace(token), c.ClientIP())
	}
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			c.Header("WWW-Authenticate", "Bearer")
		}
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Wait > 0 {
			c.Header("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		}
		a.fail(c, err)
		return
	}
	ctx := context.WithValue(c.Request.Context(), bearerKey{}, strings.TrimSpace(token))
	ctx = account.WithRequest(web.WithActor(ctx, actor), c.ClientIP(), actor.TokenID)
	c.Request = c.Request.WithContext(ctx)
}

// bearerKey is the context key of the request's token.
type bearerKey struct{}

// bearerOf returns the text of the request's token.
func bearerOf(ctx context.Context) string {
	text, _ := ctx.Value(bearerKey{}).(string)
	return text
}

// actorOf returns the actor of a request; authenticate has set one.
func actorOf(ctx context.Context) authz.Actor {
	a, _ := web.ActorOf(ctx)
	return a
}
