package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/outbound"
)

const (
	maxAnswer = 64 << 10 // bytes; tokens with many claims have some KiB each
	maxToken  = 16 << 10

	unknownLifetime = 5 * time.Minute
	maxLifetime     = 24 * time.Hour
	maxMargin       = 2 * time.Minute
)

// issued is what the endpoint has issued.
type issued struct {
	access, refresh string
	lifetime        time.Duration // how long the access token is used
}

// answer is a token, or an error, of an endpoint (RFC 6749, 5.1 and 5.2).
type answer struct {
	AccessToken  string      `json:"access_token"`
	TokenType    string      `json:"token_type"`
	RefreshToken string      `json:"refresh_token"`
	ExpiresIn    json.Number `json:"expires_in"` // seconds; some servers send a string
	Error        string      `json:"error"`
	Description  string      `json:"error_description"`
}

// ask makes one exchange with the endpoint.
func (s *Source) ask(ctx context.Context, c Config) (issued, error) {
	host := "the token endpoint"
	if u, err := url.Parse(c.TokenURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	a, err := s.client.Do(ctx, outbound.Request{
		Method: http.MethodPost,
		URL:    c.TokenURL,
		Header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"},
			"Accept":       {"application/json"},
		},
		Body:    []byte(c.form().Encode()),
		MaxBody: maxAnswer,
	})
	if err != nil {
		return issued{}, &Error{reason: "no access token: " + err.Error(), cause: err, temporary: true}
	}
	var said answer
	decodeErr := json.Unmarshal(a.Body, &said)
	if a.Status != http.StatusOK || said.Error != "" {
		return issued{}, refusal(c, host, a, said)
	}
	if decodeErr != nil || !said.valid() {
		return issued{}, &Error{
			reason:    "no access token: the answer of " + host + " has none that can be used",
			temporary: true,
		}
	}
	return issued{access: said.AccessToken, refresh: said.RefreshToken, lifetime: said.lifetime()}, nil
}

func (c Config) form() url.Values {
	form := url.Values{"grant_type": {c.Grant}, "client_id": {c.ClientID}}
	for name, value := range map[string]string{"client_secret": c.ClientSecret, "scope": c.Scope} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if c.Grant == GrantRefresh {
		form.Set("refresh_token", c.RefreshToken)
	}
	return form
}

// valid reports whether the answer has a bearer token that fits into a line.
func (a answer) valid() bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	return a.AccessToken != "" && len(a.AccessToken) <= maxToken && len(a.RefreshToken) <= maxToken &&
		!strings.ContainsFunc(a.AccessToken, odd) && !strings.ContainsFunc(a.RefreshToken, odd) &&
		(a.TokenType == "" || strings.EqualFold(a.TokenType, "bearer"))
}

// lifetime returns how long the token is used: it ends before the token does, because a message
// takes its time.
func (a answer) lifetime() time.Duration {
	seconds, err := strconv.ParseFloat(a.ExpiresIn.String(), 64)
	if err != nil || seconds <= 0 {
		return unknownLifetime
	}
	d := time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
	return d - min(maxMargin, d/2)
}

// Error is why there is no access token, without a secret.
type Error struct {
	reason    string
	cause     error // of package outbound
	temporary bool
	wait      time.Duration
}

// Error returns the reason, for users.
func (e *Error) Error() string { return e.reason }

// Unwrap returns the error of package outbound, nil if the endpoint has answered.
func (e *Error) Unwrap() error { return e.cause }

// Temporary reports whether the same request can succeed later.
func (e *Error) Temporary() bool { return e.temporary && !errors.Is(e.cause, outbound.ErrRefused) }

// Wait returns how long the endpoint asked to wait, 0 if it did not.
func (e *Error) Wait() time.Duration { return e.wait }
