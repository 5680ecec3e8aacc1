package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/silence"
	"gatecrier/models/modelstest"
)

// A silence holds messages back, and one of two instances notifies once of its end.
func TestSilenceHoldsMessagesBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) { checkSilenceHolds(t, p, p) })
	t.Run("two instances", func(t *testing.T) {
		shared := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)}
		checkSilenceHolds(t, apptest.Start(t, shared), apptest.Start(t, shared))
	})
}

func checkSilenceHolds(t *testing.T, p, other *apptest.Program) {
	receiver, c := apptest.NewReceiver(t), p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	admin, err := p.Accounts.Actor(t.Context(), 1, 0)
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
		row, err := p.Silences.Create(t.Context(), admin,
			silence.Draft{ProductID: s.id, Reason: "maintenance", EndsAt: p.Store.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	// over waits for n ends of silences and their messages. The two clocks do not move by themselves and
	// differ: an event of one is in the future of the other for a second. They move slowly while
	// messages are being sent, so that no lease expires.
	over := func(n int) {
		t.Helper()
		apptest.Eventually(t, "a silence ends", func() bool {
			pass(time.Second)
			return itemCount(c.Do("GET", "/notifications?type=silence.ended", nil)) == n
		})
		looks := 0
		apptest.Eventually(t, "that is announced", func() bool {
			if looks++; looks%500 == 0 {
				pass(time.Second)
			}
			return len(receiver.Messages()) == n
		})
	}
	begin()
	pass(time.Second)
	setCritical(c, s, 1)
	apptest.Eventually(t, "it is held back", func() bool {
		return itemCount(c.Do("GET", "/deliveries?state=silenced", nil)) == 1
	})
	a := c.Must(http.StatusOK, "GET", "/deliveries?state=silenced", nil)
	if why, _ := a.Get("items.0.reason").(string); !strings.HasPrefix(why, "Silenced by ") ||
		!strings.HasSuffix(why, ": maintenance") {
		t.Errorf("%s", a.Text)
	}
	if n := itemCount(c.Must(http.StatusOK, "GET", "/notifications", nil)); n != 1 {
		t.Errorf("%d notifications", n)
	}
	if n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 0 {
		t.Errorf("%d of the silenced ones are unread", n)
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
	for _, want := range []string{
		`"silence.ended"`, `"silenced":1`, "Security gate failed", `"gate":"failed"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	row := begin()
	pass(time.Second)
	setCritical(c, s, 0)
	apptest.Eventually(t, "the second is held back", func() bool {
		return itemCount(c.Do("GET", "/deliveries?state=silenced", nil)) == 2
	})
	if _, err := p.Silences.EndNow(t.Context(), admin, row.ID, 0); err != nil {
		t.Fatal(err)
	}
	over(2)
	last := newProduct(t, c, "Last", receiver.URL)
	setCritical(c, last, 1)
	receiver.Wait(t, 3) // and no other message between
	if n := itemCount(c.Must(http.StatusOK, "GET", "/notifications?type=silence.ended", nil)); n != 2 {
		t.Errorf("%d ends", n)
	}
}

// A silence holds what the preview shows, by product, group, type or text. Mandatory notifications
// pass, and held messages can still be sent.
func TestSilence_HoldsWhatPreviewShows(t *testing.T) {
	t.Parallel()
	eachDatabase(t, checkHeldMessages)
}

func checkHeldMessages(t *testing.T, p *apptest.Program) {
	t.Helper()
	receiver, c := apptest.NewReceiver(t), p.Client("admin")
	group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
	inGroup, alone := newProduct(t, c, "In the group", receiver.URL), newProduct(t, c, "Alone", receiver.URL)
	c.Must(http.StatusOK, "PATCH", inGroup.path, object{"group_id": group})
	critical, notified, ends := map[int64]int{}, 0, 0
	// change changes the gate of a product, and waits for the end of the delivery.
	change := func(s productFixture) (state string) {
		t.Helper()
		p.Clock.Advance(time.Second)
		critical[s.id] = 1 - critical[s.id]
		setCritical(c, s, critical[s.id])
		notified++
		var a apptest.Answer
		apptest.Eventually(t, "its messages have come to an end", func() bool {
			a = c.Do("GET", "/deliveries?limit=100", nil)
			state, _ = a.Get("items.0.state").(string)
			return itemCount(a) == notified && (state == "delivered" || state == "silenced")
		})
		return state
	}
	for name, test := range map[string]struct {
		of           map[string]any
		group, other string // what becomes of the messages of each
	}{
		"of a product":        {object{"product_id": alone.id}, "delivered", "silenced"},
		"of a group":          {object{"group_id": group}, "silenced", "delivered"},
		"of all":              {object{}, "silenced", "silenced"},
		"of another type":     {object{"type": "waiver.expiring"}, "delivered", "delivered"},
		"of its type":         {object{"type": "gate.changed"}, "silenced", "silenced"},
		"of another text":     {object{"text": "nightly"}, "delivered", "delivered"},
		"of a group and text": {object{"group_id": group, "text": "GATE"}, "silenced", "delivered"},
	} {
		before := c.Must(http.StatusOK, "POST", "/silences/preview", test.of)
		test.of["reason"], test.of["ends_at"] = name, p.Store.Now().Add(time.Hour)
		id := c.Must(http.StatusCreated, "POST", "/silences", test.of).ID("id")
		if a, b := change(inGroup), change(alone); a != test.group || b != test.other {
			t.Errorf("%s: %s in the group, %s of the other, want %s and %s", name, a, b, test.group, test.other)
		}
		at := fmt.Sprint("/silences/", id)
		held := c.Must(http.StatusOK, "GET", at, nil).ID("silenced")
		delete(test.of, "reason")
		delete(test.of, "ends_at")
		after := c.Must(http.StatusOK, "POST", "/silences/preview", test.of)
		if more := after.ID("silenced") - before.ID("silenced"); more != held ||
			int(held) != itemCount(c.Must(http.StatusOK, "GET", at+"/notifications", nil)) {
			t.Errorf("%s: it held %d, its preview %d more", name, held, more)
		}
		c.Must(http.StatusNoContent, "DELETE", at, nil)
		c.Must(http.StatusConflict, "DELETE", at, nil)
		ends++
		apptest.Eventually(t, "its end is announced", func() bool {
			p.Clock.Advance(time.Second)
			return itemCount(c.Do("GET", "/notifications?type=silence.ended&limit=100", nil)) == ends &&
				itemCount(c.Do("GET", "/deliveries?state=pending", nil)) == 0 &&
				itemCount(c.Do("GET", "/deliveries?state=sending", nil)) == 0
		})
		notified = itemCount(c.Must(http.StatusOK, "GET", "/deliveries?limit=100", nil))
	}

	// Held messages are sent on request.
	a := c.Must(http.StatusOK, "GET", "/deliveries?state=silenced&limit=1", nil)
	n := len(receiver.Messages())
	c.Must(http.StatusAccepted, "POST", fmt.Sprintf("/deliveries/%d/resend", a.ID("items.0.id")), nil)
	apptest.Eventually(t, "it arrives", func() bool { p.Clock.Advance(time.Second); return len(receiver.Messages()) > n })
}

// Notifications of a broken connection pass every silence.
func TestSilence_MandatoryNotificationsPass(t *testing.T) {
	t.Parallel()
	eachDatabase(t, checkMandatoryPasses)
}

func checkMandatoryPasses(t *testing.T, p *apptest.Program) {
	t.Helper()
	bad, good, c := apptest.NewReceiver(t), apptest.NewReceiver(t), p.Client("admin")
	s := newProduct(t, c, "Shop", bad.URL)
	c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "good", "config": map[string]string{"url": good.URL}})
	failEveryRequest(bad)
	setCritical(c, s, 1)
	good.Wait(t, 1)
	c.Must(http.StatusUnprocessableEntity, "POST", "/silences",
		object{"type": "connector.error", "reason": "noise", "ends_at": p.Store.Now().Add(24 * time.Hour)})
	c.Must(http.StatusCreated, "POST", "/silences",
		object{"reason": "everything", "ends_at": p.Store.Now().Add(30 * 24 * time.Hour)})
	waitTargetState(t, p, c, s.target, "down")
	if body := string(good.Wait(t, 2).Body); !strings.Contains(body, `"connector.error"`) {
		t.Errorf("%s", body)
	}
	a := c.Must(http.StatusOK, "GET", "/notifications?type=connector.error", nil)
	if itemCount(a) != 1 || a.Get("items.0.viewed") != false || a.Get("items.0.silence_id") != nil {
		t.Errorf("%s", a.Text)
	}
	setCritical(c, s, 0)
	apptest.Eventually(t, "the rest is held back", func() bool {
		return itemCount(c.Do("GET", "/deliveries?state=silenced", nil)) == 2
	})
	if n := len(good.Messages()); n != 2 {
		t.Errorf("%d messages", n)
	}
}

// Errors of a silence are reported by field, and change nothing.
func TestSilence_RefusesInvalidInput(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	now := p.Store.Now()
	good := func() map[string]any {
		return object{"product_id": s.id, "reason": "maintenance", "ends_at": now.Add(time.Hour)}
	}
	for field, change := range map[string]object{
		"reason": {"reason": "  "}, "ends_at": {"ends_at": now.Add(-time.Minute)},
		"starts_at": {"starts_at": now.Add(-time.Hour)}, "type": {"type": "gate"},
		"text": {"text": strings.Repeat("x", silence.MaxText+1)}, "group_id": {"group_id": 1},
	} {
		body := good()
		for name, value := range change {
			body[name] = value
		}
		a := c.Do("POST", "/silences", body)
		if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusNotFound ||
			a.Status == http.StatusUnprocessableEntity && a.Get("errors.0.name") != field {
			t.Errorf("%s: %s", field, a.Text)
		}
	}
	for name, ends := range map[string]time.Time{
		"too long": now.Add(silence.Longest + time.Minute), "too short": now.Add(time.Second),
	} {
		body := good()
		body["ends_at"] = ends
		if a := c.Must(http.StatusUnprocessableEntity, "POST", "/silences", body); a.Get("errors.0.name") != "ends_at" {
			t.Errorf("%s: %s", name, a.Text)
		}
	}
	if n := itemCount(c.Must(http.StatusOK, "GET", "/silences", nil)); n != 0 {
		t.Fatalf("%d silences", n)
	}
	a := c.Must(http.StatusCreated, "POST", "/silences", good())
	at := fmt.Sprint("/silences/", a.ID("id"))
	if a.Get("state") != "active" || a.Get("product.name") != "Shop" || a.Get("author") != "admin" ||
		a.Get("may_edit") != true {
		t.Errorf("%s", a.Text)
	}
	later := good()
	later["starts_at"], later["ends_at"] = now.Add(time.Hour), now.Add(2*time.Hour)
	c.Must(http.StatusCreated, "POST", "/silences", later)
	c.Must(http.StatusConflict, "PATCH", at, object{"reason": "another", "version": 7})
	c.Must(http.StatusUnprocessableEntity, "PATCH", at, object{"ends_at": now.Add(-time.Hour)})
	if a := c.Must(http.StatusOK, "PATCH", at, object{"reason": "another", "version": 1}); a.Get("reason") != "another" ||
		a.ID("version") != 2 {
		t.Errorf("%s", a.Text)
	}
	for state, want := range map[string]int{"open": 2, "active": 1, "scheduled": 1, "ended": 0} {
		if n := itemCount(c.Must(http.StatusOK, "GET", "/silences?state="+state, nil)); n != want {
			t.Errorf("%s: %d, want %d", state, n, want)
		}
	}
	page := c.Must(http.StatusOK, "GET", "/silences?limit=1", nil)
	cursor, _ := page.Get("next_cursor").(string)
	next := c.Must(http.StatusOK, "GET", "/silences?limit=1&cursor="+cursor, nil)
	if next.ID("items.0.id") != a.ID("id") || next.Get("next_cursor") != nil {
		t.Errorf("%s", next.Text)
	}
	// The end of a silence deleted before its start is not announced.
	c.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/silences/", page.ID("items.0.id")), nil)
	apptest.Eventually(t, "its end is seen to", func() bool {
		p.Clock.Advance(time.Second)
		list, err := p.Store.DueSilences(t.Context(), p.Store.Now(), 10)
		return err == nil && len(list) == 0
	})
	if n := itemCount(c.Must(http.StatusOK, "GET", "/notifications", nil)); n != 0 {
		t.Errorf("%d notifications", n)
	}

	// Deleting the product deletes the silence.
	c.Must(http.StatusNoContent, "DELETE", s.path, nil)
	c.Must(http.StatusNotFound, "GET", at, nil)
	if n := itemCount(c.Must(http.StatusOK, "GET", "/audit?kind=silence", nil)); n < 3 {
		t.Errorf("%d rows of the audit", n)
	}
}

// The end of a silence of a group notifies its creator, only in the inbox, and only while they can
// see the group.
func TestSilenceEnd_NotifiesCreator(t *testing.T) {
	t.Parallel()
	eachDatabase(t, checkSilenceEnd)
}

func checkSilenceEnd(t *testing.T, p *apptest.Program) {
	t.Helper()
	c, receiver := p.Client("admin"), apptest.NewReceiver(t)
	p.User("ann")
	p.User("bob")
	group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
	at := fmt.Sprintf("/groups/%d/members", group)
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
	for _, name := range []string{"ann", "bob"} {
		c.Must(http.StatusCreated, "POST", at, object{"user": name, "role": "maintainer"})
		p.Client(name).
			Must(http.StatusCreated, "POST", "/silences",
				object{"group_id": group, "reason": name + "’s", "ends_at": p.Store.Now().Add(time.Hour)})
	}
	p.Clock.Advance(time.Second)
	setCritical(c, s, 1)
	apptest.Eventually(t, "it is held back", func() bool {
		return itemCount(c.Do("GET", "/deliveries?state=silenced", nil)) == 1
	})
	bob := c.Must(http.StatusOK, "GET", at, nil)
	for i := range itemCount(bob) {
		if user := fmt.Sprintf("items.%d.user", i); bob.Get(user) == "bob" {
			c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("%s/%d", at, bob.ID(fmt.Sprintf("items.%d.user_id", i))), nil)
		}
	}
	p.Clock.Advance(time.Hour)
	apptest.Eventually(t, "both ends are announced", func() bool {
		p.Clock.Advance(time.Second)
		return itemCount(c.Do("GET", "/notifications?type=silence.ended", nil)) == 2
	})
	a := p.Client("ann").Must(http.StatusOK, "GET", "/notifications?type=silence.ended", nil)
	if name, _ := a.Get("items.0.name").(string); itemCount(a) != 1 ||
		!strings.Contains(name, "1 notification silenced") {
		t.Errorf("%s", a.Text)
	}
	if n := itemCount(p.Client("bob").Must(http.StatusOK, "GET", "/notifications", nil)); n != 0 {
		t.Errorf("who is no member any more has %d notifications", n)
	}
	if n := len(receiver.Messages()); n != 0 {
		t.Errorf("%d messages", n)
	}
}

// A gate that passes after the end of a silence is announced, also late: the summary of the silence said
// that it fails, though the last change that arrived said that it passes.
func TestSilenceSummary_IsTheLastState(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		setCritical(c, s, 0)
		apptest.Settle(t, p.Store)
		c.Must(http.StatusCreated, "POST", "/silences", object{
			"product_id": s.id, "reason": "maintenance", "ends_at": p.Store.Now().Add(time.Hour),
		})
		setCritical(c, s, 1)
		apptest.Settle(t, p.Store)
		p.Clock.Advance(time.Hour)
		apptest.Eventually(t, "the summary arrives", func() bool {
			p.Clock.Advance(time.Second)
			return len(receiver.Messages()) == 2
		})
		failUntilRepaired(receiver)
		setCritical(c, s, 0)
		apptest.Settle(t, p.Store)
		repair(receiver)
		passTime(t, p, time.Hour)
		states := messageStates(t, receiver.Messages())
		if last := states[len(states)-1]; last != "gate.changed passed" {
			t.Errorf("the last message is %q", last)
		}
		wantLines(t, "deliveries", deliveryStates(t, p, s, s.target), "delivered", "silenced", "delivered", "delivered")
	})
}
