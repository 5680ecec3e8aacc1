package module

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"gatecrier/app/outbound"
)

const maxAnswer = 4 << 10 // in bytes

// FromAnswer returns the result of an HTTP exchange, by the rules that all modules share. It masks
// secrets, URLs among them, that the receiver repeats in its answer.
func FromAnswer(a outbound.Answer, err error, secrets ...string) Result {
	var r Result
	switch {
	case errors.Is(err, outbound.ErrRefused):
		r = Blocked(err.Error())
	case err != nil:
		r = Transient(err.Error())
		r.Unsure = errors.Is(err, outbound.ErrUnsure)
	default:
		r = fromStatus(a)
	}
	r.Status, r.Private, r.Duration = a.Status, a.Private, a.Duration
	r.Answer = answerText(a.Body, secrets)
	return r
}

func fromStatus(a outbound.Answer) Result {
	statusText := strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
	switch {
	case a.Status >= 200 && a.Status < 300:
		return Delivered(statusText)
	case a.Status == http.StatusGone:
		return Gone("the receiver answered " + statusText)
	case isTransient(a.Status) && a.RetryAfter > 0:
		return RetryAfter(a.RetryAfter, "the receiver answered "+statusText)
	case isTransient(a.Status):
		return Transient("the receiver answered " + statusText)
	case a.Status >= 300 && a.Status < 400:
		return Rejected("the receiver answered " + statusText + "; redirects are not followed")
	}
	return Rejected("the receiver answered " + statusText)
}

func isTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// answerText returns the bytes of an answer as a text that can be stored and shown.
func answerText(body []byte, secrets []string) string {
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	text = strings.ReplaceAll(text, "\x00", "")
	text = redact(text, secrets)
	return truncateBytes(text, maxAnswer)
}

// truncateBytes truncates a text to size bytes, between two characters.
func truncateBytes(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
