package apptest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"sync"
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

// setCounts lets a gate fail (1) or pass (0).
func setCounts(c *apptest.Client, s shop, critical int) {
	c.Must(http.StatusOK, "PUT", s.path+"/counts", map[string]any{"scanner": "x", "counts": counts(critical)})
}

// breakDown lets a receiver answer 503 until it is mended.
func breakDown(r *apptest.Receiver) {
	r.Answer(slices.Repeat([]int{http.StatusServiceUnavailable}, 1000)...)
}

func mend(r *apptest.Receiver) { r.Answer() }

// withTarget adds a target of a module to a product.
func withTarget(c *apptest.Client, s shop, module, url string) int64 {
	return c.Must(http.StatusCreated, "POST", s.path+"/targets", map[string]any{"module": module, "name": module, "config": map[string]string{"url": url}}).
		ID("id")
}

// states are those of a product's deliveries to a connection, oldest first,
// with the reasons of those that were cancelled.
func states(t *testing.T, p *apptest.Program, s shop, connection int64) []string {
	t.Helper()
	var list []string
	for _, d := range ledgerOf(t, p, models.LedgerFilter{ProductID: s.id, ConnectionID: connection}) {
		text := string(d.State)
		if d.State == models.DeliveryCancelled {
			text += ": " + d.Reason
		}
		list = append(list, text)
	}
	return list
}

// arrived are the types and new states of messages.
func arrived(t *testing.T, messages []apptest.Message) []string {
	t.Helper()
	var list []string
	for _, m := range messages {
		var b struct {
			Type string
			Data struct{ To string }
		}
		if err := json.Unmarshal(m.Body, &b); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimSpace(b.Type+" "+b.Data.To))
	}
	return list
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

const (
	wasBack    = "cancelled: Out of date: the gate is back at Passed, which this target was told last"
	wasChanged = "cancelled: Out of date: the gate has changed to Failed since"
)

// subjects are those of the mails to an address, in order.
func subjects(t *testing.T, box *postbox, to string) []string {
	t.Helper()
	var list []string
	for _, m := range box.got() {
		read, err := mail.ReadMessage(strings.NewReader(m.text))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		if m.to == to {
			list = append(list, subject)
		}
	}
	return list
}

// Receivers are down for twenty minutes while gates change. Afterwards each has
// been told what counts, once; nothing is missing from the ledger, the history
// or the inbox; and whoever looks after them was told twice.
func TestAnOutage(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		box, port := openPostbox(t)
		mailBy(p.Client("admin"), port)
		p.User("ann")
		c := p.Client("ann")
		receivers := map[string]*apptest.Receiver{
			"stays":   apptest.NewReceiver(t),
			"returns": apptest.NewReceiver(t),
			"flaps":   apptest.NewReceiver(t),
		}
		shops := map[string]shop{}
		for _, name := range []string{"stays", "returns", "flaps"} {
			s := newShop(t, c, name, "")
			s.target = withTarget(
				c, s, map[string]string{"stays": "webhook", "returns": "slack", "flaps": "webhook"}[name], receivers[name].URL,
			)
			shops[name] = s
			setCounts(c, s, 0)
		}
		pass(t, p, time.Minute)
		for _, r := range receivers {
			r.Wait(t, 1)
			breakDown(r)
		}
		for _, s := range shops {
			setCounts(c, s, 1)
		}
		pass(t, p, 5*time.Minute)
		setCounts(c, shops["returns"], 0)
		setCounts(c, shops["flaps"], 0)
		pass(t, p, 5*time.Minute)
		setCounts(c, shops["flaps"], 1)
		pass(t, p, 10*time.Minute)
		refused := map[string]int{}
		for name, r := range receivers {
			refused[name] = len(r.Messages())
			mend(r)
		}
		pass(t, p, time.Hour)

		same(
			t,
			"one that stays failed",
			states(t, p, shops["stays"], shops["stays"].target),
			"delivered",
			"delivered",
			"delivered",
		)
		same(t, "one that returns", states(t, p, shops["returns"], shops["returns"].target), "delivered", wasBack, wasBack)
		same(
			t,
			"one that flaps",
			states(t, p, shops["flaps"], shops["flaps"].target),
			"delivered",
			wasChanged,
			wasChanged,
			"delivered",
			"delivered",
		)
		for _, name := range []string{"stays", "flaps"} {
			same(
				t,
				"what arrived of "+name,
				arrived(t, receivers[name].Messages()[refused[name]:]),
				"gate.changed failed",
				"connector.recovered",
			)
			same(t, "what the inbox says of "+name, told(t, p, shops[name].id), saysDown, "Delivering again, 1 sent late")
		}
		if n := len(receivers["returns"].Messages()); n != refused["returns"] {
			t.Errorf("one that returned was told: %s", receivers["returns"].Messages()[n-1].Body)
		}
		same(t, "what the inbox says of one that was never stopped", told(t, p, shops["returns"].id))
		mails := subjects(t, box, "ann@example.com")
		slices.Sort(mails)
		same(
			t,
			"mails to the owner",
			mails,
			"Messages to “webhook” arrive again (flaps)",
			"Messages to “webhook” arrive again (stays)",
			"Messages to “webhook” do not arrive (flaps)",
			"Messages to “webhook” do not arrive (stays)",
		)
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

// A message that may have arrived, though nobody has said so, is answered: its
// target hears that the gate is back where it was.
func TestWhatMayHaveArrivedIsAnswered(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		var breaks atomic.Bool
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if breaks.Load() {
				io.Copy(io.Discard, r.Body) //nolint:errcheck // the sender may be gone
				reset(w, r)
			}
		}))
		t.Cleanup(receiver.Close)
		c := p.Client("admin")
		s := newShop(t, c, "Shop", receiver.URL)
		setCounts(c, s, 0)
		apptest.Settle(t, p.Store)
		breaks.Store(true)
		setCounts(c, s, 1)
		apptest.Settle(t, p.Store)
		breaks.Store(false)
		setCounts(c, s, 0)
		pass(t, p, time.Minute)
		same(
			t,
			"in the end",
			states(t, p, s, s.target),
			"delivered",
			"cancelled: Out of date: the gate has changed to Passed since",
			"delivered",
		)
	})
}

// A broken connection that has nothing to be tried with is not taken for one
// that has failed all the time: the next message shows how it does.
func TestABrokenConnectionWithNothingToSend(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		s := newShop(t, c, "Shop", receiver.URL)
		setCounts(c, s, 0)
		apptest.Settle(t, p.Store)
		breakDown(receiver)
		setCounts(c, s, 1)
		pass(t, p, 20*time.Minute)
		setCounts(c, s, 0)
		pass(t, p, life+time.Hour)
		same(t, "while it has nothing to send", states(t, p, s, s.target), "delivered", wasBack, wasBack)
		same(t, "what the inbox says", told(t, p, s.id), saysDown)
		mend(receiver)
		setCounts(c, s, 1)
		apptest.Settle(t, p.Store)
		same(t, "afterwards", states(t, p, s, s.target), "delivered", wasBack, wasBack, "delivered")
		same(t, "what the inbox says", told(t, p, s.id), saysDown, "Delivering again")
	})
}

// While the mail server is down, that is told by other ways and not by mail.
// Once it is back each mail goes out once, no faster than mails may.
func TestAnOutageOfMail(t *testing.T) {
	t.Parallel()
	const products = 14
	on(t, func(t *testing.T, p *apptest.Program) {
		box, port := openPostbox(t)
		c, other := p.Client("admin"), apptest.NewReceiver(t)
		mailBy(c, port)
		p.User("ann")
		admin, err := p.Store.UserByName(t.Context(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Connections.CreateFor(
			t.Context(),
			authz.UserActor(admin),
			models.Owner{},
			connection.Draft{Module: "webhook", Name: "operators", Config: module.Config{"url": other.URL}},
		); err != nil {
			t.Fatal(err)
		}
		box.answer(func(string) error { return &smtp.SMTPError{Code: 421, Message: "closing"} })
		for i := range products {
			s := newShop(t, p.Client("ann"), fmt.Sprintf("Shop %02d", i), "")
			c.Must(http.StatusOK, "PATCH", s.path, map[string]any{"email_to": "ops@example.org"})
			setCounts(c, s, 1)
		}
		pass(t, p, 20*time.Minute)
		same(t, "what others are told", arrived(t, other.Messages()), "connector.error")
		box.answer(nil)
		for range 200 { // to the next probe and on, in steps in which a few mails may go
			p.Clock.Advance(10 * time.Second)
			p.Wake()
			before := len(box.got())
			apptest.Settle(t, p.Store)
			if n := len(box.got()) - before; n > 10 {
				t.Fatalf("%d mails at once", n)
			}
		}
		mails := subjects(t, box, "ops@example.org")
		slices.Sort(mails)
		if len(mails) != products || len(slices.Compact(mails)) != products {
			t.Errorf("mails: %q", mails)
		}
		if n := len(box.got()); n != products {
			t.Errorf("%d mails, of which the outage is told by %d", n, n-products)
		}
		same(
			t, "what the inbox says of mail", told(t, p, 0), saysDown, fmt.Sprintf("Delivering again, %d sent late", products),
		)
		same(t, "what others are told", arrived(t, other.Messages()), "connector.error", "connector.recovered")
	})
}

// Whoever may not be told any more is not, though the message waits for him; a
// target that was turned off meanwhile gets nothing.
func TestRightsAreLookedAtBeforeEachAttempt(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		box, port := openPostbox(t)
		mailBy(p.Client("admin"), port)
		box.answer(func(to string) error {
			if strings.HasPrefix(to, "kim@") {
				return &smtp.SMTPError{Code: 451, Message: "later"}
			}
			return nil
		})
		p.User("ann")
		kim := p.User("kim").ID
		c, gone, slow := p.Client("ann"), apptest.NewReceiver(t), apptest.NewReceiver(t)
		gone.Answer(http.StatusGone)
		breakDown(slow)
		s := newShop(t, c, "Shop", gone.URL)
		off := withTarget(c, s, "slack", slow.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/members", map[string]any{"user": "kim", "role": "owner"})
		setCounts(c, s, 1)
		apptest.Settle(t, p.Store)
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("%s/members/%d", s.path, kim), nil)
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/targets/%d", off), map[string]any{"enabled": false})
		box.answer(nil)
		mend(slow)
		pass(t, p, time.Hour)
		same(t, "what was turned off", states(t, p, s, off), "cancelled: The target is turned off")
		if n := len(slow.Messages()); n != 1 {
			t.Errorf("%d messages to what was turned off", n)
		}
		if ann, to := subjects(t, box, "ann@example.com"), subjects(t, box, "kim@example.com"); len(ann) != 1 ||
			len(to) != 0 {
			t.Errorf("mails to the owner %q, to who was one %q", ann, to)
		}
		found := false
		for _, d := range ledgerOf(t, p, models.LedgerFilter{State: models.DeliveryCancelled}) {
			found = found ||
				d.Recipient == "kim@example.com" && d.Reason == "Whoever has this address may not be told of it any more"
		}
		if !found {
			t.Errorf("the ledger does not say why: %+v", ledgerOf(t, p, models.LedgerFilter{}))
		}
	})
}

// What a channel takes is one message a second for Slack, and for mail ten and
// then one a second, however many there are and however often we look.
func TestRates(t *testing.T) {
	t.Parallel()
	const messages, mails = 6, 14
	on(t, func(t *testing.T, p *apptest.Program) {
		var mu sync.Mutex
		var at []time.Time
		written := make(chan struct{})
		slack := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			at = append(at, p.Clock.Now())
			mu.Unlock()
			<-written
		}))
		t.Cleanup(slack.Close)
		box, port := openPostbox(t)
		c := p.Client("admin")
		mailBy(c, port)
		chatty := newShop(t, c, "Chatty", "")
		withTarget(c, chatty, "slack", slack.URL)
		for i := range messages {
			setCounts(c, chatty, i%2)
		}
		apptest.Eventually(
			t,
			"all are written",
			func() bool { return len(ledgerOf(t, p, models.LedgerFilter{ProductID: chatty.id})) == messages },
		)
		close(written)
		for i := range mails {
			s := newShop(t, c, fmt.Sprint("Shop ", i), "")
			c.Must(http.StatusOK, "PATCH", s.path, map[string]any{"email_to": "ops@example.org"})
			setCounts(c, s, 1)
		}
		apptest.Settle(t, p.Store)
		for i := range 70 {
			if n := len(box.got()); n > 10+i/10 {
				t.Fatalf("%d mails after %d tenths of a second", n, i)
			}
			p.Clock.Advance(100 * time.Millisecond)
			p.Wake()
			apptest.Settle(t, p.Store)
		}
		if n := len(box.got()); n != mails {
			t.Errorf("%d mails, want %d", n, mails)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(at) != messages {
			t.Fatalf("%d messages, want %d", len(at), messages)
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < time.Second || gap > 1100*time.Millisecond {
				t.Errorf("message %d came %v after the one before", i+1, gap)
			}
		}
	})
}

// A target that is deleted while it is being sent to takes its message along,
// and no other: what was sent beside it is known to have arrived.
func TestATargetIsDeletedWhileItIsSentTo(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		receiver.Hold()
		c := p.Client("admin")
		stays := newShop(t, c, "stays", receiver.URL)
		target := newShop(t, c, "target goes", receiver.URL)
		product := newShop(t, c, "goes", receiver.URL)
		for _, s := range []shop{stays, target, product} {
			setCounts(c, s, 1)
		}
		receiver.Wait(t, 3)
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/targets/%d", target.target), nil)
		c.Must(http.StatusNoContent, "DELETE", product.path, nil)
		receiver.Release()
		apptest.Settle(t, p.Store)
		pass(t, p, time.Hour)
		same(t, "what stays", states(t, p, stays, stays.target), "delivered")
		if n := len(receiver.Messages()); n != 3 {
			t.Errorf("%d messages, want each once", n)
		}
		if strings.Contains(p.Logged(), "write delivery results") {
			t.Error("the results of others were not written at once")
		}
	})
}
