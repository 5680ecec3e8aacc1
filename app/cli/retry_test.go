package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const stillImporting = "A large import of the same source is in progress. Send it again when that has finished"

func TestRetry_SendsTheSameRequestAgain(t *testing.T) {
	inFolder(t, "a.json")
	answers := []http.HandlerFunc{
		breaksOff,
		refuses(429, "Too many requests"),
		refuses(502, "Bad"),
		refuses(503, "Not ready"),
		refuses(504, "Slow"),
		refuses(409, stillImporting, "Retry-After", "5"),
		refuses(409, stillImporting),
		imports(passedAnswer),
	}
	s := newFakeServer(t, answers...)
	r := runPush(t, s, "in", "--retry", "10m", "img=-", "a.json")
	if r.code != 0 || len(s.posted) != len(answers)+1 {
		t.Fatalf("exit %d, %d sent: %s", r.code, len(s.posted), r.stderr)
	}
	first := s.posted[0]
	for i, p := range s.posted[:len(answers)] {
		if p.body != "in" || p.key == "" || p != first {
			t.Errorf("try %d: %+v, first %+v", i, p, first)
		}
	}
	if last := s.posted[len(answers)]; last.key == first.key || last.body != "a.json" {
		t.Errorf("the next file: %+v", last)
	}
	host := strings.TrimPrefix(s.URL, "http://")
	want := []string{
		"img=stdin: cannot reach Gatecrier at " + host + ": the connection was interrupted; next try in 800ms",
		"img=stdin: Too many requests (429); next try in 1.5s",
		"img=stdin: Bad (502); next try in 3s",
		"img=stdin: Not ready (503); next try in 6s",
		"img=stdin: Slow (504); next try in 12s",
		"img=stdin: " + stillImporting + " (409); next try in 22.5s",
		"img=stdin: " + stillImporting + " (409); next try in 22.5s",
	}
	got := strings.ReplaceAll(strings.TrimSpace(r.stderr), "gatecrier: ", "")
	if diff := cmp.Diff(want, strings.Split(got, "\n")); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestRetry_EndsAfterItsTime(t *testing.T) {
	inFolder(t, "a.json")
	s := newFakeServer(t, refuses(503, "Not ready"))
	r := runPush(t, s, "", "--retry", "1m", "a.json")
	if took := r.now.Sub(testStart); r.code != 1 || took != time.Minute || len(s.posted) != 8 ||
		!strings.Contains(r.stderr, "gatecrier: a.json: Not ready (503); failed after 8 attempts in 1m0s (--retry)\n") {
		t.Errorf("exit %d, %d tries in %s: %s", r.code, len(s.posted), took, r.stderr)
	}

	s = newFakeServer(t, refuses(503, "Not ready"))
	r = runPush(t, s, "", "a.json")
	if r.code != 1 || len(s.posted) != 1 || r.stderr !=
		"gatecrier: a.json: Not ready (503); use --retry 5m to retry until it succeeds\n" {
		t.Errorf("by default: exit %d, %d tries: %s", r.code, len(s.posted), r.stderr)
	}
}

func TestRetry_WaitsAsLongAsTheServerAsks(t *testing.T) {
	inFolder(t, "a.json")
	const date = "Fri, 01 May 2026 12:00:00 GMT"
	for _, test := range []struct {
		headers []string
		took    time.Duration
	}{
		{[]string{"Retry-After", "40"}, 40 * time.Second},
		{[]string{"Retry-After", "0"}, 750 * time.Millisecond},
		{[]string{"Retry-After", "-5"}, 750 * time.Millisecond},
		{[]string{"Retry-After", "soon"}, 750 * time.Millisecond},
		{[]string{"Retry-After", "Fri, 01 May 2026 12:00:30 GMT", "Date", date}, 30 * time.Second},
		{[]string{"Retry-After", "Fri, 01 May 2026 11:00:00 GMT", "Date", date}, 750 * time.Millisecond},
	} {
		s := newFakeServer(t, refuses(429, "Slower", test.headers...), imports(passedAnswer))
		r := runPush(t, s, "", "--retry", "1m", "a.json")
		if took := r.now.Sub(testStart); r.code != 0 || took != test.took {
			t.Errorf("%v: exit %d after %s, want %s", test.headers, r.code, took, test.took)
		}
	}
	s := newFakeServer(t, refuses(429, "Slower", "Retry-After", "3600"))
	r := runPush(t, s, "", "--retry", "1m", "a.json")
	if r.code != 1 || !r.now.Equal(testStart) || !strings.Contains(r.stderr, "asks to wait 1h0m0s, longer") {
		t.Errorf("longer than allowed: exit %d after %s: %s", r.code, r.now.Sub(testStart), r.stderr)
	}
}

func TestRetry_IsOnlyForWhatCanSucceedLater(t *testing.T) {
	inFolder(t, "a.json")
	for _, answer := range []http.HandlerFunc{
		refuses(400, "Malformed"), refuses(401, "Unknown"), refuses(403, "Not yours"), refuses(404, "Gone"),
		refuses(409, "This Idempotency-Key was used for another request"), refuses(413, "Too large"),
		refuses(422, "Not a report"), refuses(500, "Broken"), imports("<html>"),
	} {
		s := newFakeServer(t, answer)
		if r := runPush(t, s, "", "--retry", "1m", "a.json"); r.code != 1 || len(s.posted) != 1 {
			t.Errorf("exit %d, %d tries: %s", r.code, len(s.posted), r.stderr)
		}
	}
}

func TestRetry_EndsWithTheContext(t *testing.T) {
	inFolder(t, "a.json")
	s := newFakeServer(t, refuses(503, "Not ready"))
	ctx, cancel := context.WithCancel(t.Context())
	var errs strings.Builder
	in := testInvocation(t)
	in.ctx, in.stderr = ctx, &errs
	in.wait = func(context.Context, time.Duration) error {
		cancel()
		return errors.New("ended")
	}
	code := in.run([]string{"push", "--url", s.URL, "--token", "gct_test", "--product", "Shop", "--retry", "1m", "a.json"})
	if code != 1 || len(s.posted) != 1 || !strings.HasSuffix(errs.String(), "gatecrier: a.json: interrupted\n") {
		t.Errorf("exit %d, %d tries: %s", code, len(s.posted), &errs)
	}
}

// The search for the product is repeated too.
func TestRetry_CoversTheFirstRequest(t *testing.T) {
	var errs strings.Builder
	in := testInvocation(t)
	in.stderr = &errs
	inFolder(t, "a.json")
	code := in.run([]string{
		"push", "--url", "http://127.0.0.1:1", "--token", "x", "--product", "Shop", "--retry", "3s", "a.json",
	})
	if code != 1 || strings.Count(errs.String(), "next try in") != 3 ||
		!strings.Contains(errs.String(), "failed after 4 attempts") {
		t.Errorf("exit %d: %s", code, &errs)
	}
}
