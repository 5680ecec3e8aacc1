package ingest

import (
	"context"
	"io"
)

// A report takes a multiple of its unpacked size in memory. So only a few large ones are imported at
// the same time; the others wait in the middle of their body.
const (
	largeReport     = 4 << 20 // bytes
	maxLargeReports = 2
)

// memoryGate limits how many large reports are imported at the same time.
type memoryGate struct {
	slots chan struct{}
}

func newMemoryGate() memoryGate { return memoryGate{make(chan struct{}, maxLargeReports)} }

// begin returns a reader of body, unpacked, of at most limit bytes. The caller must call its end
// after the import.
func (h memoryGate) begin(ctx context.Context, body io.Reader, limit int64) *gatedReader {
	return &gatedReader{gate: h, ctx: ctx, body: body, limit: limit}
}

// gatedReader reads a report. Once the report is large, it waits for a slot of its gate.
type gatedReader struct {
	gate  memoryGate
	ctx   context.Context //nolint:containedctx // Read has no context
	body  io.Reader
	limit int64
	size  int64
	holds bool
}

// Read waits for a slot before it goes on into a large report. Over its limit it returns
// fault.TooLarge.
func (w *gatedReader) Read(p []byte) (int, error) {
	if w.size >= largeReport && !w.holds {
		select {
		case w.gate.slots <- struct{}{}:
			w.holds = true
		case <-w.ctx.Done():
			return 0, w.ctx.Err()
		}
	}
	n, err := w.body.Read(p)
	w.size += int64(n)
	if w.size > w.limit {
		return n, TooLarge(w.limit, nil)
	}
	return n, err
}

func (w *gatedReader) end() {
	if w.holds {
		<-w.gate.slots
	}
}
