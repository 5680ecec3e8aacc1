// Package oauth gets access tokens from the token endpoint of an OAuth 2.0 server (RFC 6749), keeps
// each until shortly before it expires, and follows refresh tokens that the server replaces.
package oauth

import (
	"context"
	"sync/atomic"
	"time"

	"gatecrier/app/outbound"
)

// The values of Config.Grant.
const (
	GrantClient  = "client_credentials"
	GrantRefresh = "refresh_token"
)

// Config is the endpoint, and what it gives tokens for. It is comparable.
type Config struct {
	Grant        string // GrantClient, GrantRefresh
	TokenURL     string
	ClientID     string
	ClientSecret string
	Scope        string // several are separated by spaces; "" is the server's default
	RefreshToken string // of GrantRefresh
}

// Keep stores a refresh token that the server has issued instead of another one.
type Keep func(ctx context.Context, instead, token string) error

// Source gets the tokens of one configuration at a time. It is safe for concurrent use.
type Source struct {
	client  *outbound.Client
	now     func() time.Time
	keep    Keep
	turn    chan struct{} // the caller that holds it reads and writes what follows
	config  Config        // that token is for
	until   time.Time
	rotated rotation
	token   atomic.Pointer[string] // "" and nil for none
}

// rotation is a refresh token that the server has issued instead of the configured one.
type rotation struct {
	configured, current string
	kept                bool
}

// New returns a source that asks the endpoint through client.
func New(client *outbound.Client, now func() time.Time, keep Keep) *Source {
	return &Source{client: client, now: now, keep: keep, turn: make(chan struct{}, 1)}
}

// Token returns an access token. One caller at a time asks the endpoint, the others wait for its
// token. The error is an *Error, or that of ctx.
func (s *Source) Token(ctx context.Context, c Config) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	configured := c.RefreshToken
	if s.rotated.current != "" && s.rotated.configured == configured {
		c.RefreshToken = s.rotated.current
	}
	if token := s.token.Load(); token != nil && *token != "" && s.config == c && s.now().Before(s.until) {
		return *token, nil
	}
	asked := s.now()
	got, err := s.ask(ctx, c)
	if err != nil {
		return "", err
	}
	if c.Grant == GrantRefresh {
		if got.refresh != "" && got.refresh != c.RefreshToken {
			s.rotated = rotation{configured: configured, current: got.refresh}
			c.RefreshToken = got.refresh
		}
		s.keepRotated(ctx)
	}
	s.config, s.until = c, asked.Add(got.lifetime)
	s.token.Store(&got.access)
	return got.access, nil
}

// keepRotated stores the current refresh token. If that fails, the next exchange tries it again.
func (s *Source) keepRotated(ctx context.Context) {
	r := &s.rotated
	if r.current == "" || r.kept {
		return
	}
	// The server can have ended the old one: this must not stop with the caller.
	r.kept = s.keep(context.WithoutCancel(ctx), r.configured, r.current) == nil
}

// Forget drops a token that a server has refused, so that the next call of Token gets another.
func (s *Source) Forget(token string) {
	if current := s.token.Load(); current != nil && *current == token {
		s.token.CompareAndSwap(current, nil)
	}
}
