package web

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxRest is how many bytes of a body are read after its answer.
	maxRest = 64 << 20
	// restTime bounds the time to read them.
	restTime = 10 * time.Second
)

// ReadRest reads the rest of a body that was refused early, within bounds. A client that is still sending would
// get a reset of the connection in place of the answer.
func ReadRest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		body := &watchedBody{ReadCloser: r.Body}
		r.Body = body
		next.ServeHTTP(w, r)
		waits := strings.EqualFold(r.Header.Get("Expect"), "100-continue") && !body.began // and sends nothing
		if body.ended || waits {
			return
		}
		discard(body)
	})
}

// discard reads the rest of a body within the bounds. LimitTime bounds each read.
func discard(body io.Reader) {
	end := time.Now().Add(restTime)
	buffer := make([]byte, 32<<10)
	for n := 0; n < maxRest && time.Now().Before(end); {
		read, err := body.Read(buffer)
		if err != nil {
			return
		}
		n += read
	}
}

// watchedBody knows whether a body was read.
type watchedBody struct {
	io.ReadCloser

	began, ended bool
}

// Read reads a part of the body.
func (b *watchedBody) Read(p []byte) (int, error) {
	b.began = true
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// Close does not close the body: ReadRest reads on. The server closes it.
func (b *watchedBody) Close() error { return nil }

// StrictTransport makes browsers use HTTPS only, for a program whose users reach it over HTTPS.
func StrictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}
