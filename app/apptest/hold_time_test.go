package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// announcedChanges returns the gate changes that a receiver got: "passed failed held".
func announcedChanges(t *testing.T, r *apptest.Receiver) []string {
	t.Helper()
	var list []string
	for _, m := range r.Messages() {
		var b struct {
			Data struct {
				From, To  string
				HeldSince *time.Time `json:"held_since"`
			}
		}
		if err := json.Unmarshal(m.Body, &b); err != nil {
			t.Fatal(err)
		}
		move := b.Data.From + " " + b.Data.To
		if b.Data.HeldSince != nil {
			move += " held"
		}
		list = append(list, move)
	}
	return list
}

// changeLink returns the link of a message, without the address of the program.
func changeLink(t *testing.T, m apptest.Message) string {
	t.Helper()
	var b struct{ Link string }
	if err := json.Unmarshal(m.Body, &b); err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(b.Link, "/products/")
	return "/products/" + path
}

// A message about a gate change links to that change in the history: also if the change was on hold,
// and is announced by a later event.
func TestGateMessage_LinksToItsChange(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		admin := signedInAs(t, p, "admin")
		want := func(what string, m apptest.Message) {
			t.Helper()
			change := lastGateEvent(c, s)
			anchor := fmt.Sprintf("change-%d", change)
			link := changeLink(t, m)
			if want := fmt.Sprintf("%s?before=%d&tab=history#%s", s.path, change+1, anchor); link != want {
				t.Errorf("%s: it links to %s, want %s", what, link, want)
			}
			page, _, _ := strings.Cut(link, "#")
			admin.wantText(page, `id="`+anchor+`"`)
			a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/events/%d/trace", change), nil)
			if a.Get("steps.0.link") != link {
				t.Errorf("%s: %q, but its explanation links to %v", what, link, a.Get("steps.0.link"))
			}
		}
		setCritical(c, s, 1)
		want("at once", receiver.Wait(t, 1))
		c.Must(http.StatusOK, "PATCH", s.path, object{"hold_seconds": 600})
		setCritical(c, s, 0)
		p.Clock.Advance(11 * time.Minute)
		p.Wake()
		m := receiver.Wait(t, 2)
		if moves := announcedChanges(t, receiver); moves[1] != "failed passed held" {
			t.Fatalf("the second message is %s", moves[1])
		}
		want("on hold", m)
	})
}

// waitAnnounced waits for messages and fails the test at surplus ones.
func waitAnnounced(t *testing.T, what string, r *apptest.Receiver, want ...string) {
	t.Helper()
	r.Wait(t, len(want))
	wantLines(t, what, announcedChanges(t, r), want...)
}

// historyWithHold returns the changes of a product's gate history, newest first, each with its
// announcement.
func historyWithHold(c *apptest.Client, s productFixture) []string {
	a := c.Must(http.StatusOK, "GET", s.path+"/gate/history?limit=100", nil)
	var list []string
	for i := range itemCount(a) {
		at := fmt.Sprintf("items.%d.", i)
		how := "untold"
		switch notified := a.Get(at + "announced_by"); {
		case a.Get(at+"held_until") != nil:
			how = "waits"
		case notified == nil:
		case notified == a.Get(at+"event_id"):
			how = "at once"
		default:
			how = "later"
		}
		list = append(list, fmt.Sprint(a.Get(at+"from"), " ", a.Get(at+"to"), " ", how))
	}
	return list
}

func TestHoldTime_DelaysAnnouncement(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"hold_seconds": 600})
		s := newProduct(t, c, "Shop", receiver.URL)
		pass := func(d time.Duration) {
			p.Clock.Advance(d)
			p.Wake()
		}

		// The first evaluation is on hold like any other.
		setCritical(c, s, 0)
		a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
		if a.Get("held.from") != "none" || a.Get("state") != "passed" || a.ID("policy.hold_seconds") != 600 ||
			a.Get("policy.hold_source") != "global" {
			t.Fatalf("the first evaluation: %s", a.Text)
		}
		pass(11 * time.Minute)
		waitAnnounced(t, "the first", receiver, "none passed held")

		// Failed for 3 minutes: no message. Changes of other branches are not announced.
		setCritical(c, s, 1)
		c.Must(http.StatusOK, "PUT", s.path+"/counts",
			object{"branch": "feature", "scanner": "x", "counts": criticalCounts(9)})
		pass(3 * time.Minute)
		setCritical(c, s, 0)
		if a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil); a.Get("held") != nil {
			t.Errorf("it has returned, and still waits: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", s.path+"/gate?branch=feature", nil); a.Get("held") != nil ||
			a.Get("state") != "failed" {
			t.Errorf("the other branch: %s", a.Text)
		}
		pass(20 * time.Minute)

		// Failed for 11 minutes: one message, even if the counts rise meanwhile.
		setCritical(c, s, 1)
		pass(5 * time.Minute)
		setCritical(c, s, 2)
		pass(6 * time.Minute)
		waitAnnounced(t, "11 minutes", receiver, "none passed held", "passed failed held")
		wantLines(t, "history", historyWithHold(c, s), "passed failed later", "failed passed untold", "passed failed untold",
			"none passed later")
		if a := c.Must(http.StatusOK, "GET", "/notifications?type=gate.changed", nil); itemCount(a) != 2 {
			t.Errorf("inbox: %s", a.Text)
		}

		// From passed through failed to none: one message, about the last state.
		setCritical(c, s, 0)
		pass(11 * time.Minute)
		receiver.Wait(t, 3)
		setCritical(c, s, 1)
		pass(3 * time.Minute)
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "disabled"})
		pass(9 * time.Minute) // 12 since it failed, 9 since it is none
		if a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil); a.Get("held.from") != "passed" ||
			a.Get("policy.thresholds") != nil {
			t.Errorf("none waits: %s", a.Text)
		}
		pass(2 * time.Minute)
		waitAnnounced(t, "none", receiver, "none passed held", "passed failed held", "failed passed held", "passed none held")

		// A changed hold time applies to changes on hold: the global one, and the product's own.
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "standard"})
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"hold_seconds": 0})
		receiver.Wait(t, 5)
		c.Must(http.StatusOK, "PATCH", s.path, object{"hold_seconds": 86400})
		setCritical(c, s, 0)
		a = c.Must(http.StatusOK, "GET", s.path, nil)
		if a.Get("gate.held") == nil || a.ID("policy.hold_seconds") != 86400 || a.Get("policy.hold_source") != "product" ||
			a.ID("hold_seconds") != 86400 {
			t.Errorf("its own time: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "PATCH", s.path, object{"hold_seconds": nil}); a.Get("hold_seconds") != nil {
			t.Errorf("given back: %s", a.Text)
		}
		receiver.Wait(t, 6)

		// Another first evaluation, at once: no other message was sent meanwhile.
		setCritical(c, s, 3)
		waitAnnounced(t, "all", receiver, "none passed held", "passed failed held", "failed passed held", "passed none held",
			"none failed held", "failed passed held", "passed failed")
		for seconds, status := range map[any]int{-1: 422, 86401: 422, 1.5: 422, 0: 200, 86400: 200} {
			a := c.Must(status, "PATCH", s.path, object{"hold_seconds": seconds})
			if status == 422 && a.Get("errors.0.name") != "hold_seconds" {
				t.Errorf("%v: %s", seconds, a.Text)
			}
		}
		c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/gate", object{"hold_seconds": 86401})
	})
}

// A change on hold is announced after a restart.
func TestHoldTime_OutlivesRestart(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"hold_seconds": 600})
	s := newProduct(t, c, "Shop", receiver.URL)
	setCritical(c, s, 1)
	p.Stop()
	p = apptest.Start(t, apptest.Options{Dir: p.Dir, ClockBehind: -9 * time.Minute})
	apptest.Eventually(t, "it waits still", func() bool {
		return p.Client("admin").Must(http.StatusOK, "GET", s.path+"/gate", nil).Get("held.from") == "none"
	})
	p.Clock.Advance(2 * time.Minute)
	waitAnnounced(t, "after the restart", receiver, "none failed held")
}

// One of two instances announces a change on hold.
func TestHoldTime_AnnouncedByOneOfTwoInstances(t *testing.T) {
	t.Parallel()
	shared := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)}
	one, two := apptest.Start(t, shared), apptest.Start(t, shared)
	receiver, c := apptest.NewReceiver(t), one.Client("admin")
	const products = 40
	var all []productFixture
	for i := range products {
		s := newProduct(t, c, fmt.Sprintf("Shop %d", i), receiver.URL)
		c.Must(http.StatusOK, "PATCH", s.path, object{"hold_seconds": 600})
		setCritical(c, s, 1)
		all = append(all, s)
	}
	one.Clock.Advance(11 * time.Minute)
	two.Clock.Advance(11 * time.Minute)
	// The two clocks do not move by themselves and differ: what is due for one is in the future for
	// the other for a second. They move slowly, so that no lease expires.
	looks := 0
	apptest.Eventually(t, "all are notified", func() bool {
		if looks++; looks%500 == 0 {
			one.Clock.Advance(time.Second)
			two.Clock.Advance(time.Second)
		}
		return len(receiver.Messages()) >= products
	})
	last := newProduct(t, c, "Last", receiver.URL)
	setCritical(c, last, 1)
	receiver.Wait(t, products+1)
	for _, s := range all {
		wantLines(t, "history", historyWithHold(c, s), "none failed later")
	}
	if n := itemCount(c.Must(http.StatusOK, "GET", "/notifications?limit=100", nil)); n != products+1 {
		t.Errorf("%d notifications", n)
	}
	if got := len(receiver.Messages()); got != products+1 {
		t.Errorf("%d messages, want %d", got, products+1)
	}
}
