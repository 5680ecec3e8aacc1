package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// scan imports a report of a scanner.
func (s productFixture) scan(c *apptest.Client, scanner string, report []byte) apptest.Answer {
	return c.Must(http.StatusCreated, "POST", s.path+"/reports?scanner="+scanner, report)
}

// found returns the observation of a scanner with a title in the default branch.
func (s productFixture) found(t *testing.T, c *apptest.Client, scanner, title string) apptest.Answer {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", s.path+"/observations?active=all&scanner="+scanner+"&q="+title, nil)
	if a.Get("items.0.title") != title || a.Get("items.1") != nil {
		t.Fatalf("not one %s of %s: %s", title, scanner, a.Text)
	}
	return c.Must(http.StatusOK, "GET", fmt.Sprint("/observations/", a.ID("items.0.id")), nil)
}

// markDuplicate assesses an observation as a duplicate of another one.
func markDuplicate(c *apptest.Client, duplicate, original apptest.Answer) apptest.Answer {
	return c.Must(http.StatusOK, "PATCH", fmt.Sprint("/observations/", duplicate.ID("id")),
		object{"status": "duplicate", "duplicate_of": original.ID("id")})
}

// lastStep returns the newest entry of an observation's history.
func lastStep(c *apptest.Client, o apptest.Answer) string {
	a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/observations/%d/history", o.ID("id")), nil)
	return fmt.Sprint(a.Get("items.0.action"), " ", a.Get("items.0.was_status"), " ", a.Get("items.0.status"), ": ",
		a.Get("items.0.comment"), a.Get("items.0.actor"))
}

// sourceOf returns the source of a scanner in a product.
func sourceOf(t *testing.T, p *apptest.Program, s productFixture, scanner string) models.Source {
	t.Helper()
	list, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range list {
		if source.Scanner == scanner {
			return source.Source
		}
	}
	t.Fatalf("no source of %s", scanner)
	return models.Source{}
}

const countsAgain = "reopen duplicate open: Counts again: its original is resolved"

// Two scanners find the same CVE, and one of the two is marked as a duplicate. When the scanner of
// the original no longer reports it, the duplicate counts, and users are notified once.
func TestDuplicate_CountsAgainWhenOriginalIsResolved(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.scan(c, "one", findingsReport("CVE-1 High", "CVE-2 Low"))
		s.scan(c, "two", findingsReport("CVE-1 High"))
		original, duplicate := s.found(t, c, "one", "CVE-1"), s.found(t, c, "two", "CVE-1")
		if a := markDuplicate(c, duplicate, original); countsOf(a, "gate.counts") != "1 high, 1 low" {
			t.Fatalf("marked: %s", a.Text)
		}

		// The gate stays failed: the finding is still there.
		a := s.scan(c, "one", findingsReport("CVE-2 Low"))
		if a.Get("gate.before") != "failed" || a.Get("gate.after") != "failed" || countsOf(a, "counts") != "1 high, 1 low" ||
			a.ID("observations.resolved") != 1 ||
			a.Get("warnings.0") != "1 observation is no duplicate any more: its original is resolved" {
			t.Errorf("the original is resolved: %s", a.Text)
		}
		if got := s.found(t, c, "two", "CVE-1"); got.Get("status") != "open" || got.Get("assessment") != nil {
			t.Errorf("the duplicate: %s", got.Text)
		}
		if got := lastStep(c, duplicate); got != countsAgain {
			t.Errorf("its history: %s", got)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 1})
		s.checkCounts(t, p)

		// An original that users assess ends no duplicate; one that is resolved then does.
		s.scan(c, "one", findingsReport("CVE-1 High", "CVE-2 Low"))
		c.Must(http.StatusOK, "PATCH", fmt.Sprint("/observations/", duplicate.ID("id")), object{"severity": "critical"})
		markDuplicate(c, duplicate, original)
		for _, status := range []string{"false_positive", "resolved", "not_affected"} {
			a := c.Must(http.StatusOK, "PATCH", fmt.Sprint("/observations/", original.ID("id")), object{"status": status})
			if a.Get("gate.after") != "passed" {
				t.Errorf("%s: %s", status, a.Text)
			}
		}
		if a := s.scan(c, "one", findingsReport("CVE-1 Critical", "CVE-2 Low")); a.Get("gate.after") != "passed" {
			t.Errorf("reported again: %s", a.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		a = s.scan(c, "one", findingsReport("CVE-2 Low"))
		if a.Get("gate.after") != "failed" || countsOf(a, "counts") != "1 critical, 1 low" {
			t.Errorf("the assessed original is resolved: %s", a.Text)
		}
		got := s.found(t, c, "two", "CVE-1")
		if got.Get("status") != "open" || got.Get("assessment.severity") != "critical" ||
			got.Get("assessment.status") != nil {
			t.Errorf("the severity that a user has set stays: %s", got.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		last := messageBody(t, receiver.Messages()[2])
		if last.Data.To != "failed" || last.Data.Cause.Kind != "import" || last.Data.Failing.New != 0 ||
			last.Data.Failing.Reopened != 1 || last.Data.Failing.Items[0].Title != "CVE-1" {
			t.Errorf("the message: %s", receiver.Messages()[2].Body)
		}
		for range 2 { // it is no duplicate any more, also when the original is back
			s.scan(c, "one", findingsReport("CVE-1 High", "CVE-2 Low"))
			s.scan(c, "one", findingsReport("CVE-2 Low"))
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		s.checkCounts(t, p)
	})
}

// A resolved observation is no original.
func TestDuplicate_OfResolvedIsRefused(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.scan(c, "one", findingsReport("CVE-1 High"))
		s.scan(c, "two", findingsReport("CVE-1 High"))
		original, duplicate := s.found(t, c, "one", "CVE-1"), s.found(t, c, "two", "CVE-1")
		s.scan(c, "one", findingsReport())
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", fmt.Sprint("/observations/", duplicate.ID("id")),
			object{"status": "duplicate", "duplicate_of": original.ID("id")})
		if a.Get("errors.0.name") != "duplicate_of" || !strings.Contains(a.Text, "That observation is resolved") {
			t.Errorf("refused: %s", a.Text)
		}
		a = c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/observations/assess",
			object{"ids": []int64{duplicate.ID("id")}, "status": "duplicate", "duplicate_of": original.ID("id")})
		if a.Get("errors.0.name") != "duplicate_of" {
			t.Errorf("refused: %s", a.Text)
		}
		if s.gateState(c) != "failed" {
			t.Error("it does not count")
		}
	})
}

// Of a chain, only the duplicates of resolved observations count again. A resolved duplicate is no
// duplicate any more when it comes back.
func TestDuplicate_InChain(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		for _, scanner := range []string{"one", "two", "three"} {
			s.scan(c, scanner, findingsReport("CVE-1 Medium"))
		}
		one, two, three := s.found(t, c, "one", "CVE-1"), s.found(t, c, "two", "CVE-1"), s.found(t, c, "three", "CVE-1")
		markDuplicate(c, three, two)
		markDuplicate(c, two, one)
		want := func(what, counts string, statuses ...string) {
			t.Helper()
			if got := countsOf(c.Must(http.StatusOK, "GET", s.path+"/gate", nil), "counts"); got != counts {
				t.Errorf("%s: counts %s, want %s", what, got, counts)
			}
			for i, scanner := range []string{"one", "two", "three"} {
				if got := s.found(t, c, scanner, "CVE-1").Get("status"); got != statuses[i] {
					t.Errorf("%s: %s is %v, want %s", what, scanner, got, statuses[i])
				}
			}
			s.checkCounts(t, p)
		}
		want("a chain", "1 medium", "open", "duplicate", "duplicate")
		s.scan(c, "one", findingsReport())
		want("its end is resolved", "1 medium", "resolved", "open", "duplicate")

		// The last duplicate is resolved before its original: it is no duplicate when it comes back.
		s.scan(c, "three", findingsReport())
		s.scan(c, "two", findingsReport())
		want("all are resolved", "", "resolved", "resolved", "resolved")
		if got := lastStep(c, three); got != "reopen resolved resolved: No longer a duplicate: its original is resolved" {
			t.Errorf("the history: %s", got)
		}
		s.scan(c, "three", findingsReport("CVE-1 Medium"))
		want("it is back", "1 medium", "resolved", "resolved", "open")
	})
}

// A large import, which is staged, ends duplicates like a small one: those of other sources and its
// own, which it updates or resolves at the same time.
func TestDuplicate_OfLargeReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.scan(c, "large", largeReport(2000, sameSeverity("Medium")))
		s.scan(c, "small", findingsReport("CVE-1 High", "CVE-2 Critical", "CVE-3 High"))
		original := s.found(t, c, "large", "CVE-000001")
		own, gone := s.found(t, c, "large", "CVE-001999"), s.found(t, c, "large", "CVE-000002")
		for _, title := range []string{"CVE-1", "CVE-2"} {
			markDuplicate(c, s.found(t, c, "small", title), original)
		}
		markDuplicate(c, s.found(t, c, "small", "CVE-3"), own)
		markDuplicate(c, own, original)
		markDuplicate(c, gone, original)
		if s.gateState(c) != "passed" {
			t.Fatal("the gate does not pass")
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		a := s.scan(c, "large", []byte(strings.Replace(string(findingsReport("CVE-001999 Low")),
			`"lib-CVE-001999"`, `"lib1999"`, 1)))
		if a.ID("observations.resolved") != 1999 || a.ID("observations.updated") != 1 ||
			countsOf(a, "counts") != "1 critical, 1 high, 1 low" || a.Get("gate.after") != "failed" ||
			a.Get("warnings.0") != "4 observations are no duplicates any more: their originals are resolved" {
			t.Errorf("resolved: %s", a.Text)
		}
		for at, want := range map[string]string{
			"small CVE-1": "open", "small CVE-2": "open", "small CVE-3": "duplicate", "large CVE-001999": "open",
			"large CVE-000002": "resolved",
		} {
			scanner, title, _ := strings.Cut(at, " ")
			if got := s.found(t, c, scanner, title); got.Get("status") != want ||
				(got.Get("assessment") == nil) != (want != "duplicate") {
				t.Errorf("%s: %s", at, got.Text)
			}
		}
		if got := s.found(t, c, "large", "CVE-001999"); got.Get("severity") != "low" {
			t.Errorf("its severity: %s", got.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 4})
		s.checkCounts(t, p)
	})
}

// An original with more duplicates than one transaction ends: all of them count again with its
// import, and users are notified once.
func TestDuplicate_ManyOfOne(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.Observations.SetWait(longWait)
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.scan(c, "many", largeReport(2300, func(i int) string {
			if i == 2299 {
				return "Critical"
			}
			return "Low"
		}))
		s.scan(c, "one", findingsReport("CVE-1 Low"))
		original := s.found(t, c, "one", "CVE-1").ID("id")
		a := c.Must(http.StatusOK, "POST", s.path+"/observations/assess",
			object{"filter": object{"scanner": "many"}, "status": "duplicate", "duplicate_of": original})
		if a.ID("changed") != 2300 || countsOf(a, "gates.0.counts") != "1 low" {
			t.Fatalf("marked: %s", a.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		a = s.scan(c, "one", findingsReport())
		if countsOf(a, "counts") != "1 critical, 2299 low" || a.Get("gate.before") != "passed" ||
			a.Get("gate.after") != "failed" {
			t.Errorf("resolved: %s", a.Text)
		}
		if got := c.Must(http.StatusOK, "GET", s.path+"/observations?status=duplicate", nil); itemCount(got) != 0 {
			t.Errorf("duplicates: %s", got.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		s.checkCounts(t, p)
	})
}

// While a large import has the duplicates, an import that resolves their original is refused, since
// the gate could pass by it. After that it is taken.
func TestDuplicate_DuringLargeImportOfItsSource(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.scan(c, "one", findingsReport("CVE-1 High"))
		s.scan(c, "two", findingsReport("CVE-1 High", "CVE-2 Low"))
		original, duplicate := s.found(t, c, "one", "CVE-1"), s.found(t, c, "two", "CVE-1")
		markDuplicate(c, duplicate, original)
		begin := func(scanner string) models.Source {
			source := sourceOf(t, p, s, scanner)
			writeDrift(t, p.Store, func(tx *models.Tx) error {
				lease := fmt.Sprint("import/", source.ID)
				if _, err := tx.TakeLease(lease, "another", tx.Now().Add(time.Hour)); err != nil {
					return err
				}
				return tx.BeginStaging(&source, 1000)
			})
			return source
		}
		settle := func(source models.Source) {
			writeDrift(t, p.Store, func(tx *models.Tx) error {
				_, err := tx.SettleSome(source.ID, 100)
				return err
			})
		}
		source := begin("two")
		a := c.Must(http.StatusConflict, "POST", s.path+"/reports?scanner=one", findingsReport())
		if !strings.Contains(a.Text, "a large import of their source is in progress") {
			t.Errorf("refused: %s", a.Text)
		}
		if got := s.found(t, c, "one", "CVE-1"); got.Get("status") != "open" || s.gateState(c) != "failed" {
			t.Errorf("nothing changes: %s", got.Text)
		}
		settle(source)

		// Nothing becomes a duplicate of what a large import can resolve.
		source = begin("one")
		c.Must(http.StatusConflict, "PATCH", s.observationPath(t, c, "CVE-2"),
			object{"status": "duplicate", "duplicate_of": original.ID("id")})
		settle(source)
		a = s.scan(c, "one", findingsReport())
		if a.Get("gate.after") != "failed" || countsOf(a, "counts") != "1 high, 1 low" {
			t.Errorf("resolved: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// The duplicates of a manual observation count again when it is deleted, and the page says so before.
func TestDuplicate_OfDeletedManualObservation(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High"))
		c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "low"})
		original := s.observation(t, c, "By hand")
		for _, title := range []string{"CVE-1", "CVE-2"} {
			markDuplicate(c, s.observation(t, c, title), original)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		signedInAs(t, p, "admin").wantText(fmt.Sprintf("/products/1/observations/%d/delete", original.ID("id")),
			"2 duplicates count again", "changes from passed to failed")
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/observations/", original.ID("id")), nil)
		a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
		if a.Get("state") != "failed" || countsOf(a, "counts") != "2 high" {
			t.Errorf("the gate: %s", a.Text)
		}
		got := lastStep(c, s.observation(t, c, "CVE-1"))
		if got != "reopen duplicate open: Counts again: its original is deleted" {
			t.Errorf("the history: %s", got)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		s.checkCounts(t, p)
	})
}

// A branch is deleted with its duplicates, however many an original has.
func TestDuplicate_InDeletedBranch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		branch := s.path + "/reports?branch=feature&scanner="
		c.Must(http.StatusCreated, "POST", branch+"one", findingsReport("CVE-1 High"))
		c.Must(http.StatusCreated, "POST", branch+"many", largeReport(2300, sameSeverity("Low")))
		list := c.Must(http.StatusOK, "GET", s.path+"/observations?branch=feature&scanner=one", nil)
		a := c.Must(http.StatusOK, "POST", s.path+"/observations/assess", object{
			"filter": object{"branch": "feature", "scanner": "many"}, "status": "duplicate",
			"duplicate_of": list.ID("items.0.id"),
		})
		if a.ID("changed") != 2300 {
			t.Fatalf("marked: %s", a.Text)
		}
		branches := c.Must(http.StatusOK, "GET", s.path+"/branches?q=feature", nil)
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/branches/", branches.ID("items.0.id")), nil)
		c.Must(http.StatusNotFound, "GET", s.path+"/observations?branch=feature", nil)
		s.checkCounts(t, p)
	})
}

// Duplicates of originals that were resolved before duplicates ended with them are ended by the
// hourly job. Retention keeps their originals until then.
func TestReconcile_EndsDuplicatesOfResolved(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.scan(c, "one", findingsReport("CVE-1 High"))
		s.scan(c, "two", findingsReport("CVE-1 High"))
		original, duplicate := s.found(t, c, "one", "CVE-1"), s.found(t, c, "two", "CVE-1")
		markDuplicate(c, duplicate, original)
		source := sourceOf(t, p, s, "one")
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			if err := tx.ResolveObservations([]int64{original.ID("id")}); err != nil {
				return err
			}
			var by models.Breakdown
			by.Add(models.High, models.Flags{Unfixed: true}, -1)
			if err := tx.ShiftSource(source.ID, by); err != nil {
				return err
			}
			b := defaultBranch(t, p.Store, s.id)
			b.Breakdown, b.Gate = models.Breakdown{}, models.GatePassed
			return tx.SaveGate(b)
		})
		p.Clock.Advance(time.Second) // not an hour: the job would be due too
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			n, err := tx.DeleteOldObservations(source.ID, tx.Now(), []int64{original.ID("id")})
			if n != 0 {
				t.Errorf("%d originals are deleted", n)
			}
			return err
		})
		job := runJob(t, c, "reconcile_gates")
		const want = "1 repaired: Shop (main): duplicates of resolved observations: 1"
		if got := fmt.Sprint(job.Get("last.message")); got != want {
			t.Errorf("the job: %s", got)
		}
		if got := s.found(t, c, "two", "CVE-1"); got.Get("status") != "open" || lastStep(c, duplicate) != countsAgain {
			t.Errorf("the duplicate: %s, %s", got.Text, lastStep(c, duplicate))
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		if job := runJob(t, c, "reconcile_gates"); job.Get("last.message") != "" {
			t.Errorf("again: %v", job.JSON)
		}
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			n, err := tx.DeleteOldObservations(source.ID, tx.Now(), []int64{original.ID("id")})
			if n != 1 {
				t.Errorf("%d originals are deleted", n)
			}
			return err
		})
		s.checkCounts(t, p)
	})
}
