// Package outbound makes all outgoing connections: one dialer that refuses internal addresses
// after name resolution, and HTTP exchanges over it with timeouts, bounded answers, no proxy, no
// redirects, and errors that name the host but nothing else of a URL.
package outbound

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Policy is what can change while the program runs.
type Policy struct {
	Allow Allow // exceptions to the guard
}

// Client dials and exchanges under a policy. It is safe for concurrent use.
type Client struct {
	log      *slog.Logger
	now      func() time.Time
	resolver *net.Resolver  // nil is the system's
	roots    *x509.CertPool // nil is the system's
	limits   limits
	state    atomic.Pointer[state]
	policies atomic.Uint64 // the number of policies so far
}

// limits are the timeouts.
type limits struct {
	connect time.Duration // name, TCP and TLS together
	total   time.Duration // an exchange
	body    time.Duration // the body, after the status
	resolve time.Duration // the look-up of CheckWarning
}

// state belongs to one policy, with its open connections: one that a later policy forbids is not
// used again.
type state struct {
	generation uint64
	guard      guard
	transport  *http.Transport
}

// New returns a client. It logs the host and the address of each connection that its guard
// refuses, never a path.
func New(p Policy, log *slog.Logger) *Client {
	c := &Client{log: log, now: time.Now, limits: limits{
		connect: 10 * time.Second, total: 20 * time.Second,
		body: 2 * time.Second, resolve: 3 * time.Second,
	}}
	c.SetPolicy(p)
	return c
}

// SetPolicy replaces the policy for everything that starts from now on. Running exchanges end
// under the old one.
func (c *Client) SetPolicy(p Policy) {
	s := &state{generation: c.policies.Add(1), guard: newGuard(p.Allow)}
	s.transport = c.newTransport(s.guard)
	if old := c.state.Swap(s); old != nil {
		old.transport.CloseIdleConnections()
	}
}

// PolicyVersion identifies the current policy: SetPolicy changes it. A caller that keeps a
// connection of Dial reads it before dialing, and uses the connection only while it stays the
// same.
func (c *Client) PolicyVersion() uint64 { return c.state.Load().generation }

// SetResolver replaces the system's name resolution. Call it before anything is sent.
func (c *Client) SetResolver(r *net.Resolver) { c.resolver = r }

// SetRoots replaces the system's certificate authorities. Call it before anything is sent.
func (c *Client) SetRoots(roots *x509.CertPool) { c.roots = roots }

// newTransport returns an HTTP/1.1 transport: a connection carries one exchange at a time, so that
// a hanging one blocks no other.
func (c *Client) newTransport(g guard) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return c.dial(ctx, g, network, addr)
		},
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return c.dialTLS(ctx, g, network, addr)
		},
		DisableCompression:     true,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
	}
}
