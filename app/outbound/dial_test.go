package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app/outbound/outboundtest"
)

func TestDialRefuses(t *testing.T) {
	c := newTest(t, "")
	log := logTo(c)
	l := listen(t)
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0.0.0.0", "169.254.169.254", "[64:ff9b::7f00:1]",
		"",
	} {
		conn, err := c.Dial(t.Context(), "tcp", host+":"+port)
		if conn != nil || !errors.Is(err, ErrRefused) {
			t.Errorf("Dial(%q) = %v, %v", host, conn, err)
		}
	}
	if !strings.Contains(log.String(), "refuse outgoing connection") ||
		!strings.Contains(log.String(), "127.0.0.1:"+port) {
		t.Errorf("log = %s", log)
	}
	for _, network := range []string{"udp", "unix"} {
		if conn, err := newTest(t, local).Dial(t.Context(), network, "127.0.0.1:"+port); conn != nil || err == nil {
			t.Errorf("Dial over %s = %v, %v", network, conn, err)
		}
	}
	if _, err := c.Dial(t.Context(), "tcp", "/var/run/docker.sock"); err == nil ||
		strings.Contains(err.Error(), "docker") {
		t.Errorf("error = %v", err)
	}
}

func TestDialConnects(t *testing.T) {
	l := listen(t)
	c := newTest(t, l.Addr().String())
	conn, err := c.Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Dial(t.Context(), "tcp", l.Addr().String()); err == nil ||
		err.Error() != "127.0.0.1: connection refused" {
		t.Errorf("error = %v", err)
	}
}

// A name with a public address when it was saved is refused if it resolves to an internal address
// when it is dialed.
func TestDialRefusesRebinding(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the inside server was reached") })
	names := outboundtest.NewNames(t)
	names.Set("rebind.example.", "8.8.8.8")
	names.Set("rebind.example.", "127.0.0.1")
	c := newTest(t, "")
	c.resolver = names.Resolver()
	url := "http://rebind.example:" + portOfServer(s) + "/T0KEN"
	if got := c.CheckWarning(t.Context(), url); got != "" {
		t.Fatalf("first look-up: %s", got)
	}
	for range 2 {
		_, err := c.Do(t.Context(), Request{URL: url})
		if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "127.") {
			t.Errorf("error = %v", err)
		}
	}
}

// Only the allowed addresses of a name are tried.
func TestDial_NameWithSeveralAddresses(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	names := outboundtest.NewNames(t)
	names.Set("two.example.", "127.0.0.9", "127.0.0.1")
	c := newTest(t, "127.0.0.1")
	c.resolver = names.Resolver()
	if a := post(t, c, "http://two.example:"+portOfServer(s)); a.Status != http.StatusNoContent || !a.Private {
		t.Errorf("answer = %+v", a)
	}
}

func TestHostIsAllowedByItsNameOnly(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	names := outboundtest.NewNames(t)
	names.Set("chat.corp.", "127.0.0.1")
	names.Set("evil.example.", "127.0.0.1")
	c := newTest(t, "chat.corp:"+portOfServer(s))
	c.resolver = names.Resolver()
	if a := post(t, c, "http://Chat.Corp:"+portOfServer(s)); a.Status != http.StatusNoContent {
		t.Errorf("status = %d", a.Status)
	}
	for _, host := range []string{"evil.example", "127.0.0.1"} {
		if _, err := c.Do(t.Context(), Request{URL: "http://" + host + ":" + portOfServer(s)}); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestTLS(t *testing.T) {
	noContent := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	s := httptest.NewUnstartedServer(http.HandlerFunc(noContent))
	quiet(s)
	s.StartTLS()
	defer s.Close()
	c := newTest(t, local)
	_, err := c.Do(t.Context(), Request{URL: s.URL + "/T0KEN"})
	if err == nil || err.Error() != "127.0.0.1: its certificate is signed by an unknown authority" {
		t.Errorf("unknown authority: %v", err)
	}
	c.roots = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if a := post(t, c, s.URL); a.Status != http.StatusNoContent || !a.Private {
		t.Errorf("answer = %+v", a)
	}
	names := outboundtest.NewNames(t)
	names.Set("other.test.", "127.0.0.1")
	c.resolver = names.Resolver()
	_, err = c.Do(t.Context(), Request{URL: "https://other.test:" + portOfServer(s)})
	if err == nil || err.Error() != "other.test: its certificate is for another name" {
		t.Errorf("another name: %v", err)
	}
}

func TestTLSRefusesOldVersions(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	quiet(s)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.StartTLS()
	defer s.Close()
	c := newTest(t, local)
	c.roots = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, err := c.Do(t.Context(), Request{URL: s.URL}); err == nil ||
		err.Error() != "127.0.0.1: the TLS handshake failed" {
		t.Errorf("error = %v", err)
	}
}

func TestTLSToAPlainServer(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, err := newTest(t, local).Do(t.Context(), Request{URL: strings.Replace(s.URL, "http:", "https:", 1)})
	if err == nil || err.Error() != "127.0.0.1: it does not speak TLS on this port" {
		t.Errorf("error = %v", err)
	}
}

// A server that accepts the connection and sends nothing uses up the time to connect, not more.
func TestTLSHandshakeTimesOut(t *testing.T) {
	l := listen(t)
	c := newTest(t, local)
	c.limits.connect = 50 * time.Millisecond
	_, err := c.Do(t.Context(), Request{URL: "https://" + l.Addr().String() + "/T0KEN"})
	if err == nil || err.Error() != "127.0.0.1: no connection in time" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}

func TestBrokenServers(t *testing.T) {
	tests := []struct {
		name, want string
		answer     func(net.Conn) error
	}{
		{"closes", "127.0.0.1: the connection was closed before it answered", func(net.Conn) error { return nil }},
		{"resets", "127.0.0.1: the connection was reset", func(c net.Conn) error { return c.(*net.TCPConn).SetLinger(0) }},
		{"talks nonsense", "127.0.0.1: the request failed; the response is perhaps not HTTP", say("220 T0KEN smtp\r\n")},
		{
			"has endless headers",
			"127.0.0.1: the request failed; the response is perhaps not HTTP",
			say("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("T0KEN", 20_000) + "\r\n\r\n"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := listen(t)
			var wg sync.WaitGroup
			wg.Go(func() { answerOnce(t, l, tt.answer) })
			defer wg.Wait()
			c := newTest(t, local)
			log := logTo(c)
			_, err := c.Do(t.Context(), Request{
				Method: "POST",
				URL:    "http://u:T0KEN@" + l.Addr().String() + "/T0KEN?T0KEN=T0KEN",
				Header: http.Header{"X": {"T0KEN"}},
			})
			if err == nil || err.Error() != tt.want {
				t.Errorf("error = %v, want %s", err, tt.want)
			}
			if strings.Contains(log.String(), "T0KEN") {
				t.Errorf("log = %s", log)
			}
		})
	}
}

func TestErrorsQuoteNoPartOfTheURL(t *testing.T) {
	c := newTest(t, "")
	names := outboundtest.NewNames(t)
	c.resolver = names.Resolver()
	for _, r := range []Request{
		{URL: "https://missing.example/T0KEN?T0KEN"},
		{URL: "https://127.0.0.1/T0KEN"},
		{URL: "https://x y/T0KEN"},
		{URL: "https://missing.example/", Method: "BAD T0KEN"},
		{URL: "https://missing.example/", Header: http.Header{"Authorization": {"T0KEN\n"}}},
		{URL: "T0KEN://missing.example/"},
	} {
		_, err := c.Do(t.Context(), r)
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), "T0KEN") {
				t.Errorf("error of %+v = %v", r, err)
			}
		}
	}
	if _, err := c.Do(t.Context(), Request{URL: "https://missing.example/"}); err == nil ||
		err.Error() != "missing.example: the host does not exist" {
		t.Errorf("error = %v", err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return l
}

func say(text string) func(net.Conn) error {
	return func(c net.Conn) error {
		_, err := io.WriteString(c, text)
		return err
	}
}

// answerOnce accepts a connection, reads the start of a request, answers and closes.
func answerOnce(t *testing.T, l net.Listener, answer func(net.Conn) error) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	if _, err := conn.Read(make([]byte, 4096)); err != nil {
		t.Error(err)
	}
	if err := answer(conn); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// quiet keeps failed handshakes out of the output.
func quiet(s *httptest.Server) {
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
}

func TestPolicyVersion(t *testing.T) {
	c := newTest(t, local)
	seen := map[uint64]bool{c.PolicyVersion(): true}
	for range 3 {
		c.SetPolicy(Policy{})
		if g := c.PolicyVersion(); seen[g] || g != c.PolicyVersion() {
			t.Errorf("generation %d after %v", g, seen)
		}
		seen[c.PolicyVersion()] = true
	}
}
