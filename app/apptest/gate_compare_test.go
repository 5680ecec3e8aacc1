package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

func TestGateHistory_ComparesTwoMoments(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		compare := func(status int, from, to time.Time, more string) apptest.Answer {
			t.Helper()
			q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}}
			if !to.IsZero() {
				q.Set("to", to.UTC().Format(time.RFC3339Nano))
			}
			return c.Must(status, "GET", s.path+"/gate/comparison?"+q.Encode()+more, nil)
		}
		begin := p.Clock.Now()
		p.Clock.Advance(time.Hour)
		// 1 critical, 18 high, 13 medium.
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		first := p.Clock.Now()
		p.Clock.Advance(48 * time.Hour)
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "own", "thresholds": map[string]int{"high": 3}})
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
		second := p.Clock.Now()
		p.Clock.Advance(time.Hour)
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(0)})

		// From before the first report to after it.
		a := compare(http.StatusOK, begin, first.Add(time.Minute), "")
		if a.Get("from.state") != "none" || a.ID("from.counts.high") != 0 || a.Get("to.state") != "failed" ||
			a.ID("to.counts.high") != 18 || a.ID("difference.critical") != 1 {
			t.Errorf("the first report: %s", a.Text)
		}
		if a.ID("came.count") != 35 || a.ID("came.counts.high") != 18 || a.Get("came.items.0.severity") != "critical" ||
			a.ID("went.count") != 0 || a.Get("to.policy") != "global" {
			t.Errorf("what came: %s", a.Text)
		}
		// Nothing changed on the next day: the counts are those at the end of the day.
		a = compare(http.StatusOK, first.Add(30*time.Hour), time.Time{}, "&severity=medium&limit=5")
		if a.Get("from.daily") != true || a.ID("from.counts.high") != 18 || a.ID("from.thresholds.high") != 0 ||
			a.Get("to.state") != "passed" || a.ID("to.thresholds.high") != 3 || a.Get("to.policy") != "product" {
			t.Errorf("to now: %s", a.Text)
		}
		if a.ID("went.count") != 35 || a.Get("went.items.0.severity") != "medium" || a.Get("went.items.4") == nil ||
			a.Get("went.items.5") != nil || a.ID("difference.high") != -18 {
			t.Errorf("what went: %s", a.Text)
		}
		// Each change of the history has its own counts.
		a = compare(http.StatusOK, first, second, "")
		if a.Get("from.as_of") != a.Get("from.at") || a.ID("from.counts.critical") != 1 || a.ID("to.counts.critical") != 0 {
			t.Errorf("two changes: %s", a.Text)
		}
		// The same report again: what it reopens is not new, and the comparison lists it.
		p.Clock.Advance(time.Hour)
		before := p.Clock.Now()
		p.Clock.Advance(time.Hour)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		a = compare(http.StatusOK, before, time.Time{}, "")
		if a.ID("difference.high") != 18 || a.ID("came.count") != 0 || a.ID("went.count") != 0 ||
			a.ID("reopened.counts.high") != 18 || a.Get("reopened.items.0.severity") != "critical" {
			t.Errorf("what was reopened: %s", a.Text)
		}
		page := signedInAs(t, p, "admin")
		page.wantText(s.path+"/compare", "Reopened or changed", "Seen before")
		page.wantText(fmt.Sprint("/inbox/", a.ID("to.change")), "Now: failed", "Assess observations", "Open change",
			" reopened")
		for _, bad := range [][2]time.Time{{second, first}, {first, first}, {p.Clock.Now().Add(time.Hour), {}}} {
			if a := compare(http.StatusUnprocessableEntity, bad[0], bad[1], ""); a.Get("errors.0.name") != "from" {
				t.Errorf("%v: %s", bad, a.Text)
			}
		}
		a = c.Must(http.StatusUnprocessableEntity, "GET", s.path+"/gate/comparison?from=yesterday", nil)
		if a.Get("errors.0.name") != "from" {
			t.Errorf("no time: %s", a.Text)
		}
	})
}

// The policy names the origin of each threshold: product, group or settings.
func TestGatePolicy_NamesOriginOfEachThreshold(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		says := func(what string, want ...any) {
			t.Helper()
			one := c.Must(http.StatusOK, "GET", s.path, nil)
			list := c.Must(http.StatusOK, "GET", "/products?name=Shop", nil)
			gate := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
			paths := []string{
				"owner",
				"group",
				"sources.critical",
				"sources.high",
				"thresholds.critical",
				"thresholds.medium",
				"active",
			}
			for at, a := range map[string]apptest.Answer{"policy.": one, "items.0.policy.": list} {
				for i, path := range paths {
					if got := a.Get(at + path); fmt.Sprint(got) != fmt.Sprint(want[i]) ||
						fmt.Sprint(gate.Get("policy."+path)) != fmt.Sprint(want[i]) {
						t.Errorf("%s, %s: %v, want %v", what, at+path, got, want[i])
					}
				}
			}
		}
		says("at first", "global", nil, "global", "global", 0, 99999, true)
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "own", "thresholds": object{"critical": 0, "medium": 3}})
		says("its own", "product", nil, "product", "unset", 0, 3, true)
		group := c.Must(http.StatusCreated, "POST", "/groups",
			object{"name": "Payments", "gate_mode": "own", "thresholds": object{"high": 7}}).
			ID("id")
		c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
		says("its group's", "group", "Payments", "unset", "group", 0, 0, true)
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/groups/%d", group), object{"gate_mode": "disabled"})
		says("disabled", "group", "Payments", nil, nil, nil, nil, false)
	})
}
