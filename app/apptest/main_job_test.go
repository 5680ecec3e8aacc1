package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

func TestMainJob_FromReportToMessage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL+"/hook")

		// The first report fails the gate, and the answer gives the reason.
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		if a.Get("gate.before") != "none" || a.Get("gate.after") != "failed" ||
			a.Get("gate.why") != "1 critical (threshold 0), 18 high (threshold 0)" {
			t.Fatalf("gate: %s", a.Text)
		}
		if a.ID("observations.new") != 35 || a.ID("counts.medium") != 13 || a.ID("counts.none") != 0 {
			t.Fatalf("observations: %s", a.Text)
		}

		// One signed message, which the standard's own library accepts.
		m := receiver.Wait(t, 1)
		apptest.Verify(t, s.secret, m)
		var body struct {
			Type string
			Data struct {
				From, To, Why string
				Failing       struct {
					New   int
					Items []struct{ Title, Severity string }
				}
			}
		}
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		if body.Type != "gate.changed" || body.Data.From != "none" || body.Data.To != "failed" ||
			body.Data.Failing.New != 19 || body.Data.Failing.Items[0].Severity != "critical" {
			t.Fatalf("message: %s", m.Body)
		}

		// One unread row of the inbox, one row of history, one delivery.
		apptest.Eventually(t, "the delivery settles", func() bool {
			return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.0.id") != nil
		})
		a = c.Must(http.StatusOK, "GET", "/notifications?unread=true", nil)
		if a.Get("items.0.name") != "Security gate failed (1 critical, 18 high)" || a.Get("items.1") != nil ||
			a.ID("items.0.delivery.delivered") != 1 {
			t.Fatalf("inbox: %s", a.Text)
		}
		first := a.ID("items.0.id")

		// The same report again changes nothing.
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		if a.ID("observations.updated") != 35 || a.ID("observations.new") != 0 || a.Get("gate.before") != "failed" ||
			a.Get("gate.after") != "failed" {
			t.Fatalf("the same again: %s", a.Text)
		}

		// A clean report passes the gate, with one message.
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
		if a.ID("observations.resolved") != 35 || a.Get("gate.after") != "passed" {
			t.Fatalf("a clean report: %s", a.Text)
		}
		second := receiver.Wait(t, 2)
		apptest.Verify(t, s.secret, second)
		if second.ID() == m.ID() {
			t.Error("two messages have one id")
		}

		// Findings that come back are reopened.
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		if a.ID("observations.reopened") != 35 || a.ID("counts.high") != 18 {
			t.Fatalf("back again: %s", a.Text)
		}
		receiver.Wait(t, 3)
		a = c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		got := fmt.Sprint(a.Get("items.0.to"), a.Get("items.1.to"), a.Get("items.2.to"), a.Get("items.3"))
		if got != "failedpassedfailed<nil>" {
			t.Errorf("history: %s in %s", got, a.Text)
		}

		// Marking as read lowers the unread count.
		c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": []int64{first}})
		if n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 2 {
			t.Errorf("%d unread, want 2", n)
		}
		newest := c.Must(http.StatusOK, "GET", "/notifications", nil).ID("items.0.id")
		c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"up_to": newest})
		if n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 0 {
			t.Errorf("%d unread, want 0", n)
		}
		if got := len(receiver.Messages()); got != 3 {
			t.Errorf("%d messages, want 3", got)
		}
	})
}

func TestRetry_SendsTheSameMessage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		receiver.Answer(500)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
		first := receiver.Wait(t, 1)
		apptest.Eventually(t, "it waits for its second attempt", func() bool {
			return c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
		})
		p.Clock.Advance(7 * time.Second)
		p.Wake()
		second := receiver.Wait(t, 2)
		if first.ID() == "" || first.ID() != second.ID() || string(first.Body) != string(second.Body) {
			t.Errorf("ids %q and %q", first.ID(), second.ID())
		}
		apptest.Verify(t, s.secret, second)
		apptest.Eventually(t, "it is delivered", func() bool {
			return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.0.id") != nil
		})
		id := c.Do("GET", "/deliveries", nil).ID("items.0.id")
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%d", id), nil)
		if a.ID("attempts.0.status") != 500 || a.ID("attempts.1.status") != 200 || a.Get("attempts.2") != nil {
			t.Errorf("attempts: %s", a.Text)
		}
	})
}

func TestDelivery_KeepsOrderOfProduct(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	receiver.Hold()
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	for _, n := range []int{1, 0, 2} {
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(n)})
	}
	receiver.Wait(t, 1)
	apptest.Eventually(t, "three deliveries are there", func() bool {
		return c.Do("GET", "/deliveries", nil).Get("items.2") != nil
	})
	receiver.Release()
	receiver.Wait(t, 3)
	var order []string
	for _, m := range receiver.Messages() {
		var body struct{ Data struct{ To string } }
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		order = append(order, body.Data.To)
	}
	if got := strings.Join(order, " "); got != "failed passed failed" {
		t.Errorf("order: %s", got)
	}
}

func TestOutboundGuard_RefusesPrivateAddresses(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{Strict: true})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": receiver.URL}})
	if a.Get("errors.0.name") != "config.url" && a.Get("errors.0.name") != "url" {
		t.Errorf("the field is not named: %s", a.Text)
	}
	byName := strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1)
	a = c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": byName}})
	if w, _ := a.Get("warning").(string); w == "" {
		t.Errorf("saved without a warning: %s", a.Text)
	}
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	apptest.Eventually(t, "the send is refused", func() bool {
		return c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
	})
	if len(receiver.Messages()) != 0 {
		t.Error("the guard let a message out")
	}
}
