package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/outbound/outboundtest"
)

const local = "127.0.0.0/8"

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func post(t *testing.T, c *Client, url string) Answer {
	t.Helper()
	a, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: url, Body: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestDo(t *testing.T) {
	got := make(chan *http.Request, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "hello" {
			t.Errorf("body = %q, %v", body, err)
		}
		got <- r
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusTeapot)
		if _, err := w.Write([]byte("short and stout")); err != nil {
			t.Error(err)
		}
	})
	header := http.Header{"Content-Type": {"application/json"}}
	url := strings.Replace(s.URL, "http://", "http://user:p%40ss@", 1) + "/a/b%2Fc?d=e#f"
	request := Request{Method: http.MethodPut, URL: url, Header: header, Body: []byte("hello")}
	a, err := newTest(t, local).Do(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusTeapot || string(a.Body) != "short and stout" || a.Header.Get("X-Answer") != "yes" ||
		!a.Private || a.Duration <= 0 ||
		a.RetryAfter != 0 {
		t.Errorf("answer = %+v", a)
	}
	r := <-got
	user, password, ok := r.BasicAuth()
	if r.Method != http.MethodPut || r.RequestURI != "/a/b%2Fc?d=e" || user != "user" || password != "p@ss" || !ok {
		t.Errorf("request = %s %s %s:%s", r.Method, r.RequestURI, user, password)
	}
	if r.Header.Get("User-Agent") != "Gatecrier" || r.Header.Get("Content-Type") != "application/json" ||
		r.Header.Get("Accept-Encoding") != "" {
		t.Errorf("header = %v", r.Header)
	}
	if diff := cmp.Diff(http.Header{"Content-Type": {"application/json"}}, header); diff != "" {
		t.Errorf("the caller's header has changed: %s", diff)
	}
}

func TestDoIgnoresProxies(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	names := outboundtest.NewNames(t)
	names.Set("chat.corp.", "127.0.0.1")
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := newTest(t, "chat.corp")
	c.resolver = names.Resolver()
	if a := post(t, c, "http://chat.corp:"+portOfServer(s)); a.Status != http.StatusNoContent {
		t.Errorf("status = %d", a.Status)
	}
}

func TestDoFollowsNoRedirect(t *testing.T) {
	target := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, status) })
		if a := post(t, newTest(t, local), s.URL); a.Status != status {
			t.Errorf("status = %d, want %d", a.Status, status)
		}
	}
}

func TestDoKeepsConnections(t *testing.T) {
	for _, size := range []int{0, 10, maxBody, maxBody + 1, maxBody + maxDrain - 1} {
		conns := map[string]bool{}
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			conns[r.RemoteAddr] = true
			if _, err := w.Write(bytes.Repeat([]byte("a"), size)); err != nil {
				t.Error(err)
			}
		})
		c := newTest(t, local)
		for range 5 {
			if a := post(t, c, s.URL); len(a.Body) != min(size, maxBody) {
				t.Errorf("%d bytes kept of %d", len(a.Body), size)
			}
		}
		if len(conns) != 1 {
			t.Errorf("%d connections for answers of %d bytes", len(conns), size)
		}
	}
}

func TestDoBoundsHugeBodies(t *testing.T) {
	stopped := make(chan int64, 1)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		var written int64
		for chunk := bytes.Repeat([]byte("a"), 1<<16); ; {
			n, err := w.Write(chunk)
			written += int64(n)
			if err != nil {
				stopped <- written
				return
			}
		}
	})
	if a := post(t, newTest(t, local), s.URL); a.Status != 200 || len(a.Body) != maxBody {
		t.Errorf("status %d, %d bytes", a.Status, len(a.Body))
	}
	if written := <-stopped; written > 64<<20 {
		t.Errorf("%d bytes were taken", written)
	}
}

func TestDoCutsSlowBodies(t *testing.T) {
	gone := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write([]byte("first")); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
		close(gone)
	})
	c := newTest(t, local)
	c.limits.body = 20 * time.Millisecond
	if a := post(t, c, s.URL); a.Status != 200 || string(a.Body) != "first" || a.Duration > c.limits.total/2 {
		t.Errorf("status %d, body %q after %v", a.Status, a.Body, a.Duration)
	}
	<-gone
}

// A body that is wanted whole is read up to its bound, however slow it is; one that is not whole is
// an error with the status.
func TestDo_Whole(t *testing.T) {
	const bound = 8 << 20
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		size := bound
		if r.URL.Path == "/large" {
			size++
		}
		if r.URL.Path == "/broken" {
			w.Header().Set("Content-Length", "9999999")
		}
		w.WriteHeader(http.StatusCreated)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		_, err := w.Write(bytes.Repeat([]byte("a"), size))
		if err != nil && r.URL.Path == "/" {
			t.Error(err)
		}
	})
	c := newTest(t, local)
	c.limits.body = time.Nanosecond
	for path, reason := range map[string]string{
		"/":       "",
		"/large":  "127.0.0.1: its response has more than 8388608 bytes",
		"/broken": "127.0.0.1: its response broke off",
	} {
		a, err := c.Do(t.Context(), Request{URL: s.URL + path, MaxBody: bound, Whole: true})
		if reason == "" {
			if err != nil || len(a.Body) != bound || a.Status != http.StatusCreated {
				t.Errorf("%s: status %d, %d bytes, %v", path, a.Status, len(a.Body), err)
			}
			continue
		}
		if err == nil || err.Error() != reason || !errors.Is(err, ErrUnsure) || a.Status != http.StatusCreated {
			t.Errorf("%s: status %d, %v", path, a.Status, err)
		}
	}
}

func TestDoTimesOut(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := newTest(t, local)
	c.limits.total = 50 * time.Millisecond
	_, err := c.Do(context.Background(), Request{URL: s.URL + "/T0KEN"})
	if err == nil || err.Error() != "127.0.0.1: no response in time" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Do(ctx, Request{URL: s.URL}); !errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	c := newTest(t, local)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.now = func() time.Time { return now }
	tests := []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"1", time.Second},
		{" 120 ", 2 * time.Minute},
		{"21600", 6 * time.Hour},
		{"21601", 6 * time.Hour},
		{"99999999999999999999999999", 6 * time.Hour},
		{"-5", 0},
		{"1.5", 0},
		{"NaN", 0},
		{"soon", 0},
		{now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{now.Add(100 * time.Hour).Format(http.TimeFormat), 6 * time.Hour},
		{now.Add(-time.Hour).Format(http.TimeFormat), 0},
		{"Friday, 02-Jan-26 03:05:05 GMT", time.Minute},
	}
	for _, tt := range tests {
		if got := c.retryAfter(tt.value); got != tt.want {
			t.Errorf("Retry-After %q = %v, want %v", tt.value, got, tt.want)
		}
	}
}

// A policy that forbids an address also applies to open connections.
func TestSetPolicyClosesOpenConnections(t *testing.T) {
	closed := make(chan struct{}, 10)
	noContent := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	s := httptest.NewUnstartedServer(http.HandlerFunc(noContent))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	s.Start()
	defer s.Close()
	c := newTest(t, local)
	post(t, c, s.URL)
	c.SetPolicy(Policy{})
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection of the old policy is kept open")
	}
	if _, err := c.Do(t.Context(), Request{URL: s.URL}); !errors.Is(err, ErrRefused) {
		t.Errorf("error = %v", err)
	}
	c.SetPolicy(Policy{Allow: allowed(t, "127.0.0.1")})
	if a := post(t, c, s.URL); a.Status != http.StatusNoContent {
		t.Errorf("status = %d", a.Status)
	}
}

func portOfServer(s *httptest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':')+1:] }
