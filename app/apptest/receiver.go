package apptest

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	webhook "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Message is a request that a receiver got.
type Message struct {
	Header http.Header
	Body   []byte
}

// ID is the message's id.
func (m Message) ID() string { return m.Header.Get("webhook-id") }

// Receiver is a webhook's other end. It answers with the statuses it was told,
// then with 200.
type Receiver struct {
	URL string

	mu       sync.Mutex
	answers  []int
	after    http.Header // in each answer
	messages []Message
	held     chan struct{} // closed when requests go on, nil where they do not wait
}

// NewReceiver starts a receiver that stops with the test.
func NewReceiver(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	t.Cleanup(r.Release)
	r.URL = s.URL
	return r
}

// NewReceiverAt starts a receiver on an address that nobody listens on.
func NewReceiverAt(t testing.TB, address string) *Receiver {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r := &Receiver{URL: "http://" + address}
	s := &httptest.Server{Listener: listener, Config: &http.Server{Handler: r, ReadHeaderTimeout: time.Second}}
	s.Start()
	t.Cleanup(s.Close)
	return r
}

// ServeHTTP takes a message.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.messages = append(r.messages, Message{req.Header.Clone(), body})
	held := r.held
	r.mu.Unlock()
	if held != nil {
		<-held
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	status := http.StatusOK
	maps.Copy(w.Header(), r.after)
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	w.WriteHeader(status)
}

// Answer sets the statuses of the next answers.
func (r *Receiver) Answer(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = statuses
}

// AnswerHeader is sent with each answer from now on.
func (r *Receiver) AnswerHeader(h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after = h
}

// Hold lets requests wait for their answers until Release.
func (r *Receiver) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = make(chan struct{})
	}
}

// Release answers what was held.
func (r *Receiver) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil {
		close(r.held)
		r.held = nil
	}
}

// Messages are those got so far.
func (r *Receiver) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message(nil), r.messages...)
}

// Wait waits for the nth message (from 1) and returns it.
func (r *Receiver) Wait(t testing.TB, n int) Message {
	t.Helper()
	Eventually(t, "the receiver gets a message", func() bool { return len(r.Messages()) >= n })
	return r.Messages()[n-1]
}

// Verifies reports whether a message's signature counts with a secret, by the
// standard's own library, at whatever time it was made.
func Verifies(secret string, m Message) bool {
	wh, err := webhook.NewWebhook(secret)
	return err == nil && wh.VerifyIgnoringTimestamp(m.Body, m.Header) == nil
}

// Verify checks a message's signature with the standard's own library.
func Verify(t testing.TB, secret string, m Message) {
	t.Helper()
	wh, err := webhook.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.Verify(m.Body, m.Header); err != nil {
		t.Fatalf("signature: %v", err)
	}
}
