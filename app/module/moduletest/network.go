package moduletest

import (
	"context"
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

func (s suite) testHang(t *testing.T) {
	gone := make(chan struct{})
	f := s.newFixture(t, func(_ http.ResponseWriter, req *http.Request) {
		<-req.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if result := f.send(ctx, Usual()); result.Kind() != module.KindTransient {
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
			f := s.newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
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
			if result := f.expect(module.KindTransient); result.Status != 0 || !result.Unsure {
				t.Errorf("result = %+v", result)
			}
		})
	}
}

func (s suite) testUnreachable(t *testing.T) {
	f := s.newFixture(t, status(200))
	f.server.Close()
	if f.expect(module.KindTransient).Unsure {
		t.Error("it might have arrived where there was no connection")
	}
}

func (s suite) testGuard(t *testing.T) {
	f := s.newFixture(t, status(200))
	f.client.SetPolicy(outbound.Policy{})
	if result := f.expect(module.KindBlocked); result.Status != 0 || result.Answer != "" {
		t.Errorf("result = %+v", result)
	}
	if n := f.connsMade(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func (s suite) testWrongTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(status(200))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS() // its certificate has an unknown authority
	defer server.Close()
	f := s.newFixture(t, status(200))
	for url, want := range map[string]string{
		server.URL: "unknown authority",
		strings.Replace(f.server.URL, "http://", "https://", 1): "does not speak TLS",
	} {
		config, err := f.sender.Prepare(s.newConfig(url + "/hooks/" + secretPath + "?sig=" + secretQuery))
		if err != nil {
			t.Fatal(err)
		}
		f.config = config
		if result := f.expect(module.KindTransient); !strings.Contains(result.Reason, want) || result.Unsure {
			t.Errorf("result = %+v, want %s", result, want)
		}
	}
}

// testRebinding checks that a name with a public address at the check is checked again when it is
// dialed.
func (s suite) testRebinding(t *testing.T) {
	f := s.newFixture(t, status(200))
	names := outboundtest.NewNames(t)
	names.Set("rebind.example.", "8.8.8.8")
	names.Set("rebind.example.", "127.0.0.1")
	f.client.SetResolver(names.Resolver())
	f.client.SetPolicy(outbound.Policy{})
	_, port, err := net.SplitHostPort(f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	url := "http://rebind.example:" + port + "/hooks/" + secretPath + "?sig=" + secretQuery
	if warning := f.client.CheckWarning(t.Context(), url); warning != "" {
		t.Errorf("warning when saved: %s", warning)
	}
	if f.config, err = f.sender.Prepare(s.newConfig(url)); err != nil {
		t.Fatal(err)
	}
	if result := f.expect(module.KindBlocked); strings.Contains(result.Reason, "127.") {
		t.Errorf("result = %+v", result)
	}
	if n := f.connsMade(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func (s suite) testConnectionsKept(t *testing.T) {
	for _, code := range []int{200, 204, 500} {
		f := s.newFixture(t, status(code))
		for range 5 {
			f.send(t.Context(), Usual())
		}
		if n := f.connsMade(); n != 1 {
			t.Errorf("%d connections for five answers of %d", n, code)
		}
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
