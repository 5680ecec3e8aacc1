package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// testStart is when the clock of a test invocation starts.
var testStart = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// testInvocation returns an invocation whose waits only move its clock, and whose chance is one half.
func testInvocation(t *testing.T) *invocation {
	t.Helper()
	clock := testStart
	return &invocation{
		ctx:    t.Context(),
		stdin:  strings.NewReader(""),
		stdout: io.Discard,
		stderr: io.Discard,
		now:    func() time.Time { return clock },
		wait: func(ctx context.Context, d time.Duration) error {
			clock = clock.Add(d)
			return ctx.Err()
		},
		random: func() float64 { return 0.5 },
	}
}

// posted is a report that the fake server received.
type posted struct{ query, key, body string }

// fakeServer is a server with the product Shop, which answers each report with the next of its
// answers, the last one again and again.
type fakeServer struct {
	*httptest.Server
	mu      sync.Mutex
	answers []http.HandlerFunc
	posted  []posted
}

func newFakeServer(t *testing.T, answers ...http.HandlerFunc) *fakeServer {
	t.Helper()
	s := &fakeServer{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer gct_test" {
			t.Errorf("%s: Authorization %q", r.URL, r.Header.Get("Authorization"))
		}
		switch r.Method + " " + r.URL.Path {
		case "GET /api/v1/products":
			writeText(w, `{"items":[{"id":7,"name":"`+r.URL.Query().Get("name")+`"}]}`)
		case "POST /api/v1/products/7/reports":
			s.report(t, w, r)
		default:
			writeText(w, `{"items":[]}`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *fakeServer) report(t *testing.T, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		t.Errorf("read %d of %d bytes: %v", len(body), r.ContentLength, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posted = append(s.posted, posted{r.URL.Query().Encode(), r.Header.Get("Idempotency-Key"), string(body)})
	answer := s.answers[0]
	s.answers = s.answers[min(1, len(s.answers)-1):]
	answer(w, r)
}

func writeText(w io.Writer, text string) {
	io.WriteString(w, text) //nolint:errcheck // the client will miss it
}

// imports answers that a report was imported.
func imports(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		writeText(w, text)
	}
}

// refuses answers a problem. headers are names and values.
func refuses(status int, detail string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]any{"status": status, "detail": detail}) //nolint:errcheck // a test
	}
}

// breaksOff closes the connection without an answer.
func breaksOff(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const (
	passedAnswer = `{"format":"grype","branch":"main","observations":{"new":0,"updated":1,"reopened":0,"resolved":2},
		"counts":{"critical":0,"high":0,"medium":1,"low":0,"none":0,"unknown":0},
		"gate":{"before":"failed","after":"passed","why":"within all thresholds"},
		"url":"https://g.example/products/7?branch=main"}`
	failedAnswer = `{"format":"trivy","branch":"main","observations":{"new":2,"updated":0,"reopened":0,"resolved":0},
		"counts":{"critical":1,"high":1,"medium":0,"low":0,"none":0,"unknown":0},
		"gate":{"before":"none","after":"failed","why":"1 critical (threshold 0), 1 high (threshold 0)"},
		"failing_total":2,"failing":[
		{"id":11,"title":"CVE-2026-1","severity":"critical","component":"lodash 4.17.20","location":"","fix":"4.17.21"},
		{"id":12,"title":"G401","severity":"high","component":"","location":"src/hash.go:12","fix":""}],
		"url":"https://g.example/products/7?branch=main"}`
)

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
	now            time.Time // when it ended
}

// runPush runs push in a folder of its own, against a server.
func runPush(t *testing.T, s *fakeServer, stdin string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	in := testInvocation(t)
	in.stdin, in.stdout, in.stderr = strings.NewReader(stdin), &out, &lockedWriter{w: &errs}
	all := append([]string{"push", "--url", s.URL, "--token", "gct_test", "--product", "Shop"}, args...)
	code := in.run(all)
	return ran{code, out.String(), errs.String(), in.now()}
}

// inFolder makes a folder with files the current one. A file contains its own name.
func inFolder(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
