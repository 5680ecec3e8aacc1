package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// reportDifferent reports exceptions of a product that are all different, numbered from an offset.
func reportDifferent(c *apptest.Client, product int64, offset, n int) {
	const each = 500
	for from := 0; from < n; from += each {
		list := make([]object, min(each, n-from))
		for i := range list {
			list[i] = object{
				"class": fmt.Sprint("Error", offset+from+i), "message": "m", "product": product, "fingerprint": []string{
					fmt.Sprint("f", offset+from+i),
				},
			}
		}
		c.Must(http.StatusAccepted, "POST", "/exceptions", list)
	}
}

// holdingText returns how many messages of a receiver contain a text.
func holdingText(r *apptest.Receiver, text string) int {
	n := 0
	for _, m := range r.Messages() {
		if strings.Contains(string(m.Body), text) {
			n++
		}
	}
	return n
}

// mailsWith returns how many emails to an address contain a text.
func mailsWith(box *mailServer, to, text string) int {
	n := 0
	for _, m := range box.received() {
		if m.to == to && strings.Contains(m.text, text) {
			n++
		}
	}
	return n
}

// secondsUntil advances the clock by seconds until something has arrived, and returns how many it
// took. It gives up at limit.
func secondsUntil(t *testing.T, p *apptest.Program, limit int, arrived func() bool) int {
	t.Helper()
	for second := 0; ; second++ {
		apptest.Settle(t, p.Store)
		if arrived() || second == limit {
			return second
		}
		p.Clock.Advance(time.Second)
		p.Wake()
	}
}

// After a storm of different exceptions a gate fails. Its messages arrive within five seconds at
// Slack and by email, also those of another product with the same mail server; one summary per hour
// has the rest of the exceptions. GATECRIER_STORM=25 makes them ten thousand.
func TestExceptionStorm_DelaysNoGateMessage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		all := envInt(t, "GATECRIER_STORM", 3) * 400
		box, port := newMailServer(t)
		c := p.Client("admin")
		configureMail(c, port)
		slack := apptest.NewReceiver(t)
		s, other := newProduct(t, c, "Noisy", ""), newProduct(t, c, "Calm", "")
		c.Must(http.StatusOK, "PATCH", s.path,
			object{"slack_webhook": slack.URL + "/services/x", "email_to": "noisy@example.org"})
		c.Must(http.StatusOK, "PATCH", other.path, object{"email_to": "calm@example.org"})
		setCritical(c, s, 0)
		setCritical(c, other, 0)
		passTime(t, p, time.Minute)

		began := p.Clock.Now()
		reportDifferent(c, s.id, 0, all)
		apptest.Settle(t, p.Store)
		setCritical(c, s, 1)
		setCritical(c, other, 1)
		const failed = "Security gate failed"
		took := secondsUntil(t, p, 2*all, func() bool {
			return holdingText(slack, failed) == 1 && mailsWith(box, "noisy@example.org", failed) > 0 &&
				mailsWith(box, "calm@example.org", failed) > 0
		})
		t.Logf("%d exceptions, then the gate's messages took %d s", all, took)
		if took > 5 {
			t.Errorf("the gate's messages took %d s", took)
		}
		passTime(t, p, began.Add(59*time.Minute).Sub(p.Clock.Now()))
		if n := holdingText(slack, "🔴 Exception "); n != 20 {
			t.Errorf("%d exceptions by Slack within the hour, want 20", n)
		}
		if n := mailsWith(box, "noisy@example.org", "Subject: Exception "); n < 20 {
			t.Errorf("%d exceptions by email within the hour, want 20", n)
		}
		const summary = " (summary)"
		if n := holdingText(slack, summary); n != 0 {
			t.Errorf("%d summaries before the hour is over", n)
		}
		p.Clock.Advance(2 * time.Minute)
		slackWith(t, p, slack, summary, 1)
		passTime(t, p, 3*time.Hour)
		const maxGroups = 1001 // a thousand of the hour, and one for the others
		rest := min(all, maxGroups) - 20
		slackWith(t, p, slack, fmt.Sprintf("replaces %d about %d different exceptions", rest, rest), 1)
		if n := mailsWith(box, "noisy@example.org", summary); n != 1 {
			t.Errorf("%d summaries by email, want 1", n)
		}
		if n := mailsWith(box, "calm@example.org", summary); n != 0 {
			t.Errorf("%d summaries to another product", n)
		}
	})
}

// slackWith waits until a receiver has got a number of messages with a text.
func slackWith(t *testing.T, p *apptest.Program, r *apptest.Receiver, text string, n int) {
	t.Helper()
	apptest.Eventually(t, fmt.Sprintf("the receiver has %d of %q", n, text), func() bool {
		p.Wake()
		return holdingText(r, text) == n
	})
}
