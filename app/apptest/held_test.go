package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/silence"
	"gatecrier/models/modelstest"
)

// A silence holds messages back, and its end is told of once, by one of two.
func TestASilenceHoldsMessagesBack(t *testing.T) {
	on(t, func(t *testing.T, p *apptest.Program) { holdsBack(t, p, p) })
	t.Run("two instances", func(t *testing.T) {
		shared := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.PostgresURL(t)}
		holdsBack(t, apptest.Start(t, shared), apptest.Start(t, shared))
	})
}

func holdsBack(t *testing.T, p, other *apptest.Program) {
	receiver, c := apptest.NewReceiver(t), p.Client("admin")
	s := newShop(t, c, "Shop", receiver.URL)
	admin, err := p.Accounts.Actor(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	pass := func(d time.Duration) {
		p.Clock.Advance(d)
		if other != p {
			other.Clock.Advance(d)
		}
	}
	begin := func() silence.Row {
		row, err := p.Silences.Create(t.Context(), admin, silence.Draft{ProductID: s.id, Reason: "maintenance", EndsAt: p.Store.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	// over waits for so many ends. Clocks that stand differ: what one has told of
	// is in the future for the other until a second goes by.
	over := func(n int) {
		apptest.Eventually(t, "a silence ends", func() bool {
			pass(time.Second)
			return len(receiver.Messages()) == n
		})
	}
	begin()
	pass(time.Second)
	setCounts(c, s, 1)
	apptest.Eventually(t, "it is held back", func() bool {
		return rows(c.Do("GET", "/deliveries?state=suppressed", nil)) == 1
	})
	a := c.Must(http.StatusOK, "GET", "/deliveries?state=suppressed", nil)
	if why, _ := a.Get("items.0.reason").(string); !strings.HasPrefix(why, "Held back by a silence of ") || !strings.HasSuffix(why, ": maintenance") {
		t.Errorf("%s", a.Text)
	}
	if n := rows(c.Must(http.StatusOK, "GET", "/notifications", nil)); n != 1 {
		t.Errorf("%d notifications", n)
	}
	if n := len(receiver.Messages()); n != 0 {
		t.Fatalf("%d messages arrived", n)
	}
	before, err := p.Silences.Preview(t.Context(), admin, silence.Draft{ProductID: s.id})
	if err != nil || before.Held != 1 || before.Of != 1 {
		t.Errorf("preview: %+v, %v", before, err)
	}
	pass(time.Hour)
	over(1)
	body := string(receiver.Wait(t, 1).Body)
	for _, want := range []string{`"silence.ended"`, `"held":1`, "Security gate has changed to Failed", `"gate":"failed"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	row := begin()
	pass(time.Second)
	setCounts(c, s, 0)
	apptest.Eventually(t, "the second is held back", func() bool { return rows(c.Do("GET", "/deliveries?state=suppressed", nil)) == 2 })
	if _, err := p.Silences.EndNow(t.Context(), admin, row.ID); err != nil {
		t.Fatal(err)
	}
	over(2)
	last := newShop(t, c, "Last", receiver.URL)
	setCounts(c, last, 1)
	receiver.Wait(t, 3) // and nothing else between
	if n := rows(c.Must(http.StatusOK, "GET", "/notifications?type=silence.ended", nil)); n != 2 {
		t.Errorf("%d ends", n)
	}
}
