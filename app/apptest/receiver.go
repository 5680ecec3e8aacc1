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

// ID returns the id of the message.
func (m Message) ID() string { return m.Header.Get("webhook-id") }

// Receiver is a server for webhooks. It answers with the configured statuses in order, then with
// 200.
type Receiver struct {
	URL string

	mu       sync.Mutex
	answers  []int
	headers  http.Header // of each answer
	messages []Message
	held     chan struct{} // Release closes it; nil if requests do not wait
}

// NewReceiver starts a receiver that stops at the end of the test.
func NewReceiver(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	t.Cleanup(r.Release)
	r.URL = s.URL
	return r
}

// NewReceiverAt starts a receiver on an address that no server listens on.
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

// ServeHTTP records a message and answers it.
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
	maps.Copy(w.Header(), r.headers)
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

// AnswerHeader sets the headers of all following answers.
func (r *Receiver) AnswerHeader(h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = h
}

// Hold delays the answers to all requests until Release.
func (r *Receiver) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = make(chan struct{})
	}
}

// Release answers the held requests.
func (r *Receiver) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil {
		close(r.held)
		r.held = nil
	}
}

// Messages returns the messages received so far.
func (r *Receiver) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message(nil), r.messages...)
}

// Wait waits for the nth message, counted from 1, and returns it.
func (r *Receiver) Wait(t testing.TB, n int) Message {
	t.Helper()
	Eventually(t, "the receiver gets a message", func() bool { return len(r.Messages()) >= n })
	return r.Messages()[n-1]
}

// Verifies reports whether the standard's own library accepts the signature of a message, whatever
// its timestamp.
func Verifies(secret string, m Message) bool {
	wh, err := webhook.NewWebhook(secret)
	return err == nil && wh.VerifyIgnoringTimestamp(m.Body, m.Header) == nil
}

// Verify stops the test unless the standard's own library accepts the signature and the timestamp
// of a message.
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
