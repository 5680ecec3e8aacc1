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

// heavy lets large reports through one after the other.
type heavy struct {
	slots chan struct{}
}

func newHeavy() heavy { return heavy{make(chan struct{}, maxHeavy)} }

// begin watches a report that is read; end must follow when its import has
// ended.
func (h heavy) begin(ctx context.Context, body io.Reader) *weighed {
	return &weighed{heavy: h, ctx: ctx, body: body}
}

// weighed is a report on its way in. Where it turns out to be large it waits
// for its turn.
type weighed struct {
	heavy heavy
	ctx   context.Context //nolint:containedctx // a reader is given none
	body  io.Reader
	size  int
	holds bool
}

// Read waits for a slot before it goes on into a large report.
func (w *weighed) Read(p []byte) (int, error) {
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

func (w *weighed) end() {
	if w.holds {
		<-w.heavy.slots
	}
}
