// Package moduletest provides the suite of modules. Conform tests a module that posts over HTTP,
// against a server that answers in all valid ways and some invalid ones. ConformConfig tests the
// configuration of a module that sends in another way, such as email.
//
// The suite does not know the format of a receiver. The tests of a module itself check:
//   - what it sends of Usual, and of a message that has almost nothing;
//   - that each of HostileTexts is escaped for the receiver, mentions no user and links to nothing;
//   - that texts are truncated within the limits of each of the receiver's fields, and that no escape
//     is cut in half;
//   - how it interprets the receiver's own errors (Hook.Judge).
package moduletest

import (
	"bytes"
	"context"
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

// suite has the module to test.
type suite struct {
	newSender func(*outbound.Client) module.Sender
	newConfig func(url string) module.Config // unprepared
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
	f := &fixture{t: t, log: &logBuffer{}}
	f.server = httptest.NewUnstartedServer(f.recording(answer))
	f.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	f.server.Config.ConnState = f.countConns
	f.server.Start()
	t.Cleanup(f.server.Close)
	handler := slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})
	f.client = newClient(t, slog.New(handler))
	f.sender = s.newSender(f.client)
	config, err := f.sender.Prepare(s.newConfig(f.server.URL + "/hooks/" + secretPath + "?sig=" + secretQuery))
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	f.config = config
	return f
}

// NewClient returns a client whose guard allows servers of the test, and no private addresses else.
func NewClient(t *testing.T) *outbound.Client {
	t.Helper()
	return newClient(t, slog.New(slog.DiscardHandler))
}

func newClient(t *testing.T, log *slog.Logger) *outbound.Client {
	t.Helper()
	allow, err := outbound.ParseAllow("127.0.0.0/8, [::1]")
	if err != nil {
		t.Fatal(err)
	}
	return outbound.New(outbound.Policy{Allow: allow}, log)
}

func (f *fixture) recording(answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			f.t.Errorf("receiver: read body: %v", err)
		}
		f.mu.Lock()
		f.requests = append(f.requests, request{req.Header.Clone(), body})
		f.mu.Unlock()
		answer(w, req)
	})
}

func (f *fixture) countConns(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		f.mu.Lock()
		f.conns++
		f.mu.Unlock()
	}
}

func (f *fixture) got() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.requests...)
}

func (f *fixture) connsMade() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns
}

// send makes an attempt and checks what every result must have.
func (f *fixture) send(ctx context.Context, m module.Message) module.Result {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	result := f.sender.Send(ctx, f.config, m)
	if result.Reason == "" {
		f.t.Error("the result has no reason")
	}
	if len(result.Answer) > 4<<10 || !utf8.ValidString(result.Answer) || strings.Contains(result.Answer, "\x00") {
		f.t.Errorf("the answer cannot be stored: %d bytes, %q", len(result.Answer), result.Answer)
	}
	if (result.Wait() > 0) != (result.Kind() == module.KindRetryAfter) || result.Wait() > 6*time.Hour {
		f.t.Errorf("%v with a wait of %v", result.Kind(), result.Wait())
	}
	f.checkSecrets("result", result.Reason+" "+result.Answer)
	f.checkSecrets("log", f.log.String())
	return result
}

func (f *fixture) checkSecrets(where, text string) {
	f.t.Helper()
	for _, secret := range append(f.secrets(), secretPath, secretQuery) {
		if strings.Contains(text, secret) {
			f.t.Errorf("the %s has the secret %q: %s", where, secret, text)
		}
	}
}

func (f *fixture) secrets() []string { return f.sender.Descriptor().Secrets(f.config) }

// expect sends the usual message and checks the kind of its result.
func (f *fixture) expect(want module.Kind) module.Result {
	f.t.Helper()
	result := f.send(context.Background(), Usual())
	if result.Kind() != want {
		f.t.Errorf("result = %v (%s), want %v", result.Kind(), result.Reason, want)
	}
	return result
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
