package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	progressEvery = time.Second // between two updates on a terminal
	logEvery      = 10          // updates for each line of a log
)

// progress shows the progress of a file: first the upload, then the import by the server.
type progress struct {
	client    client
	productID int64
	name      string
	size      int64
	sent      atomic.Int64
	out       io.Writer
	terminal  bool
	shown     bool
}

// counted returns the file as a reader that counts its bytes.
func (p *progress) counted(r io.Reader) io.Reader { return io.TeeReader(r, p) }

// Write counts the bytes of the file that were sent.
func (p *progress) Write(b []byte) (int, error) {
	p.sent.Add(int64(len(b)))
	return len(b), nil
}

// begin shows the progress until end is called.
func (p *progress) begin(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ticker, done := time.NewTicker(progressEvery), make(chan struct{})
	go func() {
		defer close(done)
		p.watch(ctx, ticker.C)
	}()
	return func() {
		ticker.Stop()
		cancel()
		<-done
	}
}

// watch shows the progress at each tick, until ctx ends.
func (p *progress) watch(ctx context.Context, ticks <-chan time.Time) {
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			p.clear()
			return
		case <-ticks:
			if p.terminal || n%logEvery == 0 {
				p.show(p.status(ctx))
			}
		}
	}
}

// status returns the progress of the file in words.
func (p *progress) status(ctx context.Context) string {
	if sent := p.sent.Load(); sent < p.size {
		return fmt.Sprintf("%d of %d MiB sent", sent>>20, p.size>>20)
	}
	var list struct {
		Items []struct {
			Done  int64 `json:"rows_done"`
			Total int64 `json:"rows_total"`
		}
	}
	r := request{method: http.MethodGet, path: "/products/" + strconv.FormatInt(p.productID, 10) + "/imports"}
	if err := p.client.try(ctx, r, &list); err != nil || len(list.Items) == 0 { // the upload itself returns an error
		return "sent; the server reads it"
	}
	return fmt.Sprintf("%d of %d rows stored", list.Items[0].Done, list.Items[0].Total)
}

func (p *progress) show(status string) {
	line := p.name + ": " + status + "\n"
	if p.terminal {
		line = "\r\x1b[K" + p.name + ": " + status
	}
	if _, err := io.WriteString(p.out, line); err == nil {
		p.shown = true
	}
}

// clear removes the line on a terminal.
func (p *progress) clear() {
	if p.terminal && p.shown {
		p.shown = false
		io.WriteString(p.out, "\r\x1b[K") //nolint:errcheck,gosec // nothing else can show the error
	}
}
