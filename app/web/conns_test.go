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
	return send(t, conn) && answered(conn)
}

func send(t *testing.T, conn net.Conn) bool {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil { // only a fault takes that long
		t.Fatal(err)
	}
	_, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	return err == nil
}

func answered(conn net.Conn) bool {
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusNoContent
}

// boundServer is a server with bounds of connections. A value of states is sent for each state of one.
type boundServer struct {
	*httptest.Server

	active, idle chan net.Conn
	hold         chan struct{} // each answer waits for a value, or for its end
}

func newBoundServer(t *testing.T, open, idle int) *boundServer {
	t.Helper()
	s := &boundServer{active: make(chan net.Conn, 20), idle: make(chan net.Conn, 20), hold: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-s.hold
		w.WriteHeader(http.StatusNoContent)
	}))
	conns := NewConns(open, idle)
	s.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		conns.State(conn, state)
		switch state {
		case http.StateActive:
			s.active <- conn
		case http.StateIdle:
			s.idle <- conn
		case http.StateNew, http.StateHijacked, http.StateClosed:
		}
	}
	s.Listener = conns.Listener(s.Listener)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *boundServer) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) //nolint:errcheck // the server can have closed it
	return conn
}

func TestConns_CloseTheOldestIdleConnection(t *testing.T) {
	for name, bounds := range map[string][2]int{"open": {3, 10}, "idle": {10, 3}} {
		t.Run(name, func(t *testing.T) {
			server := newBoundServer(t, bounds[0], bounds[1])
			close(server.hold)
			var list []net.Conn
			for i := range 6 {
				conn := server.dial(t)
				if !ask(t, conn) {
					t.Fatalf("client %d gets no answer", i)
				}
				<-server.idle // a client has its answer a moment before
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

// A client that came while all connections were busy gets the first one that becomes idle.
func TestConns_WaitingClientGetsTheNextIdleConnection(t *testing.T) {
	server := newBoundServer(t, 2, 10)
	one, two := server.dial(t), server.dial(t)
	for _, conn := range []net.Conn{one, two} {
		if !send(t, conn) {
			t.Fatal("a request cannot be sent")
		}
		<-server.active
	}
	waiting := server.dial(t)
	close(server.hold)
	if !answered(one) || !answered(two) {
		t.Fatal("a busy connection gets no answer")
	}
	if !ask(t, waiting) {
		t.Error("the waiting client gets no answer")
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
