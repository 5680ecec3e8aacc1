// Package web is the plumbing of HTTP: recovery, request ids, who asks, headers
// of security, faults to answers, and pages that are rendered before a status
// is written.
package web

import (
	"context"

	"gatecrier/app/authz"
)

type actorKey struct{}

// WithActor keeps who asks in a request's context.
func WithActor(ctx context.Context, a authz.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is who asks. ok is false where nobody is signed in.
func ActorOf(ctx context.Context) (a authz.Actor, ok bool) {
	a, ok = ctx.Value(actorKey{}).(authz.Actor)
	return a, ok
}
