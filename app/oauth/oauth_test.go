package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/outbound"
)

func TestToken_Grants(t *testing.T) {
	for name, tt := range map[string]struct {
		config func(string) Config
		want   url.Values
	}{
		"client": {asClient, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"gatecrier"}, "client_secret": {clientSecret},
			"scope": {"https://mail.example/.default"},
		}},
		"refresh": {asUser, url.Values{
			"grant_type": {"refresh_token"}, "client_id": {"gatecrier"}, "client_secret": {clientSecret},
			"refresh_token": {firstRefresh},
		}},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				e := serve(t, secure, token("one"))
				if got := newFixture(t, e.roots).get(t, tt.config(e.url)); got != "one" {
					t.Errorf("token = %q", got)
				}
				if diff := cmp.Diff([]url.Values{tt.want}, e.asked()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestToken_EndsShortlyBeforeItExpires(t *testing.T) {
	e := serve(t, false, token("one"), token("two"))
	f, c := newFixture(t, nil), asClient(e.url)
	f.get(t, c)
	f.at = f.at.Add(58*time.Minute - time.Second)
	if got := f.get(t, c); got != "one" || len(e.asked()) != 1 {
		t.Errorf("before its end: %q", got)
	}
	f.at = f.at.Add(time.Second)
	if got := f.get(t, c); got != "two" || len(e.asked()) != 2 {
		t.Errorf("two minutes before it expires: %q", got)
	}
}

func TestToken_Lifetime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"3600": 58 * time.Minute, "60": 30 * time.Second, "": unknownLifetime, "-1": unknownLifetime,
		"1e300": maxLifetime - maxMargin,
	} {
		a := answer{ExpiresIn: json.Number(text)}
		if got := a.lifetime(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestToken_OneExchangeForAll(t *testing.T) {
	e := serve(t, false, token("one"), token("two"))
	f, c := newFixture(t, nil), asClient(e.url)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := f.Token(t.Context(), c); err != nil || got != "one" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
}

func TestToken_OtherSettings(t *testing.T) {
	e := serve(t, false, token("one"), token("two"))
	f, c := newFixture(t, nil), asClient(e.url)
	f.get(t, c)
	c.ClientSecret = "another"
	if got := f.get(t, c); got != "two" || e.asked()[1].Get("client_secret") != "another" {
		t.Errorf("token = %q", got)
	}
}

func TestForget(t *testing.T) {
	e := serve(t, false, token("one"), token("two"))
	f, c := newFixture(t, nil), asClient(e.url)
	f.get(t, c)
	f.Forget("another")
	if got := f.get(t, c); got != "one" {
		t.Errorf("after another was refused: %q", got)
	}
	f.Forget("one")
	if got := f.get(t, c); got != "two" {
		t.Errorf("after it was refused: %q", got)
	}
}

func TestRefreshToken_Rotates(t *testing.T) {
	e := serve(t, false, rotating("one", "r2"), rotating("two", "r3"), token("three"))
	f, c := newFixture(t, nil), asUser(e.url)
	f.get(t, c)
	c.RefreshToken = "r2" // as it was kept
	if got := f.get(t, c); got != "one" {
		t.Errorf("with the token that was kept: %q", got)
	}
	for range 2 {
		f.at = f.at.Add(time.Hour)
		f.get(t, c)
		c.RefreshToken = "r3"
	}
	var sent []string
	for _, form := range e.asked() {
		sent = append(sent, form.Get("refresh_token"))
	}
	if diff := cmp.Diff([]string{firstRefresh, "r2", "r3"}, sent); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][2]string{{firstRefresh, "r2"}, {"r2", "r3"}}, f.kept); diff != "" {
		t.Error(diff)
	}
}

// A database that is down loses no refresh token: it is used, and the next exchange stores it.
func TestRefreshToken_StoredLater(t *testing.T) {
	e := serve(t, false, rotating("one", "r2"), token("two"))
	f, c := newFixture(t, nil), asUser(e.url)
	f.keepErr = errors.New("the database is down")
	f.get(t, c)
	f.at, f.keepErr = f.at.Add(time.Hour), nil
	if got := f.get(t, c); got != "two" || e.asked()[1].Get("refresh_token") != "r2" {
		t.Errorf("token = %q, %v", got, e.asked())
	}
	if diff := cmp.Diff([][2]string{{firstRefresh, "r2"}, {firstRefresh, "r2"}}, f.kept); diff != "" {
		t.Error(diff)
	}
}

func TestToken_Refused(t *testing.T) {
	wrong := reply{
		status: http.StatusUnauthorized,
		body: `{"error":"invalid_client","error_description":"AADSTS7000215: the secret ` + clientSecret +
			` is\r\nwrong"}`,
	}
	html := reply{status: http.StatusBadGateway, body: "<html>" + clientSecret}
	busy := reply{status: http.StatusTooManyRequests, body: `{}`, header: map[string]string{"Retry-After": "30"}}
	for name, tt := range map[string]struct {
		answer    reply
		text      string
		temporary bool
		wait      time.Duration
	}{
		"client":    {wrong, "invalid_client: AADSTS7000215: the secret [hidden] is wrong", false, 0},
		"grant":     {reply{status: 400, body: `{"error":"invalid_grant"}`}, "invalid_grant", false, 0},
		"odd code":  {reply{status: 400, body: `{"error":"<b>no</b>"}`}, "HTTP 400", false, 0},
		"redirect":  {reply{status: 302, body: ``}, "HTTP 302", false, 0},
		"later":     {reply{status: 400, body: `{"error":"temporarily_unavailable"}`}, "temporarily_unavailable", true, 0},
		"html":      {html, "HTTP 502", true, 0},
		"busy":      {busy, "HTTP 429", true, 30 * time.Second},
		"no token":  {reply{status: 200, body: `{}`}, "none that can be used", true, 0},
		"odd token": {token("a\x01b"), "none that can be used", true, 0},
		"kind":      {reply{status: 200, body: `{"access_token":"a","token_type":"mac"}`}, "none that can be used", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve(t, false, tt.answer)
			_, err := newFixture(t, nil).Token(t.Context(), asUser(e.url))
			var refused *Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.text) ||
				refused.Temporary() != tt.temporary || refused.Wait() != tt.wait {
				t.Fatalf("%v", err)
			}
			for _, secret := range []string{clientSecret, firstRefresh, "\n", "\r"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %q", secret, err)
				}
			}
		})
	}
}

func TestToken_GuardedDialer(t *testing.T) {
	e := serve(t, false, token("one"))
	client := outbound.New(outbound.Policy{}, slog.New(slog.DiscardHandler))
	_, err := New(client, time.Now, nil).Token(t.Context(), asClient(e.url))
	if !errors.Is(err, outbound.ErrRefused) || len(e.asked()) != 0 {
		t.Errorf("%v", err)
	}
}

func TestToken_EndsWithItsContext(t *testing.T) {
	f := newFixture(t, nil)
	f.turn <- struct{}{} // another caller waits for the endpoint
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Token(ctx, asClient("https://login.example/token")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
