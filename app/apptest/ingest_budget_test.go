package apptest_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// eventsEnvelope returns an envelope with some events.
func eventsEnvelope(n int) []byte {
	return []byte("{}\n" + strings.Repeat(strings.TrimPrefix(oneEvent, "{}\n"), n))
}

func envelopeURL(p *apptest.Program, s productFixture, key string) string {
	return fmt.Sprintf("%s/api/%d/envelope/?sentry_key=%s", p.URL, s.id, key)
}

// wantRefused checks that an envelope is refused until a time, in the way that SDKs obey.
func wantRefused(t *testing.T, p *apptest.Program, s productFixture, key string, until time.Time) {
	t.Helper()
	res := sendEnvelope(t, envelopeURL(p, s, key), eventsEnvelope(1))
	seconds := res.Header.Get("Retry-After")
	n, err := strconv.Atoi(seconds)
	at := p.Clock.Now().Add(time.Duration(n) * time.Second)
	if res.Status != http.StatusTooManyRequests || err != nil || at.Before(until) || at.Sub(until) > time.Second ||
		res.Header.Get("X-Sentry-Rate-Limits") != seconds+":error:key" || !strings.Contains(res.Text, "detail") {
		t.Errorf("%d %v %s, want 429 until %s", res.Status, res.Header, res.Text, until)
	}
}

func wantAdmitted(t *testing.T, p *apptest.Program, s productFixture, key string, events int) {
	t.Helper()
	if res := sendEnvelope(t, envelopeURL(p, s, key), eventsEnvelope(events)); res.Status != http.StatusOK {
		t.Errorf("%d %s", res.Status, res.Text)
	}
}

// A key has a budget per minute and per day. A restart does not reset the day, a new key has a
// budget of its own, and so has another product. The owners of the product are notified once a day.
func TestIngestBudget_OfMinuteAndDay(t *testing.T) {
	t.Parallel()
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		o.StartTime = time.Date(2030, 5, 4, 10, 0, 5, 0, time.UTC)
		p := apptest.Start(t, o)
		box, port := newMailServer(t)
		c := p.Client("admin")
		configureMail(c, port)
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions",
			object{"ingest_key_per_minute": 100, "ingest_key_per_day": 250})
		p.User("ann")
		p.User("bob")
		s, other := newProduct(t, p.Client("ann"), "Shop", ""), newProduct(t, c, "Other", "")
		key, _ := newIngestKey(c, s)
		otherKey, _ := newIngestKey(c, other)
		minute := func() time.Time { return p.Clock.Now().UTC().Truncate(time.Minute).Add(time.Minute) }
		day := time.Date(2030, 5, 5, 0, 0, 0, 0, time.UTC)

		wantAdmitted(t, p, s, key, 60)
		wantAdmitted(t, p, s, key, 40)
		wantRefused(t, p, s, key, minute())
		wantAdmitted(t, p, other, otherKey, 1)
		p.Clock.Advance(time.Minute)
		wantAdmitted(t, p, s, key, 100)
		wantRefused(t, p, s, key, minute())
		apptest.Eventually(t, "ann has the mail", func() bool {
			p.Wake()
			return mailsWith(box, "ann@example.com", "Ingest key over its budget") == 1
		})
		p = restart(t, p, o)
		wantRefused(t, p, s, key, minute())
		p.Clock.Advance(time.Minute)
		wantAdmitted(t, p, s, key, 50)
		wantRefused(t, p, s, key, day)
		p = restart(t, p, o)
		c = p.Client("admin")
		wantRefused(t, p, s, key, day)
		passTime(t, p, time.Hour)
		wantRefused(t, p, s, key, day)
		wantAdmitted(t, p, other, otherKey, 1)
		newKey, _ := newIngestKey(c, s)
		wantAdmitted(t, p, s, newKey, 100)
		p.Clock.Advance(14 * time.Hour)
		wantAdmitted(t, p, s, newKey, 100)
		apptest.Settle(t, p.Store)
		if n := mailsWith(box, "ann@example.com", "Ingest key over its budget"); n != 1 {
			t.Errorf("ann has %d mails, want 1", n)
		}
		if n := mailsWith(box, "bob@example.com", "Ingest key"); n != 0 {
			t.Errorf("bob, who does not own the product, has %d mails", n)
		}
		a := c.Must(http.StatusOK, "GET", "/notifications?type=ingest.exceeded", nil)
		if itemCount(a) != 1 || !strings.Contains(a.Text, "more than 100 events in a minute") {
			t.Errorf("%s", a.Text)
		}
		passTime(t, p, 12*time.Hour) // a day after the first notification
		wantAdmitted(t, p, s, newKey, 100)
		wantRefused(t, p, s, newKey, minute())
		apptest.Eventually(t, "ann has another mail", func() bool {
			p.Wake()
			return mailsWith(box, "ann@example.com", "Ingest key over its budget") == 2
		})
	})
}

// Two instances share the budget of a key: what one has counted, the other knows within a second.
func TestIngestBudget_OnTwoInstances(t *testing.T) {
	t.Parallel()
	o := apptest.Options{
		Dir:         t.TempDir(),
		DatabaseURL: modelstest.MigratedURL(t),
		StartTime:   time.Date(2030, 5, 4, 10, 0, 5, 0, time.UTC),
	}
	p := apptest.Start(t, o)
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"ingest_key_per_minute": 100})
	s := newProduct(t, c, "Shop", "")
	key, _ := newIngestKey(c, s)
	other := apptest.Start(t, o)
	wantAdmitted(t, p, s, key, 90)
	use := func() int64 {
		u, _, err := p.Store.IngestKeyUse(t.Context(), s.id, key)
		if err != nil {
			t.Fatal(err)
		}
		return u.Minute.N
	}
	apptest.Eventually(t, "the first has stored its count", func() bool { return use() == 90 })
	wantAdmitted(t, other, s, key, 5)
	apptest.Eventually(t, "the second has stored its count", func() bool { return use() == 95 })
	// The first learns the count of the second when it stores its own; a second store shows that it has.
	for n := range int64(2) {
		wantAdmitted(t, p, s, key, 1)
		apptest.Eventually(t, "the first has stored its count", func() bool { return use() == 96+n })
	}
	wantAdmitted(t, p, s, key, 3)
	wantRefused(t, p, s, key, p.Clock.Now().UTC().Truncate(time.Minute).Add(time.Minute))
}
