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

// longWait lets a request end with its assessment, on a busy machine too. It is less than the time that
// a request has.
const longWait = 50 * time.Second

// One request assesses five thousand observations: one gate change, one message and a history row
// each, all with the same time.
func TestBulkAssessment_FiveThousandInOneChange(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.Observations.SetWait(longWait)
		const n = 5000
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s, other := newProduct(t, c, "Shop", receiver.URL), newProduct(t, c, "Other", "")
		s.upload(c, largeReport(n, sameSeverity("High")))
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 1})

		stop, waits := make(chan struct{}), make(chan time.Duration)
		go func() { waits <- slowestWrite(c, other, stop) }()
		began := time.Now()
		s.assessAll(t, c, n, "passed", object{
			"filter":   object{"severity": "high"},
			"expected": n,
			"status":   "not_affected",
			"severity": "medium",
			"comment":  "The feature is off",
		})
		took := time.Since(began)
		close(stop)
		t.Logf("%d observations in %s; the slowest of the others' writes took %s", n, took, <-waits)
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		if got := messageBody(t, receiver.Messages()[1]); got.Data.Cause.Text != "an assessment of 5000 observations" {
			t.Errorf("message: %+v", got)
		}
		if got := s.gateChangeCount(c); got != 2 {
			t.Errorf("%d changes of the gate", got)
		}
		at := map[time.Time]int{}
		list, err := p.Store.Observations(t.Context(), apptest.AllProducts(),
			models.ObservationFilter{ProductID: s.id, Inactive: true, Limit: 2 * n})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			history, err := p.Store.Assessments(t.Context(), o.ID, 0, 10)
			if err != nil || len(history) != 1 || history[0].Comment != "The feature is off" ||
				history[0].WasSeverity != models.High || o.Severity != models.Medium {
				t.Fatalf("history of %s: %+v, %v", o.Title, history, err)
			}
			at[history[0].At]++
		}
		if len(at) != 1 || len(list) != n {
			t.Errorf("%d rows at %d times", len(list), len(at))
		}
		audit := c.Must(http.StatusOK, "GET", fmt.Sprintf("/audit?product=%d&limit=1", s.id), nil)
		if audit.Get("items.0.kind") != "observation" || audit.Get("items.0.name") != "5000 observations" ||
			audit.Get("items.0.actor") != "admin" || !strings.Contains(audit.Text, "not_affected") ||
			!strings.Contains(audit.Text, "The feature is off") {
			t.Errorf("audit: %s", audit.Text)
		}
		s.checkCounts(t, p)

		s.assessAll(t, c, n, "failed", object{"filter": object{"active": "false", "assessed": true}, "clear": true})
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 3})
		s.checkCounts(t, p)
	})
}

// One notification covers the waivers of a product that end together.
func TestWaiverNotice_CombinesManyWaivers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	disableSchedules(t, p, c, "expire_waivers")
	s := newProduct(t, c, "Shop", receiver.URL)
	s.upload(c, largeReport(2500, sameSeverity("High")))
	c.Must(http.StatusOK, "POST", s.path+"/observations/assess", object{
		"filter":       object{},
		"status":       "risk_accepted",
		"comment":      "Until the release",
		"waiver_until": p.Clock.Now().Add(10 * day),
	})
	wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
	p.Clock.Advance(4 * day)
	runJob(t, c, "expire_waivers")
	wantNotified(t, p, receiver, map[string]int{"gate.changed": 2, "waiver.expiring": 1})
	if got := messageBody(t, receiver.Messages()[2]); got.Data.Count != 2500 || len(got.Data.Waivers) != 10 {
		t.Errorf("notice: %+v", got)
	}
	p.Clock.Advance(7 * day)
	if job := runJob(t, c, "expire_waivers"); job.ID("last.rows") != 2500 {
		t.Errorf("the run: %v", job.JSON)
	}
	wantNotified(t, p, receiver, map[string]int{"gate.changed": 3, "waiver.expiring": 1})
	s.checkCounts(t, p)
}

// assessAll assesses n observations of the product in one request, waits for those that are assessed
// in the background, and checks the gate.
func (s productFixture) assessAll(t *testing.T, c *apptest.Client, n int64, gate string, body object) {
	t.Helper()
	a := c.Must(http.StatusOK, "POST", s.path+"/observations/assess", body)
	if a.ID("changed")+a.ID("remaining") != n || a.Get("gates.0.branch") != "main" || a.Get("gates.1") != nil {
		t.Fatalf("answer: %s", a.Text)
	}
	apptest.Eventually(t, "all are assessed", func() bool {
		return itemCount(c.Must(http.StatusOK, "GET", s.path+"/assessments", nil)) == 0
	})
	if got := c.Must(http.StatusOK, "GET", s.path+"/gate", nil); got.Get("state") != gate {
		t.Errorf("the gate: %s, want %s", got.Text, gate)
	}
}

// slowestWrite writes to another product until stop is closed, and returns the longest time of a
// write.
func slowestWrite(c *apptest.Client, s productFixture, stop chan struct{}) (longest time.Duration) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return longest
		default:
		}
		began := time.Now()
		c.Do("PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(n % 2)})
		longest = max(longest, time.Since(began))
	}
}

// If a bulk assessment fails for one observation, it changes none.
func TestBulkAssessment_AppliesToAllOrNone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s, other := newProduct(t, c, "Shop", receiver.URL), newProduct(t, c, "Other", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 Low"))
		other.upload(c, findingsReport("CVE-9 High"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport("CVE-F High"))
		id := func(s productFixture, title string) int64 { return s.observation(t, c, title).ID("id") }
		one, two := id(s, "CVE-1"), id(s, "CVE-2")
		path := s.path + "/observations/assess"
		const falsePositive = "false_positive"
		both, high := []int64{two, one}, object{"severity": "high"}
		for name, test := range map[string]struct {
			status int
			field  any
			body   object
		}{
			"an id of another product": {404, nil, object{"ids": []int64{one, id(other, "CVE-9")}, "status": falsePositive}},
			"an id of nothing":         {404, nil, object{"ids": []int64{one, 99999}, "status": falsePositive}},
			"another number":           {409, nil, object{"filter": high, "expected": 3, "status": falsePositive}},
			"nothing found":            {409, nil, object{"filter": object{"q": "CVE-77"}, "status": falsePositive}},
			"no branch":                {404, nil, object{"filter": object{"branch": "nowhere"}, "status": falsePositive}},
			"both":                     {422, "filter", object{"ids": []int64{one}, "filter": high, "status": falsePositive}},
			"no ids and a filter":      {422, "filter", object{"ids": []int64{}, "filter": object{}, "status": falsePositive}},
			"none":                     {422, "ids", object{"status": falsePositive}},
			"no ids":                   {422, "ids", object{"ids": []int64{}, "status": falsePositive}},
			"expected of ids":          {422, "expected", object{"ids": []int64{one}, "expected": 1, "status": falsePositive}},
			"expected none":            {422, "expected", object{"filter": object{}, "expected": 0, "status": falsePositive}},
			"nothing said":             {422, "status", object{"ids": []int64{one}}},
			"cleared, and":             {422, "status", object{"ids": []int64{one}, "clear": true, "status": "open"}},
			"no waiver's end":          {422, "waiver_until", object{"ids": both, "status": "risk_accepted", "comment": "x"}},
			"of itself":                {422, "duplicate_of", object{"ids": both, "status": "duplicate", "duplicate_of": one}},
			"an unknown status":        {422, "status", object{"ids": []int64{one}, "status": "wontfix"}},
			"a filter that is none":    {422, "filter.active", object{"filter": object{"active": "perhaps"}, "status": "open"}},
		} {
			a := c.Must(test.status, "POST", path, test.body)
			if test.field != nil && a.Get("errors.0.name") != test.field {
				t.Errorf("%s: %s", name, a.Text)
			}
		}
		if got := itemTitles(c.Must(http.StatusOK, "GET", s.path+"/observations", nil)); got != "CVE-1 CVE-2 CVE-3" {
			t.Errorf("active: %s", got)
		}
		for _, title := range []string{"CVE-1", "CVE-2"} {
			a := c.Must(http.StatusOK, "GET", s.observationPath(t, c, title)+"/history", nil)
			if itemCount(a) != 1 { // that it was found
				t.Errorf("history of %s: %s", title, a.Text)
			}
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 1})

		// The answer names the gates of both branches; only the default branch sends a message.
		feature := c.Must(http.StatusOK, "GET", s.path+"/observations?branch=feature", nil).ID("items.0.id")
		a := c.Must(http.StatusOK, "POST", path,
			object{"ids": []int64{feature, one, two, one}, "status": "in_review", "severity": "low"})
		if a.ID("changed") != 3 || a.Get("gates.0.branch") != "main" || a.Get("gates.0.after") != "passed" ||
			a.Get("gates.1.branch") != "feature" || a.Get("gates.1.after") != "passed" {
			t.Errorf("two branches: %s", a.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		s.checkCounts(t, p)
	})
}

// Each filter narrows the list, and pages follow each other.
func TestObservationFilters_InTheAPI(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 Low", "CVE-10%_ Low"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport("CVE-F High"))
		c.Must(http.StatusCreated, "POST", s.path+"/observations",
			object{"title": "By hand", "severity": "critical", "description": "Of the Login"})
		s.assess(t, c, "CVE-2", object{"status": "not_security"})
		for query, want := range map[string]string{
			"":                               "By hand CVE-1 CVE-10%_ CVE-3",
			"active=false":                   "CVE-2",
			"active=all":                     "By hand CVE-1 CVE-10%_ CVE-2 CVE-3",
			"active=all&severity=high":       "CVE-1 CVE-2",
			"status=not_security":            "CVE-2",
			"status=open&severity=low":       "CVE-10%_ CVE-3",
			"assessed=true":                  "",
			"assessed=true&active=all":       "CVE-2",
			"scanner=manual":                 "By hand",
			"scanner=grype":                  "CVE-1 CVE-10%_ CVE-3",
			"q=login":                        "By hand",
			"q=LIB-CVE-3":                    "CVE-3",
			"q=%25_":                         "CVE-10%_",
			"branch=feature":                 "CVE-F",
			"branch=feature&q=CVE-1":         "",
			"branch=main&q=CVE&severity=low": "CVE-10%_ CVE-3",
		} {
			if got := itemTitles(c.Must(http.StatusOK, "GET", s.path+"/observations?"+query, nil)); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		for query, field := range map[string]string{
			"active=maybe": "active", "status=wontfix": "status", "severity=wild": "severity", "assessed=false": "assessed",
			"cursor=%21": "cursor",
		} {
			a := c.Must(http.StatusUnprocessableEntity, "GET", s.path+"/observations?"+query, nil)
			if a.Get("errors.0.name") != field {
				t.Errorf("%s: %s", query, a.Text)
			}
		}
		c.Must(http.StatusNotFound, "GET", s.path+"/observations?branch=nowhere", nil)
		var pages []string
		for cursor, more := "", true; more; {
			a := c.Must(http.StatusOK, "GET", s.path+"/observations?active=all&limit=2&cursor="+cursor, nil)
			pages = append(pages, itemTitles(a))
			cursor, more = a.Get("next_cursor").(string)
		}
		if len(pages) != 3 || pages[0] != "By hand CVE-1" || !strings.HasPrefix(pages[1], "CVE-") ||
			len(strings.Fields(strings.Join(pages, " "))) != 6 {
			t.Errorf("pages: %q", pages)
		}
	})
}
