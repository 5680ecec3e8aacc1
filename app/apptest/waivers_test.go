package apptest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

const day = 24 * time.Hour

// waive accepts the risk of an observation for a time.
func (s productFixture) waive(
	t *testing.T, p *apptest.Program, c *apptest.Client, title string, span time.Duration,
) apptest.Answer {
	t.Helper()
	return s.assess(t, c, title,
		object{"status": "risk_accepted", "comment": "Nobody reaches it", "waiver_until": p.Clock.Now().Add(span)})
}

// A waiver ends by itself: its observation counts again, the gate names the reason, and users were
// notified once, seven days before.
func TestWaiver_EndsByItself(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		disableSchedules(t, p, c, "expire_waivers")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low"))
		if a := s.waive(t, p, c, "CVE-1", 30*day); a.Get("status") != "risk_accepted" || a.Get("gate.after") != "passed" ||
			a.Get("assessment.waiver_until") == nil {
			t.Fatalf("waived: %s", a.Text)
		}
		want := map[string]int{"gate.changed": 2}
		wantNotified(t, p, receiver, want)

		runJob(t, c, "expire_waivers")
		p.Clock.Advance(23*day - time.Minute)
		runJob(t, c, "expire_waivers")
		wantNotified(t, p, receiver, want)
		p.Clock.Advance(2 * time.Minute)
		if job := runJob(t, c, "expire_waivers"); job.Get("last.message") != "0 ended, 1 end soon" {
			t.Errorf("the run says: %v", job.JSON)
		}
		want["waiver.expiring"] = 1
		wantNotified(t, p, receiver, want)
		if body := messageBody(t, receiver.Messages()[2]); body.Data.Count != 1 || body.Data.Waivers[0].Title != "CVE-1" {
			t.Errorf("the notice: %s", receiver.Messages()[2].Body)
		}
		if n := notificationCount(c, "waiver.expiring"); n != 1 {
			t.Errorf("%d notices in the inbox", n)
		}
		for range 3 { // repeated runs and reports do not repeat the notification
			p.Clock.Advance(2*day - time.Minute)
			s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low"))
			runJob(t, c, "expire_waivers")
		}
		wantNotified(t, p, receiver, want)
		if got := s.gateState(c); got != "passed" {
			t.Errorf("before it ends: %s", got)
		}

		p.Clock.Advance(day + 2*time.Minute)
		if job := runJob(t, c, "expire_waivers"); job.ID("last.rows") != 1 {
			t.Errorf("the run: %v", job.JSON)
		}
		want["gate.changed"]++
		wantNotified(t, p, receiver, want)
		last := messageBody(t, receiver.Messages()[3])
		if last.Data.To != "failed" || last.Data.Cause.Kind != "waiver" ||
			last.Data.Cause.Text != "a waiver that has ended: CVE-1" ||
			last.Data.Failing.New != 0 || last.Data.Failing.Reopened != 1 ||
			last.Data.Failing.Items[0].Title != "CVE-1" {
			t.Errorf("the message: %s", receiver.Messages()[3].Body)
		}
		a := c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if a.Get("items.0.cause.kind") != "waiver" || a.Get("items.0.cause.text") != "a waiver that has ended: CVE-1" ||
			a.Get("items.0.actor") != "" {
			t.Errorf("history: %s", a.Text)
		}
		if a := s.observation(t, c, "CVE-1"); a.Get("status") != "open" || a.Get("assessment") != nil {
			t.Errorf("it is open again: %s", a.Text)
		}
		a = c.Must(http.StatusOK, "GET", s.observationPath(t, c, "CVE-1")+"/history", nil)
		if itemCount(a) != 3 || a.Get("items.0.action") != "expire" || a.Get("items.0.was_status") != "risk_accepted" ||
			a.Get("items.0.status") != "open" || a.Get("items.0.actor") != "" {
			t.Errorf("history of it: %s", a.Text)
		}
		runJob(t, c, "expire_waivers")
		wantNotified(t, p, receiver, want)
		s.checkCounts(t, p)
	})
}

// A waiver of less than seven days needs no notification. A changed one is announced again, those
// of a product that end soon together, and one of a resolved finding only when it comes back.
func TestWaiverNotice_SevenDaysBeforeEnd(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		disableSchedules(t, p, c, "expire_waivers")
		s := newProduct(t, c, "Shop", receiver.URL)
		all := findingsReport("CVE-1 Low", "CVE-2 Low", "CVE-3 Low", "CVE-4 Low")
		s.upload(c, all)
		want := map[string]int{"gate.changed": 1}
		look := func(what string, notices int) {
			t.Helper()
			runJob(t, c, "expire_waivers")
			if want["waiver.expiring"] += notices; want["waiver.expiring"] == 0 {
				delete(want, "waiver.expiring")
			}
			t.Log(what)
			wantNotified(t, p, receiver, want)
		}
		s.waive(t, p, c, "CVE-1", 6*day)
		look("less than seven days", 0)
		p.Clock.Advance(7 * day)
		look("it has ended", 0)
		if a := s.observation(t, c, "CVE-1"); a.Get("status") != "open" {
			t.Errorf("ended: %s", a.Text)
		}

		s.waive(t, p, c, "CVE-1", 10*day)
		s.waive(t, p, c, "CVE-2", 9*day)
		s.waive(t, p, c, "CVE-3", 8*day)
		s.waive(t, p, c, "CVE-4", 40*day)
		p.Clock.Advance(4 * day)
		look("three end soon", 1)
		messages := receiver.Messages()
		if body := messageBody(t, messages[len(messages)-1]); body.Data.Count != 3 || body.Data.Waivers[0].Title != "CVE-3" ||
			len(body.Data.Waivers) != 3 {
			t.Errorf("together: %s", messages[len(messages)-1].Body)
		}
		s.assess(t, c, "CVE-2", object{"waiver_until": p.Clock.Now().Add(20 * day), "comment": "Longer"})
		s.assess(t, c, "CVE-3", object{"severity": "medium"}) // says nothing of its end
		look("one was changed", 0)
		p.Clock.Advance(14 * day)
		look("the changed one ends soon", 1)

		s.upload(c, findingsReport("CVE-1 Low"))
		p.Clock.Advance(10 * day)
		look("those that are gone", 0)
		p.Clock.Advance(5 * day)
		s.upload(c, all)
		look("one is back, and ends soon", 1)
		messages = receiver.Messages()
		if body := messageBody(t, messages[len(messages)-1]); body.Data.Count != 1 || body.Data.Waivers[0].Title != "CVE-4" {
			t.Errorf("back: %s", messages[len(messages)-1].Body)
		}
		s.checkCounts(t, p)
	})
}

// A waiver needs a reason and an end. An end with any other status is refused.
func TestWaiver_RequiresReasonAndEnd(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	s.upload(c, findingsReport("CVE-1 High"))
	at, soon := s.observationPath(t, c, "CVE-1"), p.Clock.Now().Add(day)
	now, late := p.Clock.Now(), soon.AddDate(4, 0, 0)
	for name, test := range map[string]struct {
		field string
		body  object
	}{
		"no reason":         {"comment", object{"status": "risk_accepted", "waiver_until": soon}},
		"no end":            {"waiver_until", object{"status": "risk_accepted", "comment": "x"}},
		"an end of null":    {"waiver_until", object{"status": "risk_accepted", "comment": "x", "waiver_until": nil}},
		"the past":          {"waiver_until", object{"status": "risk_accepted", "comment": "x", "waiver_until": now}},
		"four years":        {"waiver_until", object{"status": "risk_accepted", "comment": "x", "waiver_until": late}},
		"no time":           {"waiver_until", object{"status": "risk_accepted", "comment": "x", "waiver_until": "soon"}},
		"another status":    {"waiver_until", object{"status": "open", "waiver_until": soon}},
		"an end of nothing": {"waiver_until", object{"waiver_until": soon, "severity": "low"}},
		"no status":         {"status", object{"status": "wontfix"}},
		"nothing":           {"status", object{"comment": "x"}},
		"no severity":       {"severity", object{"severity": "wild"}},
		"much too say":      {"comment", object{"status": "open", "comment": strings.Repeat("x", 4001)}},
		"an unknown field":  {"color", object{"color": "red"}},
		"taken back, and":   {"status", object{"status": nil, "severity": "low"}},
	} {
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", at, test.body)
		if fmt.Sprint(a.Get("errors.0.name")) != test.field {
			t.Errorf("%s: %s", name, a.Text)
		}
	}
	if a := c.Must(http.StatusOK, "GET", at+"/history", nil); itemCount(a) != 1 { // that it was found
		t.Errorf("something was written: %s", a.Text)
	}
	for _, path := range []string{"/observations/99999", "/observations/99999/history"} {
		c.Must(http.StatusNotFound, "GET", path, nil)
	}
	c.Must(http.StatusUnprocessableEntity, "GET", at+"/history?cursor=%21", nil)
}

// An import does not pass by a waiver that has ended, also before the job that ends waivers runs.
func TestWaiver_EndsBeforeAnImport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		disableSchedules(t, p, c, "expire_waivers")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		s.waive(t, p, c, "CVE-1", day)
		p.Clock.Advance(day + time.Second)
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports", findingsReport("CVE-1 High"))
		if a.Get("gate.after") != "failed" || a.ID("counts.high") != 1 {
			t.Errorf("the same report: %s", a.Text)
		}
		s.waive(t, p, c, "CVE-1", day)
		p.Clock.Advance(day + time.Second)
		a = c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "bare", "counts": criticalCounts(0)})
		if a.Get("gate.after") != "failed" {
			t.Errorf("bare counts: %s", a.Text)
		}
	})
}

// Waivers that end together are ended in parts while others write: the gate fails once, and users get
// one notice before, which counts them all.
func TestWaivers_ManyEndTogether(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		n := envInt(t, "GATECRIER_ASSESSED", 1200)
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		disableSchedules(t, p, c, "expire_waivers")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, largeReport(n, sameSeverity("High")))
		c.Must(http.StatusOK, "POST", s.path+"/observations/assess", object{
			"filter": object{}, "status": "risk_accepted", "comment": "The feature is off",
			"waiver_until": p.Clock.Now().Add(30 * day),
		})
		want := map[string]int{"gate.changed": 2}
		wantNotified(t, p, receiver, want)

		p.Clock.Advance(24 * day)
		stop := measureWrites(t, p, 4)
		if job := runJob(t, c, "expire_waivers"); job.Get("last.message") != fmt.Sprintf("0 ended, %d end soon", n) {
			t.Errorf("the run says: %v", job.JSON)
		}
		p99, worst, writes := stop()
		t.Logf("notice of %d waivers: %d writes meanwhile, p99 %v, worst %v", n, writes, p99, worst)
		want["waiver.expiring"] = 1
		wantNotified(t, p, receiver, want)
		if body := messageBody(t, receiver.Messages()[2]); body.Data.Count != n || len(body.Data.Waivers) != 10 {
			t.Errorf("the notice: %s", receiver.Messages()[2].Body)
		}

		kept := s.assess(t, c, "CVE-000001", object{
			"status": "risk_accepted", "comment": "Longer", "waiver_until": p.Clock.Now().Add(60 * day),
		}).ID("id")
		p.Clock.Advance(6*day + time.Second)
		stop = measureWrites(t, p, 4)
		if job := runJob(t, c, "expire_waivers"); job.ID("last.rows") != int64(n-1) {
			t.Errorf("the run: %v", job.JSON)
		}
		p99, worst, writes = stop()
		t.Logf("end of %d waivers: %d writes meanwhile, p99 %v, worst %v", n-1, writes, p99, worst)
		want["gate.changed"]++
		wantNotified(t, p, receiver, want)
		last := messageBody(t, receiver.Messages()[3])
		if last.Data.To != "failed" || last.Data.Cause.Kind != "waiver" ||
			last.Data.Cause.Text != fmt.Sprintf("%d waivers that have ended", n-1) || last.Data.Failing.Reopened != n-1 {
			t.Errorf("the message: %s", receiver.Messages()[3].Body)
		}
		if a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/observations/%d", kept), nil); a.Get("status") != "risk_accepted" {
			t.Errorf("a waiver that goes on has ended: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// After a kill between two parts, the next start ends the rest of the waivers.
func TestKill_DuringEndOfWaivers(t *testing.T) {
	t.Parallel()
	const n = 4000
	dir := t.TempDir()
	first := apptest.Start(t, apptest.Options{Dir: dir})
	c := first.Client("admin")
	s := newProduct(t, c, "Shop", "")
	s.upload(c, largeReport(n, sameSeverity("High")))
	c.Must(http.StatusOK, "POST", s.path+"/observations/assess", object{
		"filter": object{}, "status": "risk_accepted", "comment": "The feature is off",
		"waiver_until": time.Now().Add(time.Hour),
	})
	first.Stop()
	modelstest.Exec(t, "sqlite:"+filepath.Join(dir, "gatecrier.db"), fmt.Sprintf(
		"UPDATE observations SET waiver_until = %d", time.Now().Add(-time.Minute).UnixMicro()))

	p := startProcess(t, dir)
	store := p.store(t)
	high := func() int { return int(defaultBranch(t, store, s.id).Counts.High) }
	c = p.client(t)
	c.Must(http.StatusAccepted, "POST", "/jobs/expire_waivers/run", nil)
	apptest.Eventually(t, "it has begun", func() bool { return high() > 0 })
	p.kill()
	before := high()
	if before == n {
		t.Fatal("it was killed too late")
	}
	t.Logf("killed after %d of %d", before, n)
	second := startProcess(t, dir)
	apptest.Eventually(t, "it has ended", func() bool { return high() == n })
	if b := defaultBranch(t, second.store(t), s.id); b.Gate != models.GateFailed {
		t.Errorf("the gate is %s", b.Gate)
	}
}
