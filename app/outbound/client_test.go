package outbound

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
)

// newTest returns a client with an allow-list and a discarded log.
func newTest(t testing.TB, allow string) *Client {
	t.Helper()
	a, err := ParseAllow(allow)
	if err != nil {
		t.Fatal(err)
	}
	return New(Policy{Allow: a}, slog.New(slog.DiscardHandler))
}

// logTo gives a client a log that tests can read.
func logTo(c *Client) *logBuffer {
	b := &logBuffer{}
	c.log = slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return b
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
