package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var mu sync.Mutex
	var answers []string // the last is repeated
	answer := func(list ...string) {
		mu.Lock()
		defer mu.Unlock()
		answers = list
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/products/7/imports" || r.Header.Get("Authorization") != "Bearer token" {
			t.Errorf("asked for %s", r.URL)
		}
		mu.Lock()
		defer mu.Unlock()
		io.WriteString(w, answers[0]) //nolint:errcheck // the client will miss it
		answers = answers[min(1, len(answers)-1):]
	}))
	t.Cleanup(s.Close)
	follow := func(terminal bool, ticks int) string {
		var out bytes.Buffer
		p := &progress{
			client:    client{server: server{URL: s.URL, Token: "token"}, in: testInvocation(t)},
			productID: 7,
			name:      "r.json",
			size:      3 << 20,
			out:       &out,
			terminal:  terminal,
		}
		tick, done := make(chan time.Time), make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer close(done)
			p.watch(ctx, tick)
		}()
		if _, err := p.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		tick <- time.Time{}
		tick <- time.Time{} // the first has been shown
		if _, err := p.Write(make([]byte, 2<<20)); err != nil {
			t.Error(err)
		}
		for range ticks {
			tick <- time.Time{}
		}
		cancel()
		<-done
		return out.String()
	}
	answer(`{`, `{"items":[]}`, `{"items":[{"rows_done":300,"rows_total":1000}]}`)
	got := follow(true, 4)
	for _, want := range []string{
		"\r\x1b[Kr.json: 1 of 3 MiB sent",
		"sent; the server reads it",
		"300 of 1000 rows stored",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("a terminal is not shown %q: %q", want, got)
		}
	}
	if !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the line stays: %q", got)
	}
	answer(`{"items":[{"rows_done":900,"rows_total":1000}]}`)
	if got := follow(false, 9); got != "r.json: 900 of 1000 rows stored\n" {
		t.Errorf("a log has %q", got)
	}
}
