package apptest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// largeVEX returns a document with a statement for each finding of a large report: of which status
// depends on its index.
func largeVEX(t *testing.T, version, n int, status func(i int) string) []byte {
	t.Helper()
	statements := make([]object, n)
	for i := range statements {
		statements[i] = says(fmt.Sprintf("CVE-%06d", i), status(i), fmt.Sprintf("pkg:deb/debian/lib%d@1", i))
	}
	return openVEX(t, "https://lakeside.example/vex/large", version, statements...)
}

// A document about thousands of observations changes the gate once, with one message, also where it
// makes some active and others inactive. It counts for a large report too.
func TestVEX_ManyObservationsChangeTheGateOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		const n = 3000
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s, other := newProduct(t, c, "Shop", receiver.URL), newProduct(t, c, "Other", "")
		s.upload(c, largeReport(n, sameSeverity("High")))
		half := func(rest int) func(i int) string {
			return func(i int) string {
				if i%2 == rest {
					return "not_affected"
				}
				return "under_investigation"
			}
		}
		all := func(string) func(int) string { return func(int) string { return "not_affected" } }

		stop, waits := make(chan struct{}), make(chan time.Duration)
		go func() { waits <- slowestWrite(c, other, stop) }()
		began := time.Now()
		a := s.vex(c, largeVEX(t, 1, n, half(0)))
		close(stop)
		t.Logf("%d statements in %s; the slowest of the others' writes took %s", n, time.Since(began), <-waits)
		if a.ID("observations.changed") != n || a.Get("gate.after") != "failed" || countsOf(a, "gate.counts") != "1500 high" {
			t.Errorf("half of them: %s", a.Text)
		}
		if a := s.vex(c, largeVEX(t, 2, n, half(1))); a.ID("observations.changed") != n || a.Get("gate.after") != "failed" ||
			countsOf(a, "gate.counts") != "1500 high" {
			t.Errorf("the other half: %s", a.Text)
		}
		if got := s.gateChangeCount(c); got != 1 {
			t.Errorf("%d changes of the gate while it fails", got)
		}
		if a := s.vex(c, largeVEX(t, 3, n, all(""))); a.Get("gate.after") != "passed" || a.ID("observations.changed") != n/2 {
			t.Errorf("all of them: %s", a.Text)
		}
		s.checkCounts(t, p)
		state, err := p.Store.VEXState(t.Context(), s.id)
		if err != nil || state.Applied != state.Version || state.Version != 3 {
			t.Errorf("state %+v, %v", state, err)
		}

		// A report with a thousand new findings, all of them known to the document.
		s.upload(c, largeReport(10, sameSeverity("High")))
		if a := s.upload(c, largeReport(n, sameSeverity("Critical"))); a.Get("gate.after") != "passed" ||
			countsOf(a, "counts") != "" || a.ID("observations.reopened") != n-10 {
			t.Errorf("a large report: %s", a.Text)
		}
		s.checkCounts(t, p)
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		fresh := newProduct(t, c, "Fresh", "")
		fresh.vex(c, largeVEX(t, 1, n, all("")))
		if a := fresh.upload(c, largeReport(n, sameSeverity("Critical"))); a.Get("gate.after") != "passed" ||
			a.ID("observations.new") != n {
			t.Errorf("a first report after the document: %s", a.Text)
		}
		fresh.checkCounts(t, p)
	})
}

// Statements that count, but whose observations were not changed before the program stopped, are
// followed later. An upload that was interrupted before is removed after a day.
func TestVEX_GoesOnAfterAnInterruption(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		store := func(document string, count bool) {
			t.Helper()
			err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
				v := models.VEXDocument{ProductID: s.id, Document: document, Version: "1", Format: "openvex", MadeAt: tx.Now()}
				revision, err := tx.BeginVEX(&v)
				if err != nil {
					return err
				}
				if err := tx.InsertVEXStatements(v.ID, revision, []models.VEXStatement{{
					Vulnerability: `["CVE-1"]`, Products: `[{"ids":["pkg:deb/debian/lib-CVE-1"]}]`,
					Status: models.StatusNotAffected, At: tx.Now(),
				}}); err != nil || !count {
					return err
				}
				v.Revision, v.Statements, v.UploadedAt = revision, 1, tx.Now()
				return tx.SaveVEX(v)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		store("interrupted", false)
		if a := s.upload(c, findingsReport("CVE-1 Critical")); a.Get("gate.after") != "failed" {
			t.Errorf("half a document counts: %s", a.Text)
		}
		if n := itemCount(c.Must(http.StatusOK, "GET", s.path+"/vex", nil)); n != 0 {
			t.Errorf("half a document is listed")
		}
		store("complete", true)
		if err := p.Observations.TidyVEX(t.Context()); err != nil {
			t.Fatal(err)
		}
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "not_affected" || s.gateState(c) != "passed" {
			t.Errorf("not followed: %s", o.Text)
		}
		p.Clock.Advance(25 * time.Hour)
		if err := p.Observations.TidyVEX(t.Context()); err != nil {
			t.Fatal(err)
		}
		if unfinished, err := p.Store.UnfinishedVEX(t.Context(), p.Clock.Now()); err != nil || unfinished {
			t.Errorf("unfinished %t, %v", unfinished, err)
		}

		// Documents can name the product: with another name they are followed again.
		s.vex(c, openVEX(t, "https://lakeside.example/vex/5", 1, says("CVE-1", "affected", "shop")))
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "not_affected" { // the statement before is later
			t.Errorf("an older statement: %s", o.Text)
		}
		s.checkCounts(t, p)
	})
}

// A kill while a document is applied leaves nothing half done: the program goes on when it starts.
func TestKill_DuringVEX(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := p.client(t)
	s := newProduct(t, c, "Shop", "")
	const n = 8000
	s.upload(c, largeReport(n, sameSeverity("High")))
	document := largeVEX(t, 1, n, func(int) string { return "not_affected" })
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendUntilKilled(t, p.url+"/api/v1"+s.path+"/vex", c.Token, document)
	}()
	store := p.store(t)
	inactive := func() int {
		found, err := store.CountObservations(t.Context(), apptest.AllProducts(),
			models.ObservationFilter{ProductID: s.id, Inactive: true, Limit: n})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	apptest.Eventually(t, "some observations are changed", func() bool { return inactive() > 0 })
	p.kill()
	<-sent
	t.Logf("killed after %d of %d", inactive(), n)
	p = startProcess(t, dir)
	c = apptest.NewClient(t, p.url, c.Token)
	apptest.Eventually(t, "the rest is changed", func() bool { return inactive() == n })
	apptest.Eventually(t, "the gate follows", func() bool {
		return c.Must(http.StatusOK, "GET", s.path, nil).Get("gate.state") == "passed"
	})
	a := s.vex(c, document)
	if a.Get("gate.before") != "passed" || a.Get("gate.after") != "passed" || countsOf(a, "gate.counts") != "" {
		t.Errorf("again: %s", a.Text)
	}
	a = c.Must(http.StatusOK, "GET", s.path, nil)
	if a.ID("gate.counts.high") != 0 {
		t.Errorf("the gate: %s", a.Text)
	}
}
