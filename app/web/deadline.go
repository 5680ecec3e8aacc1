package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// deadlines are the times that a request can take.
type deadlines struct {
	body   time.Duration // until the body has arrived
	pause  time.Duration // between two parts of the body
	answer time.Duration // until the answer; 0 = none
}

// The deadlines of paths. A body that waits for its turn in the network has more time than one that
// a program has in memory; an answer can wait for the writer of the database.
var (
	smallDeadlines  = deadlines{body: 20 * time.Second, pause: 20 * time.Second, answer: time.Minute}
	eventDeadlines  = deadlines{body: time.Minute, pause: 20 * time.Second, answer: 2 * time.Minute}
	uploadDeadlines = deadlines{body: 15 * time.Minute, pause: 30 * time.Second}
	streamDeadlines = deadlines{body: 20 * time.Second, pause: 20 * time.Second}
)

// unreadTime is how long net/http can read what a handler has left of a body.
const unreadTime = 5 * time.Second

// streamPath is the stream of the inbox, which lasts as long as its page is open.
const streamPath = "/inbox/live"

// deadlinesOf returns the deadlines of a path.
func deadlinesOf(path string) deadlines {
	switch {
	case path == streamPath:
		return streamDeadlines
	case strings.HasSuffix(strings.TrimSuffix(path, "/"), "/envelope"), path == "/api/v1/exceptions":
		return eventDeadlines
	case isReportUpload(path):
		return uploadDeadlines
	}
	return smallDeadlines
}

// LimitTime sets the deadlines of requests. The one of the body ends with the body: net/http goes on
// reading to notice a client that goes away, and would take the deadline for one.
func LimitTime(next http.Handler) http.Handler { return limitTime(next, deadlinesOf) }

func limitTime(next http.Handler, of func(path string) deadlines) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := of(r.URL.Path)
		body := &timedBody{
			ReadCloser: r.Body,
			deadlines:  d,
			control:    http.NewResponseController(w),
			latest:     time.Now().Add(d.body),
		}
		ctx := r.Context()
		if d.answer > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, d.answer)
			defer cancel()
		}
		timed := r.WithContext(context.WithValue(ctx, bodyKey{}, body))
		if body.done = r.Body == nil || r.Body == http.NoBody; body.done {
			body.setDeadline(time.Time{})
		} else {
			timed.Body = body
		}
		next.ServeHTTP(w, timed)
		if !body.done && !body.late { // net/http waits for the rest before it answers
			body.setDeadline(time.Now().Add(unreadTime))
		}
	})
}

// timedBody is a body that must arrive in time.
type timedBody struct {
	io.ReadCloser
	deadlines
	control *http.ResponseController
	latest  time.Time
	done    bool // read to its end
	late    bool // cut off
}

type bodyKey struct{}

// isLate reports whether the body of a request was cut off. net/http cancels the request then, as if
// the client had gone. Only the goroutine that reads the body can call it.
func isLate(ctx context.Context) bool {
	body, _ := ctx.Value(bodyKey{}).(*timedBody)
	return body != nil && body.late
}

// Read reads a part of the body.
func (b *timedBody) Read(p []byte) (int, error) {
	if !b.done {
		next := time.Now().Add(b.pause)
		if next.After(b.latest) {
			next = b.latest
		}
		b.setDeadline(next)
	}
	n, err := b.ReadCloser.Read(p)
	b.late = b.late || errors.Is(err, os.ErrDeadlineExceeded)
	if errors.Is(err, io.EOF) && !b.done {
		b.done = true
		b.setDeadline(time.Time{})
	}
	return n, err
}

// setDeadline sets the deadline of reads. A writer that has none, as in tests, needs none.
func (b *timedBody) setDeadline(at time.Time) {
	_ = b.control.SetReadDeadline(at) //nolint:errcheck // see above
}
