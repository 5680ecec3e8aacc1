package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/observation"
	"gatecrier/models"
)

// grypeMatches returns the matches of a Grype report with findings of a severity.
func grypeMatches(severity string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, `,{"vulnerability":{"id":%q,"severity":%q},"artifact":{"name":"lib","version":"1","type":"deb"}}`,
			name, severity)
	}
	return b.String()
}

func grypeReport(matches ...string) []byte {
	return []byte(`{"descriptor":{"name":"grype"},"matches":[` + strings.TrimPrefix(strings.Join(matches, ""), ",") + `]}`)
}

// findBranch returns a branch from the list of a product's branches.
func findBranch(t *testing.T, c *apptest.Client, s productFixture, name string) apptest.Answer {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", s.path+"/branches?limit=100", nil)
	items, _ := a.JSON["items"].([]any)
	for _, item := range items {
		if b, ok := item.(map[string]any); ok && b["name"] == name {
			return apptest.Answer{JSON: b}
		}
	}
	return apptest.Answer{}
}

// acceptRisk accepts the risk of the active observation with a title.
func acceptRisk(t *testing.T, p *apptest.Program, s productFixture, title string) {
	t.Helper()
	list, err := p.Store.Observations(t.Context(), apptest.AllProducts(),
		models.ObservationFilter{ProductID: s.id, Text: title, Limit: 10})
	if err != nil || len(list) == 0 {
		t.Fatalf("no observation %s: %v", title, err)
	}
	actor := authz.Actor{User: models.User{ID: 1, Administrator: true}, Label: "admin"}
	_, _, err = p.Observations.Assess(t.Context(), actor, list[0].ID, observation.Assessment{
		Status: models.StatusRiskAccepted, Comment: "not reachable", Until: p.Clock.Now().Add(90 * 24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func titlesWithDefaultStatus(a apptest.Answer) string {
	items, _ := a.JSON["items"].([]any)
	var list []string
	for _, item := range items {
		o, _ := item.(map[string]any)
		text := fmt.Sprint(o["title"])
		if o["status_there"] != nil {
			text += fmt.Sprint("=", o["status_there"])
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// A branch has its own gate, which sends no notifications, and lists the observations that it adds
// to the default branch.
func TestBranch_ListsAddedObservations(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/reports",
			grypeReport(grypeMatches("High", "OLD", "WAIVED", "FIXED"), grypeMatches("Medium", "BOTH")))
		receiver.Wait(t, 1)
		acceptRisk(t, p, s, "WAIVED")
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature/pay",
			grypeReport(grypeMatches("High", "OLD", "WAIVED"), grypeMatches("Critical", "NEW-1", "NEW-2"),
				grypeMatches("Medium", "BOTH", "NEW-3")))
		if a.Get("gate.before") != "none" || a.Get("gate.after") != "failed" ||
			a.Get("gate.why") != "2 critical (threshold 0), 2 high (threshold 0)" {
			t.Errorf("the branch's gate goes back to the pipeline: %s", a.Text)
		}

		list := c.Must(http.StatusOK, "GET", s.path+"/branches", nil)
		if list.Get("items.0.name") != "main" || list.Get("items.0.default") != true ||
			list.Get("items.1.name") != "feature/pay" || list.Get("items.2") != nil {
			t.Fatalf("branches: %s", list.Text)
		}
		if list.Get("items.1.gate.state") != "failed" || list.ID("items.1.gate.counts.critical") != 2 ||
			list.Get("items.1.protected") != false || list.Get("items.1.last_report_at") == nil {
			t.Errorf("the branch: %s", list.Text)
		}
		page := c.Must(http.StatusOK, "GET", s.path+"/branches?limit=1", nil)
		cursor, _ := page.Get("next_cursor").(string)
		next := c.Must(http.StatusOK, "GET", s.path+"/branches?limit=1&cursor="+cursor, nil)
		if next.Get("items.0.name") != "feature/pay" || next.Get("next_cursor") != nil {
			t.Errorf("the next page: %s", next.Text)
		}

		at := fmt.Sprintf("/branches/%d", list.ID("items.1.id"))
		a = c.Must(http.StatusOK, "GET", at+"/comparison", nil)
		if titlesWithDefaultStatus(a) != "NEW-1 NEW-2 NEW-3" || a.ID("added.critical") != 2 || a.ID("added.medium") != 1 ||
			a.ID("added.high") != 0 || a.ID("known.high") != 1 || a.ID("shared.high") != 1 || a.ID("shared.medium") != 1 ||
			a.ID("gone.high") != 1 {
			t.Errorf("what it adds: %s", a.Text)
		}
		if a.Get("branch.gate.state") != "failed" || a.Get("default.gate.branch") != "main" {
			t.Errorf("both gates: %s", a.Text)
		}
		got := titlesWithDefaultStatus(c.Must(http.StatusOK, "GET", at+"/comparison?list=known", nil))
		if got != "WAIVED=risk_accepted" {
			t.Errorf("known there: %s", got)
		}
		got = titlesWithDefaultStatus(c.Must(http.StatusOK, "GET", at+"/comparison?severity=medium", nil))
		if got != "NEW-3" {
			t.Errorf("of a severity: %s", got)
		}
		first := c.Must(http.StatusOK, "GET", at+"/comparison?limit=2", nil)
		cursor, _ = first.Get("next_cursor").(string)
		second := c.Must(http.StatusOK, "GET", at+"/comparison?limit=2&cursor="+cursor, nil)
		if titlesWithDefaultStatus(first)+" "+titlesWithDefaultStatus(second) != "NEW-1 NEW-2 NEW-3" ||
			second.Get("next_cursor") != nil {
			t.Errorf("by pages: %s and %s", titlesWithDefaultStatus(first), titlesWithDefaultStatus(second))
		}

		// Once the default branch has its findings, the branch adds none.
		c.Must(http.StatusCreated, "POST", s.path+"/reports",
			grypeReport(grypeMatches("High", "OLD", "WAIVED"), grypeMatches("Critical", "NEW-1", "NEW-2"),
				grypeMatches("Medium", "BOTH", "NEW-3")))
		a = c.Must(http.StatusOK, "GET", at+"/comparison", nil)
		if titlesWithDefaultStatus(a) != "" || a.ID("gone.high") != 0 || a.ID("shared.critical") != 2 {
			t.Errorf("after the merge: %s", a.Text)
		}
		if n := len(receiver.Messages()); n != 1 {
			t.Errorf("%d messages, want that of the default branch alone", n)
		}
	})
}

func TestBranch_Update(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(0)})
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"branch": "dev", "scanner": "x", "counts": criticalCounts(2)})
		def, dev := findBranch(t, c, s, "main"), findBranch(t, c, s, "dev")
		at := fmt.Sprintf("/branches/%d", dev.ID("id"))
		for name, body := range map[string]object{
			"name":    {"name": "main", "protected": true},
			"default": {"default": false},
		} {
			if a := c.Must(http.StatusUnprocessableEntity, "PATCH", at, body); a.Get("errors.0.name") != name {
				t.Errorf("%v: %s", body, a.Text)
			}
		}
		for _, name := range []string{"", "  ", strings.Repeat("x", 256), "a\nb"} {
			c.Must(http.StatusUnprocessableEntity, "PATCH", at, object{"name": name})
		}
		if b := findBranch(t, c, s, "dev"); b.Get("protected") != false {
			t.Errorf("what is refused changes nothing: %v", b.JSON)
		}
		a := c.Must(http.StatusOK, "PATCH", at, object{"name": " develop ", "protected": true})
		if a.Get("name") != "develop" || a.Get("protected") != true || a.Get("default") != false {
			t.Errorf("renamed: %s", a.Text)
		}
		c.Must(http.StatusConflict, "DELETE", fmt.Sprintf("/branches/%d", def.ID("id")), nil)
		a = c.Must(http.StatusOK, "PATCH", at, object{"default": true})
		if a.Get("default") != true || a.Get("gate.state") != "failed" ||
			findBranch(t, c, s, "main").Get("default") != false {
			t.Errorf("the default: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("default_branch") != "develop" ||
			a.Get("gate.state") != "failed" {
			t.Errorf("the product: %s", a.Text)
		}
		a = c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if a.Get("items.0.from") != "passed" || a.Get("items.0.to") != "failed" ||
			a.Get("items.0.cause.text") != "a change of the default branch from main to develop" {
			t.Errorf("history: %s", a.Text)
		}
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/branches/%d", def.ID("id")), nil)
		c.Must(http.StatusNotFound, "GET", fmt.Sprintf("/branches/%d/comparison", def.ID("id")), nil)
		c.Must(http.StatusNotFound, "PATCH", fmt.Sprintf("/branches/%d", def.ID("id")), object{"protected": true})

		var said []string
		audits, _ := c.Must(http.StatusOK, "GET", fmt.Sprintf("/audit?product=%d", s.id), nil).JSON["items"].([]any)
		for _, item := range audits {
			if row, ok := item.(map[string]any); ok {
				said = append(said, fmt.Sprint(row["action"], " ", row["kind"], " ", row["name"]))
			}
		}
		got := strings.Join(said, ", ")
		if got != "delete branch main, change product Shop, change branch develop, create product Shop" {
			t.Errorf("audit: %s", got)
		}
	})
}

// The own thresholds of a product apply to all its branches at once.
func TestProductThresholds_ApplyToAllBranches(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		for _, branch := range []string{"", "dev"} {
			c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"branch": branch, "scanner": "x", "counts": criticalCounts(2)})
		}
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "own", "thresholds": object{"critical": 5, "high": 5}})
		if b := findBranch(t, c, s, "dev"); b.Get("gate.state") != "passed" {
			t.Errorf("the branch has %v", b.JSON)
		}
	})
}

// A large branch is deleted in parts, and a report creates it again.
func TestBranch_DeleteLarge(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", grypeReport(grypeMatches("Low", "ONE")))
		const n = 1700
		report := largeReport(n, func(i int) string { return [...]string{"High", "Medium"}[i%2] })
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=big", report)
		id := findBranch(t, c, s, "big").ID("id")
		apptest.Eventually(t, "the import is settled", func() bool {
			return c.Do("DELETE", fmt.Sprintf("/branches/%d", id), nil).Status == http.StatusNoContent
		})
		if left, err := p.Store.AnyObservations(t.Context(), id, 10); err != nil || len(left) > 0 {
			t.Errorf("%d observations are left: %v", len(left), err)
		}
		if b := findBranch(t, c, s, "main"); b.ID("gate.counts.low") != 1 {
			t.Errorf("the default branch: %v", b.JSON)
		}
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=big", report)
		if a.ID("observations.new") != n || a.ID("counts.high") != n/2 || findBranch(t, c, s, "big").ID("id") == id {
			t.Errorf("created again: %s", a.Text)
		}
	})
}

// The job removes branches without reports, except protected and active ones.
func TestBranchCleanup_RemovesAbandonedBranches(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		const day = 24 * time.Hour
		// The job only runs on request.
		c.Must(http.StatusOK, "PATCH", "/settings/jobs", object{"forget_branches": "0 0 29 2 *"})
		send := func(branch string) apptest.Answer {
			return c.Must(http.StatusCreated, "POST", s.path+"/reports?branch="+branch, grypeReport(grypeMatches("High", "ONE")))
		}
		send("")
		for _, branch := range []string{"old", "kept", "alive", "big"} {
			send(branch)
		}
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=big&scanner=other", largeReport(1300, sameSeverity("Low")))
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/branches/%d", findBranch(t, c, s, "kept").ID("id")),
			object{"protected": true})
		p.Clock.Advance(29 * day)
		if job := runJob(t, c, "forget_branches"); job.ID("last.rows") != 0 {
			t.Errorf("too early: %v", job.JSON)
		}
		if a := send("alive"); a.ID("observations.updated") != 1 {
			t.Fatalf("the same report: %s", a.Text)
		}
		if b := findBranch(t, c, s, "alive"); b.Get("last_report_at") != p.Clock.Now().
			UTC().
			Truncate(time.Microsecond).
			Format(time.RFC3339Nano) {
			t.Errorf("a report that changed nothing is only remembered: %v, now %s", b.JSON, p.Clock.Now().UTC())
		}
		p.Clock.Advance(2 * day)
		c.Must(http.StatusOK, "PATCH", "/settings/reports", object{"branch_days": 0})
		if job := runJob(t, c, "forget_branches"); job.ID("last.rows") != 0 {
			t.Errorf("kept forever: %v", job.JSON)
		}
		c.Must(http.StatusOK, "PATCH", "/settings/reports", object{"branch_days": 30})
		job := runJob(t, c, "forget_branches")
		if job.ID("last.rows") != 2 || job.Get("last.message") != "Shop: old, big" {
			t.Errorf("the run: %v", job.JSON)
		}
		for name, there := range map[string]bool{"main": true, "kept": true, "alive": true, "old": false, "big": false} {
			if got := findBranch(t, c, s, name).JSON != nil; got != there {
				t.Errorf("%s exists: %t", name, got)
			}
		}
		if a := send("old"); a.ID("observations.new") != 1 || a.Get("gate.before") != "none" {
			t.Errorf("created again: %s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/branches/%d", findBranch(t, c, s, "kept").ID("id")),
			object{"protected": false})
		if job := runJob(t, c, "forget_branches"); job.Get("last.message") != "Shop: kept" {
			t.Errorf("not protected any more: %v", job.JSON)
		}
	})
}
