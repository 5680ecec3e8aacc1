package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A receiver is the server that webhooks go to. It finds out how long each took, which got lost and
// which came twice: the n-th webhook about a product belongs to the n-th change of its gate, since
// messages about a product arrive in order.
type receiver struct {
	url      string
	server   *http.Server
	patience time.Duration // without any webhook, until those that are missing count as lost

	mu       sync.Mutex
	sent     map[int64][]time.Time // by product: when the changes were sent that have no webhook yet
	ids      map[string]bool       // the webhook-ids received
	times    []time.Duration
	last     time.Time
	doubled  int
	unknown  int // webhooks about no change that was sent
	waiting  int
	reported int // webhooks about exceptions
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + listener.Addr().String() + "/hook", patience: 20 * time.Second}
	r.reset()
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() //nolint:errcheck // it ends when it is closed
	return r, nil
}

// reset forgets everything received, before the next measurement.
func (r *receiver) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent, r.ids, r.times = map[int64][]time.Time{}, map[string]bool{}, nil
	r.doubled, r.unknown, r.waiting, r.reported = 0, 0, 0, 0
}

// sending notes that a change of a product's gate is being sent.
func (r *receiver) sending(product int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[product] = append(r.sent[product], time.Now())
	r.waiting++
}

var productMark = []byte(`"product":{"id":`)

// ServeHTTP takes one webhook.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := req.Header.Get("Webhook-Id")
	if r.ids[id] {
		r.doubled++
		return
	}
	r.ids[id] = true
	if bytes.HasPrefix(body, []byte(`{"type":"exception.`)) {
		r.reported++
		return
	}
	product := productIn(body)
	if len(r.sent[product]) == 0 {
		r.unknown++
		return
	}
	r.times = append(r.times, at.Sub(r.sent[product][0]))
	r.sent[product] = r.sent[product][1:]
	r.waiting--
	r.last = at
}

// productIn returns the id of the product that a webhook is about, 0 if it has none.
func productIn(body []byte) int64 {
	_, rest, _ := bytes.Cut(body, productMark)
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return 0
	}
	id, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// await waits until ok, which it calls with the receiver locked, or until no webhook has arrived
// for as long as its patience.
func (r *receiver) await(ok func() bool) bool {
	quiet := time.Now()
	for seen := -1; ; {
		r.mu.Lock()
		done, now := ok(), len(r.ids)
		r.mu.Unlock()
		if done {
			return true
		}
		if now != seen {
			seen, quiet = now, time.Now()
		} else if time.Since(quiet) > r.patience {
			return false
		}
		<-time.After(time.Millisecond)
	}
}

// settle waits for the webhooks of all changes sent. It returns the sorted times from sending a
// change to receiving its webhook, when the last one arrived, and what is wrong.
func (r *receiver) settle() (times []time.Duration, last time.Time, problem string) {
	r.await(func() bool { return r.waiting == 0 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting+r.doubled+r.unknown > 0 {
		problem = fmt.Sprintf("webhooks: %d lost, %d doubled, %d about no change", r.waiting, r.doubled, r.unknown)
	}
	slices.Sort(r.times)
	return r.times, r.last, problem
}
