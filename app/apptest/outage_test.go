package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	wasBack    = "cancelled: Superseded: the gate is back at Passed, the last state sent to this target"
	wasChanged = "cancelled: Superseded: the gate has changed to Failed since"
)

// Receivers are down for twenty minutes while gates change. Afterwards each has got the current
// state once, the delivery log, history and inbox are complete, and the administrators were
// notified twice.
func TestOutage_OfManyReceivers(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box, port := newMailServer(t)
		configureMail(p.Client("admin"), port)
		p.User("ann")
		c := p.Client("ann")
		receivers := map[string]*apptest.Receiver{
			"stays":   apptest.NewReceiver(t),
			"returns": apptest.NewReceiver(t),
			"flaps":   apptest.NewReceiver(t),
		}
		shops := map[string]productFixture{}
		for _, name := range []string{"stays", "returns", "flaps"} {
			s := newProduct(t, c, name, "")
			s.target = addTarget(c, s, map[string]string{"stays": "webhook", "returns": "slack", "flaps": "webhook"}[name],
				receivers[name].URL)
			shops[name] = s
			setCritical(c, s, 0)
		}
		passTime(t, p, time.Minute)
		for _, r := range receivers {
			r.Wait(t, 1)
			failUntilRepaired(r)
		}
		for _, s := range shops {
			setCritical(c, s, 1)
		}
		passTime(t, p, 5*time.Minute)
		setCritical(c, shops["returns"], 0)
		setCritical(c, shops["flaps"], 0)
		passTime(t, p, 5*time.Minute)
		setCritical(c, shops["flaps"], 1)
		passTime(t, p, 10*time.Minute)
		refused := map[string]int{}
		for name, r := range receivers {
			refused[name] = len(r.Messages())
			repair(r)
		}
		passTime(t, p, time.Hour)

		wantLines(t, "one that stays failed", deliveryStates(t, p, shops["stays"], shops["stays"].target), "delivered",
			"delivered", "delivered")
		wantLines(t, "one that returns", deliveryStates(t, p, shops["returns"], shops["returns"].target), "delivered",
			wasBack, wasBack)
		wantLines(t, "one that flaps", deliveryStates(t, p, shops["flaps"], shops["flaps"].target), "delivered", wasChanged,
			wasChanged, "delivered", "delivered")
		for _, name := range []string{"stays", "flaps"} {
			wantLines(t, "what arrived of "+name, messageStates(t, receivers[name].Messages()[refused[name]:]),
				"gate.changed failed", "connector.recovered")
			wantLines(t, "what the inbox says of "+name, connectionNotices(t, p, shops[name].id), saysDown,
				"Delivering again, 1 sent late")
		}
		if n := len(receivers["returns"].Messages()); n != refused["returns"] {
			t.Errorf("one that returned was notified: %s", receivers["returns"].Messages()[n-1].Body)
		}
		wantLines(t, "what the inbox says of one that was never stopped", connectionNotices(t, p, shops["returns"].id))
		mails := mailSubjects(t, box, "ann@example.com")
		slices.Sort(mails)
		wantLines(t, "mails to the owner", mails, "Messages arrive again: “webhook” (flaps)",
			"Messages arrive again: “webhook” (stays)", "Messages do not arrive: “webhook” (flaps)",
			"Messages do not arrive: “webhook” (stays)")
		for name, n := range map[string]int{"stays": 2, "returns": 3, "flaps": 4} {
			history := c.Must(http.StatusOK, "GET", shops[name].path+"/gate/history", nil)
			rows := c.Must(http.StatusOK, "GET", fmt.Sprintf("/notifications?type=gate.changed&product=%d", shops[name].id), nil)
			if history.Get(fmt.Sprintf("items.%d", n-1)) == nil || history.Get(fmt.Sprintf("items.%d", n)) != nil ||
				rows.Get(fmt.Sprintf("items.%d", n-1)) == nil || rows.Get(fmt.Sprintf("items.%d", n)) != nil {
				t.Errorf("%s: the history or the inbox has not %d rows:\n%s\n%s", name, n, history.Text, rows.Text)
			}
		}
	})
}

// A message can have arrived without an answer. Its target gets a message that the gate is back in
// its former state.
func TestUncertainDelivery_IsCorrected(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		var breaks atomic.Bool
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if breaks.Load() {
				io.Copy(io.Discard, r.Body) //nolint:errcheck // the sender can be gone
				resetConnection(w, r)
			}
		}))
		t.Cleanup(receiver.Close)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		setCritical(c, s, 0)
		apptest.Settle(t, p.Store)
		breaks.Store(true)
		setCritical(c, s, 1)
		apptest.Settle(t, p.Store)
		breaks.Store(false)
		setCritical(c, s, 0)
		passTime(t, p, time.Minute)
		wantLines(t, "in the end", deliveryStates(t, p, s, s.target), "delivered",
			"cancelled: Superseded: the gate has changed to Passed since", "delivered")
	})
}

// A broken connection with an empty queue is not treated as one that fails all the time: the next
// message tests it.
func TestBrokenConnection_WithEmptyQueue(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", receiver.URL)
		setCritical(c, s, 0)
		apptest.Settle(t, p.Store)
		failUntilRepaired(receiver)
		setCritical(c, s, 1)
		passTime(t, p, 20*time.Minute)
		setCritical(c, s, 0)
		passTime(t, p, maxDeliveryAge+time.Hour)
		wantLines(t, "while it has nothing to send", deliveryStates(t, p, s, s.target), "delivered", wasBack, wasBack)
		wantLines(t, "what the inbox says", connectionNotices(t, p, s.id), saysDown)
		repair(receiver)
		setCritical(c, s, 1)
		apptest.Settle(t, p.Store)
		wantLines(t, "afterwards", deliveryStates(t, p, s, s.target), "delivered", wasBack, wasBack, "delivered")
		wantLines(t, "what the inbox says", connectionNotices(t, p, s.id), saysDown, "Delivering again")
	})
}

// While the mail server is down, other channels report that, and email does not. After the outage
// each email is sent once, within the rate limit.
func TestOutage_OfMailServer(t *testing.T) {
	t.Parallel()
	const products = 14
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box, port := newMailServer(t)
		c, other := p.Client("admin"), apptest.NewReceiver(t)
		configureMail(c, port)
		p.User("ann")
		admin, err := p.Store.UserByName(t.Context(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Connections.CreateFor(t.Context(), authz.UserActor(admin), models.Owner{},
			connection.Draft{Module: "webhook", Name: "operators", Config: module.Config{"url": other.URL}})
		if err != nil {
			t.Fatal(err)
		}
		box.refuseRecipients(func(string) error { return &smtp.SMTPError{Code: 421, Message: "closing"} })
		for i := range products {
			s := newProduct(t, p.Client("ann"), fmt.Sprintf("Shop %02d", i), "")
			c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "ops@example.org"})
			setCritical(c, s, 1)
		}
		passTime(t, p, 20*time.Minute)
		wantLines(t, "messages to others", messageStates(t, other.Messages()), "connector.error")
		box.refuseRecipients(nil)
		for range 200 { // past the next probe, in steps that allow a few emails each
			p.Clock.Advance(10 * time.Second)
			p.Wake()
			before := len(box.received())
			apptest.Settle(t, p.Store)
			if n := len(box.received()) - before; n > 10 {
				t.Fatalf("%d mails at once", n)
			}
		}
		mails := mailSubjects(t, box, "ops@example.org")
		slices.Sort(mails)
		if len(mails) != products || len(slices.Compact(mails)) != products {
			t.Errorf("mails: %q", mails)
		}
		if n := len(box.received()); n != products {
			t.Errorf("%d mails, %d of them about the outage", n, n-products)
		}
		wantLines(t, "what the inbox says of mail", connectionNotices(t, p, 0), saysDown,
			fmt.Sprintf("Delivering again, %d sent late", products))
		wantLines(t, "messages to others", messageStates(t, other.Messages()), "connector.error", "connector.recovered")
	})
}
