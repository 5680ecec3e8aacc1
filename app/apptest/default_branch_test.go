package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// branchMoves is a product whose default branch changes between main, which fails, and dev, which
// passes.
type branchMoves struct {
	productFixture
	t *testing.T
	p *apptest.Program
	c *apptest.Client
	r *apptest.Receiver
}

func newBranchMoves(t *testing.T, p *apptest.Program, hold time.Duration) branchMoves {
	t.Helper()
	m := branchMoves{t: t, p: p, c: p.Client("admin"), r: apptest.NewReceiver(t)}
	m.productFixture = newProduct(t, m.c, "Shop", m.r.URL)
	m.putCounts("main", 3)
	m.putCounts("dev", 0)
	m.wantMessage(1, "none failed")
	m.c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"hold_seconds": int(hold / time.Second)})
	return m
}

func (m branchMoves) putCounts(branch string, critical int) {
	m.t.Helper()
	m.c.Must(http.StatusOK, "PUT", m.path+"/counts",
		object{"branch": branch, "scanner": "x", "counts": criticalCounts(critical)})
}

func (m branchMoves) setDefault(branch string) {
	m.t.Helper()
	m.c.Must(http.StatusOK, "PATCH", m.path, object{"default_branch": branch})
}

// wantMessage waits for the nth message, and checks its former and new state.
func (m branchMoves) wantMessage(n int, want string) {
	m.t.Helper()
	var body struct{ Data struct{ From, To string } }
	if err := json.Unmarshal(m.r.Wait(m.t, n).Body, &body); err != nil {
		m.t.Fatal(err)
	}
	if got := body.Data.From + " " + body.Data.To; got != want {
		m.t.Errorf("message %d: %s, want %s", n, got, want)
	}
}

// wantTotal advances the clock, and checks that no change is on hold and that there are n
// notifications and messages.
func (m branchMoves) wantTotal(n int, after time.Duration) {
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

func (m branchMoves) wantHistory(want string) {
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

func TestDefaultBranch_ChangesAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		m := newBranchMoves(t, p, 0)
		m.setDefault("dev")
		m.wantMessage(2, "failed passed")
		m.setDefault("main")
		m.wantMessage(3, "passed failed")
		m.putCounts("dev", 1) // not the product's
		m.setDefault("dev")   // fails as well
		m.wantHistory("none-failed failed-passed passed-failed ")
		m.wantTotal(3, time.Hour)
	})
}

// If the default branch changes back within the hold time, nothing is announced.
func TestDefaultBranch_ChangedBackWithinHoldTime(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		m := newBranchMoves(t, p, 10*time.Minute)
		m.setDefault("dev")
		p.Clock.Advance(3 * time.Minute)
		m.setDefault("main")
		m.wantHistory("none-failed failed-passed passed-failed ")
		m.wantTotal(1, time.Hour)

		m.setDefault("dev")
		p.Clock.Advance(11 * time.Minute)
		m.wantMessage(2, "failed passed")
		m.wantTotal(2, time.Hour)
	})
}

// A change on hold belongs to the product, also after another branch becomes the default.
func TestDefaultBranch_KeepsChangeOnHold(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		m := newBranchMoves(t, p, 10*time.Minute)
		m.putCounts("main", 0) // failed to passed, held
		p.Clock.Advance(3 * time.Minute)
		m.setDefault("dev") // passes as well: the change stays on hold
		p.Clock.Advance(8 * time.Minute)
		m.wantMessage(2, "failed passed")

		m.putCounts("dev", 1) // passed to failed, held
		p.Clock.Advance(3 * time.Minute)
		m.setDefault("main") // passes, as announced
		m.wantHistory("none-failed failed-passed passed-failed failed-passed ")
		m.wantTotal(2, time.Hour)
		m.putCounts("dev", 0) // held no more: not the product's
		m.wantTotal(2, time.Hour)
	})
}

// The first report that names the default branch decides the product's gate, also if that branch
// already has reports.
func TestDefaultBranch_NamedByReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		for i, report := range [][]byte{
			grypeReport(grypeMatches("High", "ONE")), grypeReport(grypeMatches("High", "ONE"), grypeMatches("Low", "TWO")),
			largeReport(1500, sameSeverity("High")),
		} {
			s := newProduct(t, c, fmt.Sprintf("Shop %d", i), receiver.URL)
			c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=trunk", grypeReport(grypeMatches("High", "ONE")))
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
			a = c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
			if a.Get("items.0.from") != "none" || a.Get("items.0.to") != "failed" || a.Get("items.1") != nil {
				t.Errorf("report %d: history %s", i, a.Text)
			}
			receiver.Wait(t, i+1)
		}
	})
}
