package apptest_test

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// maxDeliveryAge is how long a message and a failing connection are retried.
const maxDeliveryAge = 72 * time.Hour

// passTime advances the clock in steps of at most half an hour, and completes everything due at
// each step.
func passTime(t *testing.T, p *apptest.Program, d time.Duration) {
	t.Helper()
	end := p.Clock.Now().Add(d)
	for {
		next := apptest.Settle(t, p.Store)
		now := p.Clock.Now()
		if !now.Before(end) {
			return
		}
		to := now.Add(30 * time.Minute)
		if !next.IsZero() && next.Before(to) {
			to = next
		}
		if end.Before(to) {
			to = end
		}
		p.Clock.Advance(to.Sub(now))
		p.Wake()
	}
}

// connectionNotices returns the notifications about connections of a product, oldest first.
func connectionNotices(t *testing.T, p *apptest.Program, product int64) []string {
	t.Helper()
	rows, err := p.Store.Inbox(t.Context(), models.Viewer{Administrator: true},
		models.InboxFilter{ProductID: product, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Type != "gate.changed" {
			list = append(list, rows[i].Message)
		}
	}
	return list
}

// connectionHealth returns the health of a connection.
func connectionHealth(t *testing.T, p *apptest.Program, connection int64) models.Health {
	t.Helper()
	list, err := p.Store.Healths(t.Context(), []int64{connection})
	if err != nil {
		t.Fatal(err)
	}
	return list[connection]
}

// deliveryLog returns the deliveries that a filter finds, oldest first.
func deliveryLog(t *testing.T, p *apptest.Program, f models.DeliveryFilter) []models.DeliveryRow {
	t.Helper()
	f.Limit = 1000
	rows, err := p.Store.Deliveries(t.Context(), apptest.AllProducts(), f)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

// splitAttempts returns a delivery's own attempts, and the probes.
func splitAttempts(t *testing.T, p *apptest.Program, d models.Delivery) (own, probes []models.Attempt) {
	t.Helper()
	all, err := p.Store.AttemptsOf(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.Probe {
			probes = append(probes, a)
		} else {
			own = append(own, a)
		}
	}
	return own, probes
}

// setCritical makes a gate fail (1) or pass (0).
func setCritical(c *apptest.Client, s productFixture, critical int) {
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(critical)})
}

// failUntilRepaired makes a receiver answer 503 until repair.
func failUntilRepaired(r *apptest.Receiver) {
	r.Answer(slices.Repeat([]int{http.StatusServiceUnavailable}, 1000)...)
}

func repair(r *apptest.Receiver) { r.Answer() }

// addTarget adds a target of a module to a product, and returns its id.
func addTarget(c *apptest.Client, s productFixture, module, url string) int64 {
	return c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": module, "name": module, "config": map[string]string{"url": url}}).
		ID("id")
}

// deliveryStates returns the states of a product's deliveries to a connection, oldest first, with
// the reasons of canceled ones.
func deliveryStates(t *testing.T, p *apptest.Program, s productFixture, connection int64) []string {
	t.Helper()
	var list []string
	for _, d := range deliveryLog(t, p, models.DeliveryFilter{ProductID: s.id, ConnectionID: connection}) {
		text := string(d.State)
		if d.State == models.DeliveryCancelled {
			text += ": " + d.Reason
		}
		list = append(list, text)
	}
	return list
}

// messageStates returns the types and new states of messages.
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

// mailSubjects returns the subjects of the emails to an address, in order.
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
