package web

import (
	"bufio"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// ask sends a request on a connection, and returns whether an answer came.
func ask(t *testing.T, conn net.Conn) bool {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		return false
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusNoContent
}

func TestConns_CloseTheOldestIdleConnection(t *testing.T) {
	for name, bounds := range map[string][2]int{"open": {3, 10}, "idle": {10, 3}} {
		t.Run(name, func(t *testing.T) {
			conns := NewConns(bounds[0], bounds[1])
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
			}))
			server.Config.ConnState = conns.State
			server.Listener = conns.Listener(server.Listener)
			server.Start()
			defer server.Close()
			var list []net.Conn
			for i := range 6 {
				conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() }) //nolint:errcheck // the server can have closed it
				if !ask(t, conn) {
					t.Fatalf("client %d gets no answer", i)
				}
				list = append(list, conn)
			}
			if ask(t, list[0]) {
				t.Error("the oldest idle connection is open")
			}
			if !ask(t, list[5]) {
				t.Error("the newest connection is closed")
			}
		})
	}
}

func TestClientAddress_IgnoresXRealIP(t *testing.T) {
	var got string
	report := requestOf(t.Context()).report
	e, err := NewEngine(slog.New(slog.DiscardHandler), []string{"192.0.2.1"}, report, func(*gin.Context, error) {})
	if err != nil {
		t.Fatal(err)
	}
	e.GET("/", func(c *gin.Context) { got = c.ClientIP() })
	for _, c := range []struct{ peer, header, value, want string }{
		{"192.0.2.1:1", "X-Real-IP", "203.0.113.9", "192.0.2.1"},
		{"192.0.2.1:1", "X-Forwarded-For", "203.0.113.9", "203.0.113.9"},
		{"192.0.2.1:1", "X-Forwarded-For", "10.9.9.9, 203.0.113.9", "203.0.113.9"},
		{"198.51.100.1:1", "X-Forwarded-For", "203.0.113.9", "198.51.100.1"},
		{"192.0.2.1:1", "X-Forwarded-For", "203.0.113.9:1234", "203.0.113.9"},
		{"192.0.2.1:1", "X-Forwarded-For", "10.9.9.9, ::ffff:203.0.113.9", "203.0.113.9"},
		{"192.0.2.1:1", "X-Forwarded-For", "[2001:db8::1]:1234", "2001:db8::1"},
		{"192.0.2.1:1", "X-Forwarded-For", "2001:db8::1", "2001:db8::1"},
		{"192.0.2.1:1", "X-Forwarded-For", "unknown", "192.0.2.1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set(c.header, c.value)
		e.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s from %s: %s, want %s", c.header, c.peer, got, c.want)
		}
	}
}
