package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// waitingProduct returns a product with a failing receiver, and waits until a gate change is to be
// retried.
func waitingProduct(t *testing.T, p *apptest.Program) (*apptest.Client, productFixture, *apptest.Receiver) {
	t.Helper()
	c, receiver := p.Client("admin"), apptest.NewReceiver(t)
	receiver.Answer(http.StatusInternalServerError)
	s := newProduct(t, c, "Shop", receiver.URL)
	setCritical(c, s, 1)
	apptest.Settle(t, p.Store)
	wantLines(t, "before", deliveryStates(t, p, s, s.target), "retrying")
	return c, s, receiver
}

// The messages that wait for a target are kept when it is turned off, and delivered in their order
// when it is turned on again. While it is off, nothing is sent.
func TestWaitingMessages_KeptUntilTargetIsOn(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, s, receiver := waitingProduct(t, p)
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusUnprocessableEntity, "PATCH", target, object{"waiting": "keep"})
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false})
		passTime(t, p, time.Hour) // its retry is due
		setCritical(c, s, 2)
		c.Must(http.StatusOK, "PATCH", target, object{"name": "renamed"})
		passTime(t, p, time.Hour)
		wantLines(t, "off", deliveryStates(t, p, s, s.target), "pending")
		if n := len(receiver.Messages()); n != 1 {
			t.Errorf("%d messages were sent to a target that is off, want the first attempt only", n)
		}
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": true})
		apptest.Settle(t, p.Store)
		if n := len(receiver.Messages()); n != 2 {
			t.Errorf("%d messages, want the first attempt and the one after it was turned on", n)
		}
		if a := c.Must(http.StatusOK, "GET", "/deliveries?state=delivered", nil); itemCount(a) != 1 {
			t.Errorf("delivered: %s", a.Text)
		}
	})
}

// A kept message is sent if it says the gate's state, whatever the gate did while its target was off:
// no other message does.
func TestWaitingMessages_LastStateArrives(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, s, receiver := waitingProduct(t, p)
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false})
		for _, critical := range []int{0, 1} {
			setCritical(c, s, critical)
			apptest.Settle(t, p.Store)
		}
		passTime(t, p, time.Hour)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": true})
		apptest.Settle(t, p.Store)
		messages := receiver.Messages()
		if n := len(messages); n != 2 {
			t.Fatalf("%d messages, want the first attempt and the one after it was turned on", n)
		}
		if to := messageBody(t, messages[1]).Data.To; to != "failed" {
			t.Errorf("the last message says %s", to)
		}
	})
}

// Kept messages fail when their lifetime ends.
func TestWaitingMessages_ExpireWhileKept(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, s, receiver := waitingProduct(t, p)
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false, "waiting": "keep"})
		passTime(t, p, 73*time.Hour)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": true})
		apptest.Settle(t, p.Store)
		wantLines(t, "later", deliveryStates(t, p, s, s.target),
			"dead")
		if n := len(receiver.Messages()); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
	})
}

// Kept messages can be canceled later.
func TestWaitingMessages_CanceledAfterKept(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, s, _ := waitingProduct(t, p)
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false})
		c.Must(http.StatusOK, "PATCH", target, object{"waiting": "cancel"})
		wantLines(t, "canceled", deliveryStates(t, p, s, s.target), "cancelled: The target is turned off")
	})
}

// The page asks what happens to the messages that wait. One click cancels none.
func TestWaitingMessages_PageAsks(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		_, s, _ := waitingProduct(t, p)
		admin := signedInAs(t, p, "admin")
		for _, at := range []string{
			fmt.Sprintf("/connections/%d", s.target), fmt.Sprintf("%s/targets/%d", s.path, s.target),
		} {
			admin.wantText(at+"/disable", "1 message is waiting", "Disable and keep messages",
				"Disable and cancel messages", "older than 72 hours")
			admin.mustPost(at + "/disable")
			got := deliveryStates(t, p, s, s.target)
			if len(got) != 1 || slices.Contains(got, "cancelled: The target is turned off") {
				t.Errorf("without a choice: %q", got)
			}
			admin.mustPost(at + "/enable")
		}
		at := fmt.Sprintf("/connections/%d/disable", s.target)
		admin.mustPost(at, "how", "cancel")
		if got := deliveryLog(t, p, models.DeliveryFilter{State: models.DeliveryCancelled}); len(got) != 1 {
			t.Errorf("canceled: %+v", got)
		}
		admin.wantText(at, "It is disabled, and no messages are waiting")
		admin.mustPost(fmt.Sprintf("/connections/%d/enable", s.target))
		admin.wantText(at, "No messages are waiting", ">Disable</button>")
		admin.wantNoText(at, "cancel messages")
	})
}

// The pages of a disabled target say that its messages are kept, and can cancel them later. The audit
// log has what was chosen.
func TestWaitingMessages_CanceledInThePage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, s, _ := waitingProduct(t, p)
		admin := signedInAs(t, p, "admin")
		kept := deliveryLog(t, p, models.DeliveryFilter{ConnectionID: s.target})[0]
		at := fmt.Sprintf("/connections/%d", s.target)
		admin.mustPost(at+"/disable", "how", "keep")
		admin.wantText(at, "Cancel 1 kept message…")
		admin.wantText(s.path+"?tab=targets", "Cancel 1 kept message…")
		admin.wantText("/deliveries", "kept until its target is enabled")
		admin.wantText(fmt.Sprintf("/deliveries/%d", kept.ID), "when the target is enabled")
		admin.wantText(fmt.Sprintf("/events/%d", kept.EventID), "Kept until the target is enabled")
		admin.wantText(at+"/disable", "Cancel the kept messages of", "1 message is kept", ">Cancel 1 message</button>")
		admin.mustPost(at+"/disable", "how", "cancel")
		wantLines(t, "canceled", deliveryStates(t, p, s, s.target), "cancelled: The target is turned off")
		a := c.Must(http.StatusOK, "GET", "/audit?kind=target&limit=2", nil)
		for i, want := range []string{"canceled", "kept"} {
			if got := a.Get(fmt.Sprintf("items.%d.became.waiting messages", i)); got != want {
				t.Errorf("audit %d: %v, want %s: %s", i, got, want, a.Text)
			}
		}
	})
}

// A form does not delete a target by clearing its field while messages wait for it. The REST API does,
// since its client names the target.
func TestWaitingMessages_FieldIsNotCleared(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		receiver.Answer(http.StatusInternalServerError)
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusOK, "PATCH", s.path, object{"slack_webhook": receiver.URL + "/hook"})
		setCritical(c, s, 1)
		apptest.Settle(t, p.Store)
		admin := signedInAs(t, p, "admin")
		status, text := admin.post(s.path+"/settings", "name", "Shop", "gate_mode", "standard", "default_branch", "main")
		if status != http.StatusUnprocessableEntity || !strings.Contains(text, "1 message waits for") {
			t.Errorf("cleared: %d %s", status, text)
		}
		if list := deliveryLog(t, p, models.DeliveryFilter{State: models.DeliveryRetrying}); len(list) != 1 {
			t.Errorf("waiting: %+v", list)
		}
		c.Must(http.StatusOK, "PATCH", s.path, object{"slack_webhook": ""})
		if list := deliveryLog(t, p, models.DeliveryFilter{}); len(list) != 0 {
			t.Errorf("after the REST API: %+v", list)
		}
	})
}

// A target with more kept messages than one transaction frees sends all of them.
func TestWaitingMessages_ManyAreSentLater(t *testing.T) {
	t.Parallel()
	eachDatabaseURL(t, func(t *testing.T, p *apptest.Program, url string) {
		const n = 450
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", receiver.URL)
		setCritical(c, s, 1)
		apptest.Settle(t, p.Store)
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false})
		keptDeliveries(t, url, s, n, p.Clock.Now().UnixMicro())
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": true})
		passTime(t, p, time.Hour)
		if got := len(receiver.Messages()); got != n+1 {
			t.Errorf("%d messages, want %d", got, n+1)
		}
	})
}

// keptDeliveries adds messages to many recipients that a target keeps, about its product's last event.
func keptDeliveries(t *testing.T, url string, s productFixture, n int, at int64) {
	t.Helper()
	modelstest.Exec(t, url, fmt.Sprintf(`
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)
		INSERT INTO deliveries (uuid, event_id, connection_id, product_id, endpoint_id, recipient, state, created_at,
			due_since, title)
		SELECT 'k' || i, (SELECT max(event_id) FROM deliveries), %d, %d, %d, 'r' || i, 'pending', %d, %d, 'a title'
		FROM n`, n, s.target, s.id, s.target, at, at))
}
