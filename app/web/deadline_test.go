package web

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// slowServer serves a handler that reads the body and answers its error, with short deadlines.
func slowServer(t *testing.T, d deadlines) (address string, read chan error) {
	t.Helper()
	read = make(chan error, 1)
	server := httptest.NewServer(limitTime(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
		if err != nil {
			w.WriteHeader(StatusOf(err))
		}
	}), func(string) deadlines { return d }))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), read
}

// A body that stops, and one that arrives in drops, are cut off with an answer. One that arrives in
// time is read, although its parts together take longer than a pause.
func TestSlowBody_IsCutOff(t *testing.T) {
	for name, test := range map[string]struct {
		limits deadlines
		part   int // bytes
		parts  int
		want   int
	}{
		"stops":   {deadlines{body: time.Minute, pause: 100 * time.Millisecond}, 1, 3, http.StatusRequestTimeout},
		"drips":   {deadlines{body: 200 * time.Millisecond, pause: time.Minute}, 1, 500, http.StatusRequestTimeout},
		"in time": {deadlines{body: time.Minute, pause: 10 * time.Second}, 250, 4, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, read := slowServer(t, test.limits)
			conn := dial(t, address)
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				ticker := time.NewTicker(20 * time.Millisecond)
				defer ticker.Stop()
				for range test.parts {
					<-ticker.C
					if _, err := io.WriteString(conn, strings.Repeat("x", test.part)); err != nil {
						return // the server has cut it off
					}
				}
			}()
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || answer.StatusCode != test.want {
				t.Fatalf("%v, %v", answer, err)
			}
			_ = answer.Body.Close() //nolint:errcheck // it is in memory
			if err := <-read; (err == nil) != (test.want == http.StatusOK) {
				t.Errorf("the handler has read: %v", err)
			}
		})
	}
}

// A handler that overlooks that the body was cut off, and fails later by the end of its request, answers
// what has happened.
func TestSlowBody_IsNoClientThatHasGone(t *testing.T) {
	t.Parallel()
	logger := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(limitTime(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body) //nolint:errcheck // see above
		<-r.Context().Done()
		w.WriteHeader(ToProblem(r.Context(), logger, r.Context().Err()).Status)
	}), func(string) deadlines { return deadlines{body: time.Minute, pause: 100 * time.Millisecond} }))
	t.Cleanup(server.Close)
	conn := dial(t, server.Listener.Addr().String())
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusRequestTimeout {
		t.Fatalf("%v, %v", answer, err)
	}
	_ = answer.Body.Close() //nolint:errcheck // it is in memory
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) //nolint:errcheck // it can be closed already
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// A client that goes away before its body has arrived, or before the answer, is no error of the
// program: its status is 499, and the log has no error.
func TestClientGone_IsNoError(t *testing.T) {
	for name, reads := range map[string]bool{"in its body": true, "before the answer": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			began, status := make(chan struct{}), make(chan int, 1)
			server := httptest.NewServer(LimitTime(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(began)
				_, err := io.ReadAll(r.Body)
				if !reads {
					<-r.Context().Done()
					err = r.Context().Err()
				}
				status <- ToProblem(r.Context(), logger, err).Status
			})))
			t.Cleanup(server.Close)
			conn := dial(t, server.Listener.Addr().String())
			body := "whole"
			if reads {
				body = "half"
			}
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"+body)
			if err != nil {
				t.Fatal(err)
			}
			<-began
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			if got := <-status; got != statusClientGone || log.Len() != 0 {
				t.Errorf("status %d, want %d; logged: %s", got, statusClientGone, log.String())
			}
		})
	}
}
