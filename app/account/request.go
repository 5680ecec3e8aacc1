package account

import "context"

// request is where a request of a user comes from.
type request struct {
	address string
	token   int64 // the id of its token, 0 for a session
}

// requestKey is the context key of a request.
type requestKey struct{}

// WithRequest returns a context with the address of a signed-in request and the id of its token, 0
// for a session. They decide which budget a question for the password counts against.
func WithRequest(ctx context.Context, address string, token int64) context.Context {
	return context.WithValue(ctx, requestKey{}, request{address, token})
}

func requestIn(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

// clientNetwork returns the network of a signed-in request, "" if it is not known.
func clientNetwork(ctx context.Context) string { return networkOf(requestIn(ctx).address) }
