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

// setCritical lets a gate fail (1) or pass (0).
func setCritical(c *apptest.Client, s productFixture, critical int) {
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(critical)})
}

// failUntilRepaired lets a receiver answer 503 until it is mended.
func failUntilRepaired(r *apptest.Receiver) {
	r.Answer(slices.Repeat([]int{http.StatusServiceUnavailable}, 1000)...)
}

func repair(r *apptest.Receiver) { r.Answer() }

// addTarget adds a target of a module to a product.
func addTarget(c *apptest.Client, s productFixture, module, url string) int64 {
	return c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": module, "name": module, "config": map[string]string{"url": url}}).
		ID("id")
}

// deliveryStates are those of a product's deliveries to a connection, oldest first,
// with the reasons of those that were cancelled.
func deliveryStates(t *testing.T, p *apptest.Program, s productFixture, connection int64) []string {
	t.Helper()
	var list []string
	for _, d := range deliveryLog(t, p, models.LedgerFilter{ProductID: s.id, ConnectionID: connection}) {
		text := string(d.State)
		if d.State == models.DeliveryCancelled {
			text += ": " + d.Reason
		}
		list = append(list, text)
	}
	return list
}

// messageStates are the types and new states of messages.
func messageStates(t *testing.T, messages []apptest.Message) []string {
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

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

const (
	wasBack    = "cancelled: Out of date: the gate is back at Passed, which this target was told last"
	wasChanged = "cancelled: Out of date: the gate has changed to Failed since"
)

// mailSubjects are those of the mails to an address, in order.
func mailSubjects(t *testing.T, box *mailServer, to string) []string {
	t.Helper()
	var list []string
	for _, m := range box.received() {
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
			t.Errorf("one that returned was told: %s", receivers["returns"].Messages()[n-1].Body)
		}
		wantLines(t, "what the inbox says of one that was never stopped", connectionNotices(t, p, shops["returns"].id))
		mails := mailSubjects(t, box, "ann@example.com")
		slices.Sort(mails)
		wantLines(t, "mails to the owner", mails, "Messages to “webhook” arrive again (flaps)",
			"Messages to “webhook” arrive again (stays)", "Messages to “webhook” do not arrive (flaps)",
			"Messages to “webhook” do not arrive (stays)")
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
func TestUncertainDelivery_IsCorrected(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		var breaks atomic.Bool
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if breaks.Load() {
				io.Copy(io.Discard, r.Body) //nolint:errcheck // the sender may be gone
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
			"cancelled: Out of date: the gate has changed to Passed since", "delivered")
	})
}

// A broken connection that has nothing to be tried with is not taken for one
// that has failed all the time: the next message shows how it does.
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

// While the mail server is down, that is told by other ways and not by mail.
// Once it is back each mail goes out once, no faster than mails may.
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
		wantLines(t, "what others are told", messageStates(t, other.Messages()), "connector.error")
		box.refuseRecipients(nil)
		for range 200 { // to the next probe and on, in steps in which a few mails may go
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
			t.Errorf("%d mails, of which the outage is told by %d", n, n-products)
		}
		wantLines(t, "what the inbox says of mail", connectionNotices(t, p, 0), saysDown,
			fmt.Sprintf("Delivering again, %d sent late", products))
		wantLines(t, "what others are told", messageStates(t, other.Messages()), "connector.error", "connector.recovered")
	})
}

// Whoever may not be told any more is not, though the message waits for him; a
// target that was turned off meanwhile gets nothing.
func TestDelivery_ChecksRightsBeforeEachAttempt(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box, port := newMailServer(t)
		configureMail(p.Client("admin"), port)
		box.refuseRecipients(func(to string) error {
			if strings.HasPrefix(to, "kim@") {
				return &smtp.SMTPError{Code: 451, Message: "later"}
			}
			return nil
		})
		p.User("ann")
		kim := p.User("kim").ID
		c, gone, slow := p.Client("ann"), apptest.NewReceiver(t), apptest.NewReceiver(t)
		gone.Answer(http.StatusGone)
		failUntilRepaired(slow)
		s := newProduct(t, c, "Shop", gone.URL)
		off := addTarget(c, s, "slack", slow.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "kim", "role": "owner"})
		setCritical(c, s, 1)
		apptest.Settle(t, p.Store)
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("%s/members/%d", s.path, kim), nil)
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/targets/%d", off), object{"enabled": false})
		box.refuseRecipients(nil)
		repair(slow)
		passTime(t, p, time.Hour)
		wantLines(t, "what was turned off", deliveryStates(t, p, s, off), "cancelled: The target is turned off")
		if n := len(slow.Messages()); n != 1 {
			t.Errorf("%d messages to what was turned off", n)
		}
		if ann, to := mailSubjects(t, box, "ann@example.com"), mailSubjects(t, box, "kim@example.com"); len(ann) != 1 ||
			len(to) != 0 {
			t.Errorf("mails to the owner %q, to who was one %q", ann, to)
		}
		found := false
		for _, d := range deliveryLog(t, p, models.LedgerFilter{State: models.DeliveryCancelled}) {
			found = found ||
				d.Recipient == "kim@example.com" && d.Reason == "Whoever has this address may not be told of it any more"
		}
		if !found {
			t.Errorf("the ledger does not say why: %+v", deliveryLog(t, p, models.LedgerFilter{}))
		}
	})
}

// What a channel takes is one message a second for Slack, and for mail ten and
// then one a second, however many there are and however often we look.
func TestDeliveryRate_OfSlackAndEmail(t *testing.T) {
	t.Parallel()
	const messages, mails = 6, 14
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
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
		box, port := newMailServer(t)
		c := p.Client("admin")
		configureMail(c, port)
		chatty := newProduct(t, c, "Chatty", "")
		addTarget(c, chatty, "slack", slack.URL)
		for i := range messages {
			setCritical(c, chatty, i%2)
		}
		apptest.Eventually(t, "all are written", func() bool {
			return len(deliveryLog(t, p, models.LedgerFilter{ProductID: chatty.id})) == messages
		})
		close(written)
		for i := range mails {
			s := newProduct(t, c, fmt.Sprint("Shop ", i), "")
			c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "ops@example.org"})
			setCritical(c, s, 1)
		}
		apptest.Settle(t, p.Store)
		for i := range 70 {
			if n := len(box.received()); n > 10+i/10 {
				t.Fatalf("%d mails after %d tenths of a second", n, i)
			}
			p.Clock.Advance(100 * time.Millisecond)
			p.Wake()
			apptest.Settle(t, p.Store)
		}
		if n := len(box.received()); n != mails {
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
func TestTarget_DeletedDuringSend(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		receiver.Hold()
		c := p.Client("admin")
		stays := newProduct(t, c, "stays", receiver.URL)
		target := newProduct(t, c, "target goes", receiver.URL)
		product := newProduct(t, c, "goes", receiver.URL)
		for _, s := range []productFixture{stays, target, product} {
			setCritical(c, s, 1)
		}
		receiver.Wait(t, 3)
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/targets/%d", target.target), nil)
		c.Must(http.StatusNoContent, "DELETE", product.path, nil)
		receiver.Release()
		apptest.Settle(t, p.Store)
		passTime(t, p, time.Hour)
		wantLines(t, "what stays", deliveryStates(t, p, stays, stays.target), "delivered")
		if n := len(receiver.Messages()); n != 3 {
			t.Errorf("%d messages, want each once", n)
		}
		if strings.Contains(p.Logged(), "write delivery results") {
			t.Error("the results of others were not written at once")
		}
	})
}
