package moduletest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatecrier/app/module"
)

// status answers with a status and some words.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		if code != http.StatusNoContent {
			fmt.Fprint(w, "some words") //nolint:errcheck // the sender may be gone
		}
	}
}

func (s suite) testStatuses(t *testing.T) {
	tests := []struct {
		code       int
		retryAfter string
		want       module.Kind
		wait       time.Duration
	}{
		{code: 200, want: module.KindDelivered},
		{code: 202, want: module.KindDelivered},
		{code: 204, want: module.KindDelivered},
		{code: 400, want: module.KindRejected},
		{code: 401, want: module.KindRejected},
		{code: 403, want: module.KindRejected},
		{code: 404, want: module.KindRejected},
		{code: 404, retryAfter: "5", want: module.KindRejected},
		{code: 413, want: module.KindRejected},
		{code: 410, want: module.KindGone},
		{code: 408, want: module.KindTransient},
		{code: 425, want: module.KindTransient},
		{code: 429, want: module.KindTransient},
		{code: 429, retryAfter: "30", want: module.KindRetryAfter, wait: 30 * time.Second},
		{code: 429, retryAfter: "31536000", want: module.KindRetryAfter, wait: 6 * time.Hour},
		{code: 429, retryAfter: "soon", want: module.KindTransient},
		{code: 500, want: module.KindTransient},
		{code: 502, want: module.KindTransient},
		{code: 503, want: module.KindTransient},
		{code: 503, retryAfter: "7", want: module.KindRetryAfter, wait: 7 * time.Second},
		{code: 504, want: module.KindTransient},
		{code: 599, want: module.KindTransient},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.code, " ", tt.retryAfter), func(t *testing.T) {
			f := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				status(tt.code)(w, req)
			})
			result := f.expect(tt.want)
			if result.Wait() != tt.wait || result.Status != tt.code || !result.Private || result.Duration <= 0 {
				t.Errorf("result = %+v", result)
			}
			if tt.code != http.StatusNoContent && result.Answer != "some words" {
				t.Errorf("answer = %q", result.Answer)
			}
		})
	}
}

func (s suite) testRedirects(t *testing.T) {
	followed := func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }
	target := httptest.NewServer(http.HandlerFunc(followed))
	defer target.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		f := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, target.URL, code) })
		if result := f.expect(module.KindRejected); !strings.Contains(result.Reason, "redirects are not followed") {
			t.Errorf("reason = %q", result.Reason)
		}
	}
}

func (s suite) testRetryDate(t *testing.T) {
	f := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	if wait := f.expect(module.KindRetryAfter).Wait(); wait < 58*time.Minute || wait > time.Hour {
		t.Errorf("wait = %v, want about an hour", wait)
	}
}

func (s suite) testHugeBody(t *testing.T) {
	gone := make(chan struct{})
	f := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(gone)
		for chunk := bytes.Repeat([]byte("ä"), 1<<15); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if result := f.expect(module.KindDelivered); len(result.Answer) < 4<<10-8 {
		t.Errorf("%d bytes kept of the answer", len(result.Answer))
	}
	await(t, gone, "the body is not closed")
}

// testSlowBody checks that the status counts, however long the body takes.
func (s suite) testSlowBody(t *testing.T) {
	gone := make(chan struct{})
	f := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
		defer close(gone)
		if _, err := w.Write([]byte("first")); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-req.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if result := f.send(ctx, Usual()); result.Kind() != module.KindDelivered || result.Answer != "first" {
		t.Errorf("result = %v (%s), answer %q", result.Kind(), result.Reason, result.Answer)
	}
	await(t, gone, "the body is not closed")
}

func (s suite) testBinaryBody(t *testing.T) {
	f := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("a\x00b\xff\xfe" + strings.Repeat("\xf0\x9f", 4000))) //nolint:errcheck // the sender may be gone
	})
	if result := f.expect(module.KindDelivered); !strings.HasPrefix(result.Answer, "ab\uFFFD") {
		t.Errorf("answer = %.20q", result.Answer)
	}
}

// testRepeatedSecrets checks that no secret that a receiver repeats gets into the result, not even
// half of it at the end of a truncated answer.
func (s suite) testRepeatedSecrets(t *testing.T) {
	var secrets []string
	f := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		full := "http://" + req.Host + req.RequestURI
		fmt.Fprintln(w, "no", req.RequestURI, full, secrets) //nolint:errcheck // the sender may be gone
	})
	secrets = f.secrets()
	if result := f.expect(module.KindRejected); !strings.HasPrefix(result.Answer, "no ") {
		t.Errorf("answer = %q", result.Answer)
	}
	for size := 4096 - 60; size < 4096; size += 3 {
		f := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
			fmt.Fprint(w, strings.Repeat(".", size), req.RequestURI) //nolint:errcheck // the sender may be gone
		})
		result := f.expect(module.KindDelivered)
		if strings.Contains(result.Answer, secretPath[:8]) || strings.Contains(result.Answer, secretQuery[:8]) {
			t.Errorf("answer ends with %q", strings.TrimLeft(result.Answer, "."))
		}
	}
}
