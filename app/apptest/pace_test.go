package apptest_test

import (
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// life is how long a message is tried, and a connection.
const life = 72 * time.Hour

// calm waits until nothing is on its way and nothing is due, and returns when
// the next message is, zero for never. It looks twice: what one look misses
// between two of its questions, the next one sees.
func calm(t *testing.T, p *apptest.Program) time.Time {
	t.Helper()
	var next time.Time
	seen := 0
	apptest.Eventually(t, "all that is due is done", func() bool {
		var busy bool
		if next, busy = busyNow(t, p); busy {
			seen = 0
		} else {
			seen++
		}
		return seen == 2
	})
	return next
}

// busyNow tells when the next message is due, and whether something is at work.
func busyNow(t *testing.T, p *apptest.Program) (next time.Time, busy bool) {
	t.Helper()
	ask := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	now := p.Store.Now()
	work, err := p.Store.EventWork(t.Context(), "notify", 1)
	ask(err)
	states, err := p.Store.DeliveriesSince(t.Context(), apptest.Everything(), time.Unix(1, 0))
	ask(err)
	next, err = p.Store.NextDue(t.Context())
	ask(err)
	old, err := p.Store.Outlived(t.Context(), now.Add(-life), 1)
	ask(err)
	failing, err := p.Store.FailingLines(t.Context(), life, 1)
	ask(err)
	blocked, err := p.Store.HasBlocked(t.Context(), 1000) // on PostgreSQL one can be left behind an empty lane for a second
	ask(err)
	due := blocked || !next.IsZero() && !next.After(now)
	return next, due || len(work)+len(old)+len(failing)+states[models.DeliverySending] > 0
}

// pass lets time pass, and everything happen at its time. No step is longer
// than half an hour.
func pass(t *testing.T, p *apptest.Program, d time.Duration) {
	t.Helper()
	end := p.Clock.Now().Add(d)
	for {
		next := calm(t, p)
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

// told is what the inbox says of connections, oldest first.
func told(t *testing.T, p *apptest.Program, product int64) []string {
	t.Helper()
	rows, err := p.Store.Inbox(t.Context(), models.Reader{Administrator: true}, models.InboxFilter{ProductID: product, Limit: 200})
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

// healthOf is how a connection does.
func healthOf(t *testing.T, p *apptest.Program, connection int64) models.Health {
	t.Helper()
	list, err := p.Store.Healths(t.Context(), []int64{connection})
	if err != nil {
		t.Fatal(err)
	}
	return list[connection]
}

// ledgerOf is what a filter finds, oldest first.
func ledgerOf(t *testing.T, p *apptest.Program, f models.LedgerFilter) []models.LedgerRow {
	t.Helper()
	f.Limit = 1000
	rows, err := p.Store.Ledger(t.Context(), apptest.Everything(), f)
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

// attemptsOf are a delivery's attempts: those of its own, and the probes.
func attemptsOf(t *testing.T, p *apptest.Program, d models.Delivery) (own, probes []models.Attempt) {
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
