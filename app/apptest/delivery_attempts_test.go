package apptest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// A user who has lost their rights gets no waiting message, and a disabled target gets none either.
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
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/targets/%d", off), object{"enabled": false, "waiting": "cancel"})
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
		for _, d := range deliveryLog(t, p, models.DeliveryFilter{State: models.DeliveryCancelled}) {
			found = found ||
				d.Recipient == "kim@example.com" && d.Reason == "The user with this address no longer has access"
		}
		if !found {
			t.Errorf("the delivery log does not say why: %+v", deliveryLog(t, p, models.DeliveryFilter{}))
		}
	})
}

// Slack gets one message a second. Email gets ten at once and then one a second. The number of
// messages and of checks changes neither.
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
			return len(deliveryLog(t, p, models.DeliveryFilter{ProductID: chatty.id})) == messages
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

// Deleting a target during a send removes its message and no other: the results of concurrent sends
// are kept.
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
