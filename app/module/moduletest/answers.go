package moduletest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatecrier/app/module"
	"gatecrier/app/outbound"
	"gatecrier/app/outbound/outboundtest"
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
			r := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				status(tt.code)(w, req)
			})
			result := r.expect(tt.want)
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
		r := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, target.URL, code) })
		if result := r.expect(module.KindRejected); !strings.Contains(result.Reason, "redirects are not followed") {
			t.Errorf("reason = %q", result.Reason)
		}
	}
}

func (s suite) testRetryDate(t *testing.T) {
	r := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	if wait := r.expect(module.KindRetryAfter).Wait(); wait < 58*time.Minute || wait > time.Hour {
		t.Errorf("wait = %v, want about an hour", wait)
	}
}

func (s suite) testHang(t *testing.T) {
	gone := make(chan struct{})
	r := s.newFixture(t, func(_ http.ResponseWriter, req *http.Request) {
		<-req.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if result := r.send(ctx, Usual()); result.Kind() != module.KindTransient {
		t.Errorf("result = %v (%s)", result.Kind(), result.Reason)
	}
	await(t, gone, "the connection is kept open")
}

func (s suite) testBrokenOff(t *testing.T) {
	breaks := map[string]func(*net.TCPConn) error{
		"close": func(*net.TCPConn) error { return nil },
		"reset": func(c *net.TCPConn) error { return c.SetLinger(0) },
		"nonsense": func(c *net.TCPConn) error {
			_, err := c.Write([]byte("what do you mean by /hooks/" + secretPath + "\r\n\r\n"))
			return err
		},
		"half": func(c *net.TCPConn) error {
			_, err := c.Write([]byte("HTTP/1.1 200"))
			return err
		},
	}
	for name, breakOff := range breaks {
		t.Run(name, func(t *testing.T) {
			r := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				if err := breakOff(conn.(*net.TCPConn)); err != nil {
					t.Error(err)
				}
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			})
			if result := r.expect(module.KindTransient); result.Status != 0 || !result.Unsure {
				t.Errorf("result = %+v", result)
			}
		})
	}
}

func (s suite) testUnreachable(t *testing.T) {
	r := s.newFixture(t, status(200))
	r.server.Close()
	if r.expect(module.KindTransient).Unsure {
		t.Error("it may have arrived where there was no connection")
	}
}

func (s suite) testGuard(t *testing.T) {
	r := s.newFixture(t, status(200))
	r.client.SetPolicy(outbound.Policy{})
	if result := r.expect(module.KindBlocked); result.Status != 0 || result.Answer != "" {
		t.Errorf("result = %+v", result)
	}
	if n := r.connsMade(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func (s suite) testHugeBody(t *testing.T) {
	gone := make(chan struct{})
	r := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(gone)
		for chunk := bytes.Repeat([]byte("ä"), 1<<15); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if result := r.expect(module.KindDelivered); len(result.Answer) < 4<<10-8 {
		t.Errorf("%d bytes kept of the answer", len(result.Answer))
	}
	await(t, gone, "the body is not closed")
}

// testSlowBody checks that the status counts, however long the body takes.
func (s suite) testSlowBody(t *testing.T) {
	gone := make(chan struct{})
	r := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
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
	if result := r.send(ctx, Usual()); result.Kind() != module.KindDelivered || result.Answer != "first" {
		t.Errorf("result = %v (%s), answer %q", result.Kind(), result.Reason, result.Answer)
	}
	await(t, gone, "the body is not closed")
}

func (s suite) testBinaryBody(t *testing.T) {
	r := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("a\x00b\xff\xfe" + strings.Repeat("\xf0\x9f", 4000))) //nolint:errcheck // the sender may be gone
	})
	if result := r.expect(module.KindDelivered); !strings.HasPrefix(result.Answer, "ab\uFFFD") {
		t.Errorf("answer = %.20q", result.Answer)
	}
}

// testRepeatedSecrets checks that no secret that a receiver repeats gets into the result, not even
// half of it at the end of a truncated answer.
func (s suite) testRepeatedSecrets(t *testing.T) {
	var secrets []string
	r := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		full := "http://" + req.Host + req.RequestURI
		fmt.Fprintln(w, "no", req.RequestURI, full, secrets) //nolint:errcheck // the sender may be gone
	})
	secrets = r.secrets()
	if result := r.expect(module.KindRejected); !strings.HasPrefix(result.Answer, "no ") {
		t.Errorf("answer = %q", result.Answer)
	}
	for size := 4096 - 60; size < 4096; size += 3 {
		r := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
			fmt.Fprint(w, strings.Repeat(".", size), req.RequestURI) //nolint:errcheck // the sender may be gone
		})
		result := r.expect(module.KindDelivered)
		if strings.Contains(result.Answer, secretPath[:8]) || strings.Contains(result.Answer, secretQuery[:8]) {
			t.Errorf("answer ends with %q", strings.TrimLeft(result.Answer, "."))
		}
	}
}

// testShown checks that what is shown of a message is what was sent, without a secret.
func (s suite) testShown(t *testing.T) {
	r := s.newFixture(t, status(200))
	shower, ok := r.sender.(module.Shower)
	if !ok {
		t.Fatal("it cannot show what it sends")
	}
	r.expect(module.KindDelivered)
	shown, err := shower.Show(t.Context(), r.config, Usual())
	if err != nil {
		t.Fatal(err)
	}
	sent := string(r.got()[0].body)
	for _, secret := range r.secrets() {
		sent = strings.ReplaceAll(sent, secret, "[hidden]")
	}
	if shown.Body != sent || len(shown.Head) == 0 {
		t.Errorf("shown %q with %q, sent %q", shown.Body, shown.Head, sent)
	}
	r.checkSecrets("shown message", strings.Join(shown.Head, " ")+shown.Body)
}

func (s suite) testWrongTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(status(200))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS() // its certificate has an unknown authority
	defer server.Close()
	r := s.newFixture(t, status(200))
	for url, want := range map[string]string{
		server.URL: "unknown authority",
		strings.Replace(r.server.URL, "http://", "https://", 1): "does not speak TLS",
	} {
		config, err := r.sender.Prepare(s.newConfig(url + "/hooks/" + secretPath + "?sig=" + secretQuery))
		if err != nil {
			t.Fatal(err)
		}
		r.config = config
		if result := r.expect(module.KindTransient); !strings.Contains(result.Reason, want) || result.Unsure {
			t.Errorf("result = %+v, want %s", result, want)
		}
	}
}

// testRebinding checks that a name with a public address at the check is checked again when it is
// dialed.
func (s suite) testRebinding(t *testing.T) {
	r := s.newFixture(t, status(200))
	names := outboundtest.NewNames(t)
	names.Set("rebind.example.", "8.8.8.8")
	names.Set("rebind.example.", "127.0.0.1")
	r.client.SetResolver(names.Resolver())
	r.client.SetPolicy(outbound.Policy{})
	_, port, err := net.SplitHostPort(r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	url := "http://rebind.example:" + port + "/hooks/" + secretPath + "?sig=" + secretQuery
	if warning := r.client.CheckWarning(t.Context(), url); warning != "" {
		t.Errorf("warning when saved: %s", warning)
	}
	if r.config, err = r.sender.Prepare(s.newConfig(url)); err != nil {
		t.Fatal(err)
	}
	if result := r.expect(module.KindBlocked); strings.Contains(result.Reason, "127.") {
		t.Errorf("result = %+v", result)
	}
	if n := r.connsMade(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func await(t *testing.T, done <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error(otherwise)
	}
}
