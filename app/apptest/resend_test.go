package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// newRefusedDelivery creates a product whose receiver refuses its message. The delivery fails after
// three attempts.
func newRefusedDelivery(
	t *testing.T, p *apptest.Program, c *apptest.Client, receiver *apptest.Receiver,
) (s productFixture, delivery string) {
	t.Helper()
	receiver.Answer(400, 400, 400)
	s = newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	passTime(t, p, 2*time.Minute)
	a := c.Must(http.StatusOK, "GET", "/deliveries?state=dead", nil)
	if a.Get("items.0") == nil {
		t.Fatalf("the message is not given up: %s", a.Text)
	}
	return s, fmt.Sprintf("/deliveries/%d", a.ID("items.0.id"))
}

func TestResend_FailedDelivery(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s, path := newRefusedDelivery(t, p, c, receiver)
		p.User("reader")
		p.User("stranger")
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
		reader, stranger := p.Client("reader"), p.Client("stranger")
		all := object{"product": s.id}

		stranger.Must(http.StatusNotFound, "POST", path+"/resend", nil)
		reader.Must(http.StatusForbidden, "POST", path+"/resend", nil)
		reader.Must(http.StatusForbidden, "POST", "/deliveries/resend", all)
		stranger.Must(http.StatusConflict, "POST", "/deliveries/resend", all)
		a := reader.Must(http.StatusAccepted, "POST", "/deliveries/resend", object{"product": s.id, "preview": true})
		if a.ID("other") != 1 || a.ID("will") != 0 {
			t.Errorf("what a reader would send again: %s", a.Text)
		}
		c.Must(http.StatusUnprocessableEntity, "POST", "/deliveries/resend", object{})
		c.Must(http.StatusUnprocessableEntity, "POST", "/deliveries/resend", object{"product": s.id, "state": "pending"})
		if n := len(receiver.Messages()); n != 3 {
			t.Fatalf("%d messages before anything is resent", n)
		}

		c.Must(http.StatusAccepted, "POST", path+"/resend", nil)
		fourth := receiver.Wait(t, 4)
		if first := receiver.Messages()[0]; first.ID() != fourth.ID() {
			t.Errorf("ids %q and %q", first.ID(), fourth.ID())
		}
		apptest.Verify(t, s.secret, fourth)
		apptest.Eventually(t, "it is delivered",
			func() bool { a = c.Do("GET", path, nil); return a.Get("state") == "delivered" })
		if a.ID("attempts.0.status") != 400 || a.ID("attempts.2.status") != 400 || a.ID("attempts.3.status") != 200 ||
			a.Get("attempts.4") != nil {
			t.Errorf("the attempts before are not kept: %s", a.Text)
		}
		c.Must(http.StatusConflict, "POST", "/deliveries/resend", all) // nothing is dead any more
	})
}

func TestResend_ProgressAndStop(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s, path := newRefusedDelivery(t, p, c, receiver)
		since := p.Clock.Now().Add(-time.Hour)
		wish := object{"since": since, "connection": s.target}
		preview := object{"since": since, "connection": s.target, "preview": true}
		shown := c.Must(http.StatusAccepted, "POST", "/deliveries/resend", preview)
		if shown.ID("will") != 1 || shown.ID("targets.0.count") != 1 || shown.Get("resend") != nil {
			t.Errorf("preview: %s", shown.Text)
		}

		// A disabled target gets no message.
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false})
		if a := c.Must(http.StatusConflict, "POST", "/deliveries/resend", wish); a.Get("detail") == "" {
			t.Errorf("why not: %s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": true})

		receiver.Answer(503, 503)
		a := c.Must(http.StatusAccepted, "POST", "/deliveries/resend", wish)
		resend := fmt.Sprintf("/resends/%d", a.ID("resend.id"))
		apptest.Eventually(t, "it waits for its next attempt", func() bool {
			return c.Do("GET", path, nil).Get("state") == "retrying"
		})
		if a := c.Must(http.StatusOK, "GET", resend, nil); a.ID("total") != 1 || a.ID("left") != 1 ||
			a.ID("states.retrying") != 1 {
			t.Errorf("progress: %s", a.Text)
		}
		p.User("stranger")
		p.Client("stranger").Must(http.StatusNotFound, "GET", resend, nil)
		p.Client("stranger").Must(http.StatusNotFound, "POST", resend+"/stop", nil)
		if a := c.Must(http.StatusOK, "POST", resend+"/stop", nil); a.ID("left") != 0 || a.Get("stopped") == nil {
			t.Errorf("stopped: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", path, nil); a.Get("state") != "dead" || a.ID("tried") != 4 {
			t.Errorf("after the stop: %s", a.Text)
		}
	})
}

func TestRotateSecret_LosesNoMessage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		target := fmt.Sprintf("/targets/%d", s.target)
		a := c.Must(http.StatusOK, "POST", target+"/rotate", nil)
		activated, _ := a.Get("secret").(string)
		if activated == "" || activated == s.secret {
			t.Fatalf("no new secret: %s", a.Text)
		}
		c.Must(http.StatusAccepted, "POST", target+"/test", nil)
		during := receiver.Wait(t, 1)
		apptest.Verify(t, s.secret, during)
		apptest.Verify(t, activated, during)

		p.Clock.Advance(24*time.Hour + time.Second)
		c.Must(http.StatusAccepted, "POST", target+"/test", nil)
		after := receiver.Wait(t, 2)
		if !apptest.Verifies(activated, after) || apptest.Verifies(s.secret, after) {
			t.Error("after a day the new secret alone is to count")
		}
		c.Must(http.StatusUnprocessableEntity, "PATCH", target, object{"config": map[string]string{"old_secret": s.secret}})
	})
}

func TestConnections_HaveOwners(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		p.User("eve")
		eve := p.Client("eve")
		hook := func(owner string) map[string]any {
			return object{
				"owner":  owner,
				"module": "webhook",
				"name":   "hook of " + owner,
				"config": map[string]string{"url": receiver.URL},
			}
		}
		eve.Must(http.StatusForbidden, "POST", "/connections", hook("system"))
		system := fmt.Sprintf("/targets/%d", c.Must(http.StatusCreated, "POST", "/connections", hook("system")).ID("id"))
		mine := fmt.Sprintf("/targets/%d", eve.Must(http.StatusCreated, "POST", "/connections", hook("me")).ID("id"))
		a := eve.Must(http.StatusOK, "GET", "/connections", nil)
		if a.Get("items.1") != nil || a.Get("items.0.owner.user.name") != "eve" || a.Get("items.0.state") != "new" {
			t.Errorf("eve's: %s", a.Text)
		}
		eve.Must(http.StatusNotFound, "GET", system, nil)
		c.Must(http.StatusNotFound, "GET", mine, nil) // an administrator's eyes, too
		c.Must(http.StatusNotFound, "DELETE", mine, nil)

		eve.Must(http.StatusAccepted, "POST", mine+"/test", nil)
		receiver.Wait(t, 1)
		apptest.Eventually(t, "it works", func() bool {
			a := eve.Must(http.StatusOK, "GET", mine, nil)
			return a.Get("state") == "working" && a.Get("health.last_success") != nil
		})
		// The test message is only in the delivery log of its owner, who alone sees the address.
		if a := eve.Must(http.StatusOK, "GET", "/deliveries", nil); a.Get("items.0.target.hint") == "" ||
			a.Get("items.0.target.hint") == nil {
			t.Errorf("eve's delivery log: %s", a.Text)
		}
		eve.Must(http.StatusNoContent, "DELETE", mine, nil)
		c.Must(http.StatusNoContent, "DELETE", system, nil)
	})
}

// After a correction of its address, a target is tried without waiting for the next probe.
func TestCorrectedTarget_IsTriedAtOnce(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	broken, right := apptest.NewReceiver(t), apptest.NewReceiver(t)
	broken.Answer(slices.Repeat([]int{500}, 50)...)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", broken.URL)
	target := fmt.Sprintf("/targets/%d", s.target)
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	passTime(t, p, 20*time.Minute)
	if a := c.Must(http.StatusOK, "GET", target, nil); a.Get("state") != "down" {
		t.Fatalf("its breaker is not open: %s", a.Text)
	}
	c.Must(http.StatusOK, "PATCH", target, object{"config": map[string]string{"url": right.URL}})
	p.Wake()
	right.Wait(t, 1)
	apptest.Eventually(t, "it works", func() bool {
		return c.Must(http.StatusOK, "GET", target, nil).Get("state") == "working"
	})
}
