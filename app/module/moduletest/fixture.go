// Package moduletest provides the suite that every sending module must pass, against a server that
// answers in all valid ways and some invalid ones.
package moduletest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"gatecrier/app/module"
	"gatecrier/app/outbound"
)

// patience is the limit for what should be immediate.
const patience = 10 * time.Second

// Parts of the receiver's URL that must never be shown.
const (
	secretPath  = "T0pS3cretPath4711"
	secretQuery = "S3cretQueryValue0815"
)

// suite is the module to test.
type suite struct {
	newSender func(*outbound.Client) module.Sender
	newConfig func(url string) module.Config
}

// fixture is a sender and its receiver.
type fixture struct {
	t      *testing.T
	client *outbound.Client
	sender module.Sender
	config module.Config
	server *httptest.Server
	log    *logBuffer

	mu       sync.Mutex
	requests []request
	conns    int
}

// request is what the receiver got.
type request struct {
	header http.Header
	body   []byte
}

// newFixture returns a sender whose guard allows a receiver. The receiver records each request
// before answer handles it.
func (s suite) newFixture(t *testing.T, answer http.HandlerFunc) *fixture {
	t.Helper()
	r := &fixture{t: t, log: &logBuffer{}}
	r.server = httptest.NewUnstartedServer(r.recording(answer))
	r.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.server.Config.ConnState = r.countConns
	r.server.Start()
	t.Cleanup(r.server.Close)
	handler := slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})
	r.client = outbound.New(allowLocal(t), slog.New(handler))
	r.sender = s.newSender(r.client)
	config, err := r.sender.Prepare(s.newConfig(r.server.URL + "/hooks/" + secretPath + "?sig=" + secretQuery))
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	r.config = config
	return r
}

func allowLocal(t *testing.T) outbound.Policy {
	t.Helper()
	allow, err := outbound.ParseAllow("127.0.0.0/8, [::1]")
	if err != nil {
		t.Fatal(err)
	}
	return outbound.Policy{Allow: allow}
}

func (r *fixture) recording(answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			r.t.Errorf("receiver: read body: %v", err)
		}
		r.mu.Lock()
		r.requests = append(r.requests, request{req.Header.Clone(), body})
		r.mu.Unlock()
		answer(w, req)
	})
}

func (r *fixture) countConns(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		r.mu.Lock()
		r.conns++
		r.mu.Unlock()
	}
}

func (r *fixture) got() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.requests...)
}

func (r *fixture) connsMade() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns
}

// send makes an attempt and checks what every result must have.
func (r *fixture) send(ctx context.Context, m module.Message) module.Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	result := r.sender.Send(ctx, r.config, m)
	if result.Reason == "" {
		r.t.Error("the result has no reason")
	}
	if len(result.Answer) > 4<<10 || !utf8.ValidString(result.Answer) || strings.Contains(result.Answer, "\x00") {
		r.t.Errorf("the answer cannot be stored: %d bytes, %q", len(result.Answer), result.Answer)
	}
	if (result.Wait() > 0) != (result.Kind() == module.KindRetryAfter) || result.Wait() > 6*time.Hour {
		r.t.Errorf("%v with a wait of %v", result.Kind(), result.Wait())
	}
	r.checkSecrets("result", result.Reason+" "+result.Answer)
	r.checkSecrets("log", r.log.String())
	return result
}

func (r *fixture) checkSecrets(where, text string) {
	r.t.Helper()
	for _, secret := range append(r.secrets(), secretPath, secretQuery) {
		if strings.Contains(text, secret) {
			r.t.Errorf("the %s has the secret %q: %s", where, secret, text)
		}
	}
}

func (r *fixture) secrets() []string { return r.sender.Descriptor().Secrets(r.config) }

// expect sends the usual message and checks the kind of its result.
func (r *fixture) expect(want module.Kind) module.Result {
	r.t.Helper()
	result := r.send(context.Background(), Usual())
	if result.Kind() != want {
		r.t.Errorf("result = %v (%s), want %v", result.Kind(), result.Reason, want)
	}
	return result
}

// Usual returns an ordinary message.
func Usual() module.Message {
	return module.Message{
		ID: "0198f0a4-7a11-7cc3-98c4-dc0c0c07398f", Type: "gate.changed", Version: 1,
		Time:  time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		Title: "Security gate of Shop failed", Why: "You are a member of Shop", Link: "https://gates.example/products/7",
		Tone:  module.ToneBad,
		Facts: []module.Fact{{Label: "Product", Value: "Shop"}, {Label: "Gate", Value: "from Passed to Failed"}},
		Items: []string{"critical: CVE-2024-3094 in xz 5.6.0", "high: CVE-2021-44228 in log4j-core 2.14.1"},
		Data:  json.RawMessage(`{"product":{"id":7,"name":"Shop"},"from":"passed","to":"failed"}`),
	}
}

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends to the log.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns the whole log.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
