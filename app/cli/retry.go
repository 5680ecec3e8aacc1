package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// callError is why a call failed, in words for a log.
type callError struct {
	text   string
	status int           // of the answer, 0 without one
	repeat bool          // the same request can succeed later
	after  time.Duration // when the server wants it again, 0 if it does not say
	detail string        // the server's own words
}

// Error returns the text.
func (e *callError) Error() string { return e.text }

// backoff is the pauses between the tries of a request.
type backoff struct {
	in     *invocation
	budget time.Duration // from the first failure on
	about  string
	tries  int
	until  time.Time
}

// after waits after a failed try. It returns the error that ends the tries.
func (b *backoff) after(ctx context.Context, failed *callError) error {
	b.tries++
	if !failed.repeat {
		return failed
	}
	if b.budget <= 0 {
		if failed.status != 0 {
			failed.text += "; use --retry 5m to retry until it succeeds"
		}
		return failed
	}
	now := b.in.now()
	if b.tries == 1 {
		b.until = now.Add(b.budget)
	}
	left := b.until.Sub(now)
	switch {
	case left <= 0:
		return fmt.Errorf("%w; failed after %d attempts in %s (--retry)", failed, b.tries, b.budget)
	case failed.after > left:
		return fmt.Errorf("%w; the server asks to wait %s, longer than --retry allows", failed, failed.after)
	}
	pause := min(max(b.pause(), failed.after), left)
	line := fmt.Sprintf("%s: %s; next try in %s", b.about, failed, pause.Round(100*time.Millisecond))
	if err := b.in.complain(line); err != nil {
		return err
	}
	if err := b.in.wait(ctx, pause); err != nil {
		return errors.New("interrupted")
	}
	return nil
}

// pause doubles with every try. Half of it is random, so that many pipelines do not come back at once.
func (b *backoff) pause() time.Duration {
	whole := maxPause
	if shift := b.tries - 1; shift < 5 {
		whole = firstPause << shift
	}
	return whole/2 + time.Duration(b.in.random()*float64(whole/2))
}

// repeatable reports whether the same request can succeed later.
func repeatable(res *http.Response, detail string) bool {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusConflict: // another import; every other conflict stays
		return res.Header.Get("Retry-After") != "" || strings.Contains(strings.ToLower(detail), "send it again")
	}
	return false
}

// retryAfter returns the wait that an answer asks for, 0 for none: seconds, or a date, which is
// compared with the server's own clock if the answer has it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, at.Sub(now))
}
