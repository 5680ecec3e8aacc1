package oauth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"gatecrier/app/outbound"
)

const (
	clientSecret = "s3cret/value+~Q8"
	firstRefresh = "1//refresh-token-one"
)

// endpoint is a token endpoint that answers requests in turn, the last answer again and again.
type endpoint struct {
	url   string
	roots *x509.CertPool

	mu      sync.Mutex
	answers []reply
	forms   []url.Values
}

type reply struct {
	status int
	body   string
	header map[string]string
}

// serve starts an endpoint, with TLS if secure is true.
func serve(t *testing.T, secure bool, answers ...reply) *endpoint {
	t.Helper()
	e := &endpoint{answers: answers}
	server := httptest.NewUnstartedServer(e)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if secure {
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		server.StartTLS()
		e.roots = x509.NewCertPool()
		e.roots.AddCert(server.Certificate())
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	e.url = server.URL + "/token"
	return e
}

// ServeHTTP answers a request for a token.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	e.forms = append(e.forms, r.PostForm)
	a := e.answers[min(len(e.forms), len(e.answers))-1]
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	fmt.Fprint(w, a.body) //nolint:errcheck // the client sees that it is cut short
}

// asked returns the forms so far.
func (e *endpoint) asked() []url.Values {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]url.Values(nil), e.forms...)
}

// token returns an answer with a token of an hour.
func token(access string) reply {
	return reply{status: http.StatusOK, body: fmt.Sprintf(
		`{"token_type":"Bearer","expires_in":3600,"access_token":%q}`, access)}
}

// rotating returns an answer with another refresh token.
func rotating(access, refresh string) reply {
	return reply{status: http.StatusOK, body: fmt.Sprintf(
		`{"token_type":"bearer","expires_in":"3600","access_token":%q,"refresh_token":%q}`, access, refresh)}
}

// fixture is a source with a clock that tests move, and the refresh tokens that it has kept.
type fixture struct {
	*Source
	at      time.Time
	kept    [][2]string
	keepErr error
}

func newFixture(t *testing.T, roots *x509.CertPool) *fixture {
	t.Helper()
	allow, err := outbound.ParseAllow("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Policy{Allow: allow}, slog.New(slog.DiscardHandler))
	client.SetRoots(roots)
	f := &fixture{at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	f.Source = New(client, func() time.Time { return f.at }, func(_ context.Context, instead, token string) error {
		f.kept = append(f.kept, [2]string{instead, token})
		return f.keepErr
	})
	return f
}

// get returns a token that must be issued.
func (f *fixture) get(t *testing.T, c Config) string {
	t.Helper()
	got, err := f.Token(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func asClient(tokenURL string) Config {
	return Config{
		Grant: GrantClient, TokenURL: tokenURL, ClientID: "gatecrier",
		ClientSecret: clientSecret, Scope: "https://mail.example/.default",
	}
}

func asUser(tokenURL string) Config {
	return Config{
		Grant: GrantRefresh, TokenURL: tokenURL, ClientID: "gatecrier",
		ClientSecret: clientSecret, RefreshToken: firstRefresh,
	}
}
