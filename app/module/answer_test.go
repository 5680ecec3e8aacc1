package module

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatecrier/app/outbound"
)

func TestFromAnswer(t *testing.T) {
	tests := []struct {
		status int
		after  time.Duration
		want   Kind
		reason string
	}{
		{200, 0, KindDelivered, "200 OK"},
		{299, time.Minute, KindDelivered, "299"},
		{101, 0, KindRejected, "the receiver answered 101 Switching Protocols"},
		{304, 0, KindRejected, "the receiver answered 304 Not Modified; redirects are not followed"},
		{307, time.Minute, KindRejected, "the receiver answered 307 Temporary Redirect; redirects are not followed"},
		{400, time.Minute, KindRejected, "the receiver answered 400 Bad Request"},
		{408, 0, KindTransient, "the receiver answered 408 Request Timeout"},
		{410, time.Minute, KindGone, "the receiver answered 410 Gone"},
		{425, 0, KindTransient, "the receiver answered 425 Too Early"},
		{429, time.Minute, KindRetryAfter, "the receiver answered 429 Too Many Requests"},
		{500, time.Minute, KindRetryAfter, "the receiver answered 500 Internal Server Error"},
		{501, 0, KindTransient, "the receiver answered 501 Not Implemented"},
		{999, 0, KindTransient, "the receiver answered 999"},
	}
	for _, tt := range tests {
		answer := outbound.Answer{
			Status: tt.status, RetryAfter: tt.after, Private: true, Duration: time.Second, Body: []byte("words"),
		}
		r := FromAnswer(answer, nil)
		if r.Kind() != tt.want || r.Reason != tt.reason || r.Status != tt.status || r.Answer != "words" || !r.Private ||
			r.Duration != time.Second {
			t.Errorf("%d: %+v", tt.status, r)
		}
		if wait := r.Wait(); wait != 0 && (tt.want != KindRetryAfter || wait != tt.after) {
			t.Errorf("%d: wait %v", tt.status, wait)
		}
	}
}

func TestFromAnswer_Errors(t *testing.T) {
	for err, want := range map[error]Kind{
		errors.New("example.com: connection refused"):                   KindTransient,
		fmt.Errorf("example.com: %w", context.DeadlineExceeded):         KindTransient,
		fmt.Errorf("example.com: not allowed: %w", outbound.ErrRefused): KindBlocked,
	} {
		r := FromAnswer(outbound.Answer{Private: true, Duration: time.Second}, err)
		if r.Kind() != want || r.Reason != err.Error() || r.Status != 0 || !r.Private || r.Duration != time.Second {
			t.Errorf("%v: %+v", err, r)
		}
	}
}

func TestAnswerText(t *testing.T) {
	const secret = "https://user:passw0rd-9@h.example/services/T0KEN-long%2Fone?sig=s1gnature%3D42&v=1"
	tests := []struct{ name, body, want string }{
		{"plain", "ok", "ok"},
		{"not UTF-8", "a\xff\xfeb\x00c", "a\uFFFDbc"},
		{"the URL", "see " + secret + "!", "see [hidden]!"},
		{"the path", "no /services/T0KEN-long%2Fone here", "no [hidden] here"},
		{"the path decoded", "no /services/T0KEN-long/one here", "no [hidden] here"},
		{"a parameter", "bad s1gnature=42", "bad [hidden]"},
		{"the password", "not passw0rd-9", "not [hidden]"},
		{"cut at the end", "see https://user:passw0r", "see [hidden]"},
		{"host and short parts", "h.example v=1", "h.example v=1"},
	}
	for _, tt := range tests {
		if got := answerText([]byte(tt.body), []string{secret}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAnswerText_Truncated(t *testing.T) {
	for _, body := range []string{
		strings.Repeat("a", 5000), strings.Repeat("ä", 3000), "x" + strings.Repeat("🚨", 2000),
		strings.Repeat("\xff.", 4000),
	} {
		got := answerText([]byte(body), nil)
		if len(got) > 4096 || len(got) < 4093 || strings.ToValidUTF8(got, "") != got {
			t.Errorf("%.10q: %d bytes, ends with %q", body, len(got), got[len(got)-4:])
		}
	}
}

func TestResultKinds(t *testing.T) {
	for want, r := range map[Kind]Result{
		KindDelivered: Delivered("x"), KindRetryAfter: RetryAfter(time.Second, "x"), KindTransient: Transient("x"),
		KindRejected: Rejected("x"), KindPermanent: Permanent("x"), KindBlocked: Blocked("x"),
		KindGone: Gone("x"), KindSkipped: Skipped("x"),
	} {
		if r.Kind() != want || r.Reason != "x" || (r.Wait() == time.Second) != (want == KindRetryAfter) ||
			strings.HasPrefix(want.String(), "kind(") {
			t.Errorf("%v: %+v", want, r)
		}
	}
	if (Result{}).Kind() != KindTransient {
		t.Error("the zero result is not retried")
	}
}
