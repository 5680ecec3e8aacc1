package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// moves is a product whose default branch is moved between main, which fails,
// and dev, which passes.
type moves struct {
	shop
	t *testing.T
	p *apptest.Program
	c *apptest.Client
	r *apptest.Receiver
}

func newMoves(t *testing.T, p *apptest.Program, hold time.Duration) moves {
	t.Helper()
	m := moves{t: t, p: p, c: p.Client("admin"), r: apptest.NewReceiver(t)}
	m.shop = newShop(t, m.c, "Shop", m.r.URL)
	m.count("main", 3)
	m.count("dev", 0)
	m.told(1, "none failed")
	m.c.Must(http.StatusOK, "PATCH", "/settings/gate", map[string]any{"hold_seconds": int(hold / time.Second)})
	return m
}

func (m moves) count(branch string, critical int) {
	m.t.Helper()
	m.c.Must(
		http.StatusOK,
		"PUT",
		m.path+"/counts",
		map[string]any{"branch": branch, "scanner": "x", "counts": counts(critical)},
	)
}

func (m moves) to(branch string) {
	m.t.Helper()
	m.c.Must(http.StatusOK, "PATCH", m.path, map[string]any{"default_branch": branch})
}

// told says what the nth message is about, of as many as there are.
func (m moves) told(n int, want string) {
	m.t.Helper()
	var body struct{ Data struct{ From, To string } }
	if err := json.Unmarshal(m.r.Wait(m.t, n).Body, &body); err != nil {
		m.t.Fatal(err)
	}
	if got := body.Data.From + " " + body.Data.To; got != want {
		m.t.Errorf("message %d: %s, want %s", n, got, want)
	}
}

// noMoreThan fails the test where more than n messages came, after a time.
func (m moves) noMoreThan(n int, after time.Duration) {
	m.t.Helper()
	m.p.Clock.Advance(after)
	held, err := m.p.Store.HeldBranches(m.t.Context(), 10)
	if err != nil || len(held) > 0 {
		m.t.Errorf("%d changes wait to be announced: %v", len(held), err)
	}
	a := m.c.Must(http.StatusOK, "GET", "/notifications?limit=100", nil)
	if items, _ := a.JSON["items"].([]any); len(items) != n || len(m.r.Messages()) != n {
		m.t.Errorf("%d notifications and %d messages, want %d: %s", len(items), len(m.r.Messages()), n, a.Text)
	}
}

func (m moves) history(want string) {
	m.t.Helper()
	a := m.c.Must(http.StatusOK, "GET", m.path+"/gate/history", nil)
	items, _ := a.JSON["items"].([]any)
	got := ""
	for _, item := range items {
		if row, ok := item.(map[string]any); ok {
			got = fmt.Sprint(row["from"], "-", row["to"], " ", got)
		}
	}
	if got != want {
		m.t.Errorf("history %s, want %s", got, want)
	}
}

func TestTheDefaultBranchMovesAtOnce(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		m := newMoves(t, p, 0)
		m.to("dev")
		m.told(2, "failed passed")
		m.to("main")
		m.told(3, "passed failed")
		m.count("dev", 1) // not the product's
		m.to("dev")       // fails as well
		m.history("none-failed failed-passed passed-failed ")
		m.noMoreThan(3, time.Hour)
	})
}

// Moved back and forth within the hold time, nothing is announced.
func TestTheDefaultBranchMovesBackAndForth(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		m := newMoves(t, p, 10*time.Minute)
		m.to("dev")
		p.Clock.Advance(3 * time.Minute)
		m.to("main")
		m.history("none-failed failed-passed passed-failed ")
		m.noMoreThan(1, time.Hour)

		m.to("dev")
		p.Clock.Advance(11 * time.Minute)
		m.told(2, "failed passed")
		m.noMoreThan(2, time.Hour)
	})
}

// A change that is held on the former default branch is the product's.
func TestWhatIsHeldMovesWithTheDefaultBranch(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		m := newMoves(t, p, 10*time.Minute)
		m.count("main", 0) // failed to passed, held
		p.Clock.Advance(3 * time.Minute)
		m.to("dev") // passes as well: it goes on waiting
		p.Clock.Advance(8 * time.Minute)
		m.told(2, "failed passed")

		m.count("dev", 1) // passed to failed, held
		p.Clock.Advance(3 * time.Minute)
		m.to("main") // passes, as people have heard
		m.history("none-failed failed-passed passed-failed failed-passed ")
		m.noMoreThan(2, time.Hour)
		m.count("dev", 0) // held no more: not the product's
		m.noMoreThan(2, time.Hour)
	})
}

// A first report that names the default branch decides the product's gate, also
// where that branch has reports already.
func TestAReportNamesTheDefaultBranch(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		for i, report := range [][]byte{grype(some("High", "ONE")), grype(some("High", "ONE"), some("Low", "TWO")), large(1500, always("High"))} {
			s := newShop(t, c, fmt.Sprintf("Shop %d", i), receiver.URL)
			c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=trunk", grype(some("High", "ONE")))
			if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("gate.state") != "none" {
				t.Fatalf("at first: %s", a.Text)
			}
			a := c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=trunk&default=true", report)
			if a.Get("gate.after") != "failed" {
				t.Errorf("report %d: %s", i, a.Text)
			}
			if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("default_branch") != "trunk" ||
				a.Get("gate.state") != "failed" {
				t.Errorf("report %d: %s", i, a.Text)
			}
			if a := c.Must(
				http.StatusOK, "GET", s.path+"/gate/history", nil,
			); a.Get("items.0.from") != "none" || a.Get("items.0.to") != "failed" ||
				a.Get("items.1") != nil {
				t.Errorf("report %d: history %s", i, a.Text)
			}
			receiver.Wait(t, i+1)
		}
	})
}
