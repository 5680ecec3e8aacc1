package email

import (
	"context"
	"errors"
	"net"
)

// Check connects to the mail server and signs in as for a mail, but sends none. Its error has no
// secret.
func (e *Email) Check(ctx context.Context) error {
	s := e.server()
	ctx, cancel := context.WithTimeout(ctx, e.limits.total)
	defer cancel()
	o := e.overNew(ctx, s, e.checkOver)
	if o.err != nil {
		return errors.New(o.result(s, s.From, 0).Reason)
	}
	return nil
}

// checkOver opens a session over a connection, and ends it.
func (e *Email) checkOver(ctx context.Context, c *connection) outcome {
	defer closeQuietly(c.raw)
	stop := context.AfterFunc(ctx, func() { closeQuietly(c.raw) })
	defer stop()
	c.limited.left = maxReceived
	o := e.openSession(ctx, c)
	o.token = c.token
	if errors.Is(o.err, net.ErrClosed) && ctx.Err() != nil {
		o.err = ctx.Err()
	}
	if o.err == nil {
		_ = c.withDeadline(e.limits.quit, c.client.Quit) //nolint:errcheck // the server has shown that it works
	}
	return o
}
