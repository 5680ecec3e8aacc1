// Package web has the HTTP layer that the pages and the API share: recovery, request ids, the
// actor of a request, security headers, answers to faults, and buffered rendering of pages.
package web

import (
	"context"

	"gatecrier/app/authz"
)

type actorKey struct{}

// WithActor returns a context with the actor of a request.
func WithActor(ctx context.Context, a authz.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns the actor of a request. ok is false if no user is signed in.
func ActorOf(ctx context.Context) (a authz.Actor, ok bool) {
	a, ok = ctx.Value(actorKey{}).(authz.Actor)
	return a, ok
}
