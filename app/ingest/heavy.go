package ingest

import (
	"context"
	"io"
)

// What a report costs in memory is a multiple of its size. So few large ones
// are at work at the same time; the others wait where they are.
const (
	heavyFrom = 4 << 20
	maxHeavy  = 2
)

// memoryGate lets large reports through one after the other.
type memoryGate struct {
	slots chan struct{}
}

func newHeavy() memoryGate { return memoryGate{make(chan struct{}, maxHeavy)} }

// begin watches a report that is read; end must follow when its import has
// ended.
func (h memoryGate) begin(ctx context.Context, body io.Reader) *sized {
	return &sized{heavy: h, ctx: ctx, body: body}
}

// sized is a report on its way in. Where it turns out to be large it waits
// for its turn.
type sized struct {
	heavy memoryGate
	ctx   context.Context //nolint:containedctx // a reader is given none
	body  io.Reader
	size  int
	holds bool
}

// Read waits for a slot before it goes on into a large report.
func (w *sized) Read(p []byte) (int, error) {
	if w.size >= heavyFrom && !w.holds {
		select {
		case w.heavy.slots <- struct{}{}:
			w.holds = true
		case <-w.ctx.Done():
			return 0, w.ctx.Err()
		}
	}
	n, err := w.body.Read(p)
	w.size += n
	return n, err
}

func (w *sized) end() {
	if w.holds {
		<-w.heavy.slots
	}
}
