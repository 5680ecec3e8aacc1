package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// webhookMessage is the body of a webhook message.
type webhookMessage struct {
	Type string
	Data struct {
		Product struct {
			ID   int64
			Name string
		}
		From, To, Why string
		Count         int
		Cause         struct{ Kind, Text string }
		Waivers       []struct{ Title string }
		Failing       struct {
			New      int
			Reopened int
			Items    []struct {
				Title, Severity string
				KEV             bool
			}
		}
		OnlyFixable   bool           `json:"only_fixable"`
		KEVAsCritical bool           `json:"kev_as_critical"`
		Effective     *models.Counts `json:"effective_counts"`
		Uncounted     struct{ Unfixed, KEV int }
	}
}

func messageBody(t *testing.T, m apptest.Message) webhookMessage {
	t.Helper()
	var body webhookMessage
	if err := json.Unmarshal(m.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

// An assessment outlives reports: it counts while the finding exists, is kept while it is gone, and
// counts again when it comes back.
func TestAssessment_OutlivesReports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low"))
		a := s.assess(t, c, "CVE-1", object{"status": "false_positive", "comment": "not compiled in"})
		if a.Get("status") != "false_positive" || a.Get("report_status") != "open" || a.Get("assessment.by") != "admin" ||
			a.Get("assessment.severity") != nil || a.Get("gate.before") != "failed" || a.Get("gate.after") != "passed" ||
			a.Get("branch") != "main" || a.ID("product_id") != s.id {
			t.Fatalf("assessed: %s", a.Text)
		}

		// The same report again, and one with another severity, do not change the assessment.
		for _, report := range [][]byte{
			findingsReport("CVE-1 High", "CVE-2 Low"), findingsReport("CVE-1 Critical", "CVE-2 Low"),
		} {
			if a := s.upload(c, report); a.Get("gate.after") != "passed" || countsOf(a, "counts") != "1 low" ||
				a.ID("observations.updated") != 2 {
				t.Errorf("another report: %s", a.Text)
			}
		}
		if a := s.observation(t, c, "CVE-1"); a.Get("severity") != "critical" || a.Get("status") != "false_positive" {
			t.Errorf("its severity is the report's still: %s", a.Text)
		}

		// A finding that is gone is resolved, and its assessment stays.
		if a := s.upload(c, findingsReport("CVE-2 Low")); a.ID("observations.resolved") != 1 {
			t.Errorf("gone: %s", a.Text)
		}
		a = s.observation(t, c, "CVE-1")
		if a.Get("status") != "resolved" || a.Get("assessment.status") != "false_positive" || a.Get("resolved") == nil {
			t.Errorf("while it is gone: %s", a.Text)
		}

		// Back, it is reopened because an import had resolved it, and does not count for the gate.
		if a := s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low")); a.ID("observations.reopened") != 1 ||
			a.Get("gate.after") != "passed" {
			t.Errorf("back: %s", a.Text)
		}
		// An observation that a user resolved was never gone, so the report does not reopen it.
		s.assess(t, c, "CVE-1", object{"status": "resolved"})
		if a := s.upload(c, findingsReport("CVE-1 Critical", "CVE-2 Low")); a.ID("observations.reopened") != 0 ||
			a.Get("gate.after") != "passed" {
			t.Errorf("resolved by a person: %s", a.Text)
		}

		// An assessment of a finding that is gone counts when the finding is back.
		s.upload(c, findingsReport("CVE-2 Low"))
		if a := s.assess(t, c, "CVE-1", object{"status": "affected"}); a.Get("status") != "resolved" ||
			a.Get("gate.after") != "passed" {
			t.Errorf("assessed while gone: %s", a.Text)
		}
		if a := s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low")); a.Get("gate.after") != "failed" ||
			a.ID("observations.reopened") != 1 {
			t.Errorf("back as affected: %s", a.Text)
		}
		if a := s.assess(t, c, "CVE-1", object{"status": nil}); a.Get("status") != "open" || a.Get("assessment") != nil {
			t.Errorf("taken back: %s", a.Text)
		}
		got := s.historyInPages(t, c, "CVE-1", 100)
		wantLines(t, "history", got, "clear affected open", "return resolved affected", "assess resolved affected",
			"resolve resolved resolved", "assess false_positive resolved", "return resolved false_positive",
			"resolve false_positive resolved", "assess open false_positive not compiled in", "find open open")
		for size := 1; size <= len(got); size++ {
			wantLines(t, fmt.Sprint("history in pages of ", size), s.historyInPages(t, c, "CVE-1", size), got...)
		}
		s.checkCounts(t, p)
	})
}

// historyInPages returns the history of an observation, read in pages of a size: all full but the last,
// which is not empty.
func (s productFixture) historyInPages(t *testing.T, c *apptest.Client, title string, size int) (lines []string) {
	t.Helper()
	path := fmt.Sprint(s.observationPath(t, c, title), "/history?limit=", size)
	for cursor, more := any(""), true; more; {
		page := c.Must(http.StatusOK, "GET", fmt.Sprint(path, "&cursor=", cursor), nil)
		n := itemCount(page)
		for i := range n {
			at := fmt.Sprintf("items.%d.", i)
			lines = append(lines, fmt.Sprint(
				page.Get(at+"action"), " ", page.Get(at+"was_status"), " ", page.Get(at+"status"), " ", page.Get(at+"comment")))
		}
		cursor = page.Get("next_cursor")
		if more = cursor != nil; n == 0 || more && n != size {
			t.Fatalf("page of %d: %s", size, page.Text)
		}
	}
	return lines
}

// Each status of an assessment either counts for the gate or does not.
func TestAssessmentStatus_DecidesWhatGateCounts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		until := p.Clock.Now().AddDate(0, 1, 0)
		for status, active := range map[string]bool{
			"open": true, "affected": true, "in_review": true, "resolved": false, "duplicate": false, "false_positive": false,
			"not_affected": false, "not_security": false, "risk_accepted": false,
		} {
			what := object{"status": status}
			if status == "risk_accepted" {
				what["waiver_until"], what["comment"] = until, "Nobody reaches it"
			}
			gate := map[bool]string{true: "failed", false: "passed"}[active]
			if a := s.assess(t, c, "CVE-1", what); a.Get("gate.after") != gate || a.Get("status") != status {
				t.Errorf("%s: %s", status, a.Text)
			}
			for query, in := range map[string]bool{
				"active=true": active, "active=false": !active, "active=all": true, "status=" + status: true,
				"assessed=true&active=all": true,
			} {
				if got := itemTitles(c.Must(http.StatusOK, "GET", s.path+"/observations?"+query, nil)); (got == "CVE-1") != in {
					t.Errorf("%s, %s: %q", status, query, got)
				}
			}
			s.checkCounts(t, p)
		}
	})
}

// A severity set by a user replaces the severity of the report, also when the report changes, until
// the user clears it.
func TestAssessmentSeverity_OverridesReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		a := s.assess(t, c, "CVE-1", object{"severity": "low"})
		if a.Get("severity") != "low" || a.Get("report_severity") != "high" || a.Get("assessment.severity") != "low" ||
			a.Get("assessment.status") != nil || a.Get("gate.after") != "passed" {
			t.Fatalf("lowered: %s", a.Text)
		}
		for _, report := range [][]byte{findingsReport("CVE-1 Critical"), findingsReport(), findingsReport("CVE-1 High")} {
			s.upload(c, report)
			s.checkCounts(t, p)
		}
		if a := s.observation(t, c, "CVE-1"); a.Get("severity") != "low" || a.Get("report_severity") != "high" ||
			a.Get("status") != "open" {
			t.Errorf("after more reports: %s", a.Text)
		}
		s.assess(t, c, "CVE-1", object{"status": "in_review"})
		a = s.assess(t, c, "CVE-1", object{"severity": nil})
		if a.Get("severity") != "high" || a.Get("assessment.status") != "in_review" || a.Get("assessment.severity") != nil ||
			a.Get("gate.after") != "failed" {
			t.Errorf("the severity alone is taken back: %s", a.Text)
		}
		s.assess(t, c, "CVE-1", object{"severity": "none"})
		if a := s.assess(t, c, "CVE-1", object{"status": nil}); a.Get("severity") != "high" || a.Get("assessment") != nil {
			t.Errorf("all is taken back: %s", a.Text)
		}
		s.checkCounts(t, p)

		// A large report, which is staged, keeps the severity as well.
		s.assess(t, c, "CVE-1", object{"severity": "medium", "status": "affected"})
		list := make([]string, 1500)
		for i := range list {
			list[i] = fmt.Sprintf("CVE-X%d Low", i)
		}
		list = append(list, "CVE-1 Critical")
		a = s.upload(c, findingsReport(list...))
		if countsOf(a, "counts") != "1 medium, 1500 low" || a.Get("gate.after") != "passed" {
			t.Errorf("a large report: %s", a.Text)
		}
		if a := s.observation(t, c, "CVE-1"); a.Get("severity") != "medium" || a.Get("report_severity") != "critical" ||
			a.Get("status") != "affected" {
			t.Errorf("after a large report: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// A duplicate names an observation of its branch. Duplicates form no chain and no circle.
func TestDuplicate_FormsNoChainOrCircle(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s, other := newProduct(t, c, "Shop", ""), newProduct(t, c, "Other", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 High"))
		other.upload(c, findingsReport("CVE-9 High"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", findingsReport("CVE-F High"))
		id := func(s productFixture, title string) int64 { return s.observation(t, c, title).ID("id") }
		one, two, three := id(s, "CVE-1"), id(s, "CVE-2"), id(s, "CVE-3")
		feature := c.Must(http.StatusOK, "GET", s.path+"/observations?branch=feature", nil).ID("items.0.id")
		a := s.assess(t, c, "CVE-2", object{"status": "duplicate", "duplicate_of": one})
		if a.ID("assessment.duplicate_of") != one || countsOf(a, "gate.counts") != "2 high" {
			t.Fatalf("a duplicate: %s", a.Text)
		}
		refused := func(title string, of int64, why string) {
			t.Helper()
			a := c.Must(http.StatusUnprocessableEntity, "PATCH", s.observationPath(t, c, title),
				object{"status": "duplicate", "duplicate_of": of})
			if a.Get("errors.0.name") != "duplicate_of" || !strings.Contains(a.Text, why) {
				t.Errorf("%s of %d: %s", title, of, a.Text)
			}
		}
		refused("CVE-1", one, "cannot duplicate itself")
		refused("CVE-1", two, "That observation is a duplicate")
		refused("CVE-1", id(other, "CVE-9"), "no such observation")
		refused("CVE-1", feature, "another branch")
		refused("CVE-1", 99999, "no such observation")
		a = c.Must(http.StatusUnprocessableEntity, "PATCH", s.observationPath(t, c, "CVE-1"),
			object{"status": "open", "duplicate_of": three})
		if a.Get("errors.0.name") != "duplicate_of" {
			t.Errorf("without the status: %s", a.Text)
		}

		// A resolved observation stays a duplicate, because it can come back.
		s.upload(c, findingsReport("CVE-1 High", "CVE-3 High"))
		refused("CVE-1", two, "That observation is a duplicate")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 High"))

		if a := s.assess(t, c, "CVE-2", object{"duplicate_of": three}); a.ID("assessment.duplicate_of") != three ||
			a.Get("status") != "duplicate" {
			t.Errorf("of another one: %s", a.Text)
		}
		if a := s.assess(t, c, "CVE-2", object{"duplicate_of": nil}); a.Get("assessment.duplicate_of") != nil ||
			a.Get("status") != "duplicate" {
			t.Errorf("of none: %s", a.Text)
		}
		if a := s.assess(t, c, "CVE-2", object{"status": "open"}); countsOf(a, "gate.counts") != "3 high" {
			t.Errorf("none any more: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// An observation created by hand counts like a finding, and no report resolves it.
func TestManualObservations_CountAndOutliveReports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		a := c.Must(http.StatusCreated, "POST", s.path+"/observations",
			object{"title": " Default password ", "severity": "medium", "component": "admin", "url": "https://example.org/1"})
		if a.Get("gate.before") != "none" || a.Get("gate.after") != "passed" || a.Get("title") != "Default password" ||
			a.Get("scanner") != "manual" || a.Get("status") != "open" {
			t.Fatalf("entered: %s", a.Text)
		}
		path := fmt.Sprintf("/observations/%d", a.ID("id"))
		a = c.Must(http.StatusOK, "PATCH", path,
			object{"severity": "critical", "title": "Default passwords", "fix": "Ask for another", "component": nil})
		if a.Get("gate.after") != "failed" || a.Get("severity") != "critical" || a.Get("title") != "Default passwords" ||
			a.Get("component") != "" ||
			a.Get("url") != "https://example.org/1" {
			t.Errorf("edited: %s", a.Text)
		}
		if a := s.upload(c, findingsReport("CVE-1 High")); countsOf(a, "counts") != "1 critical, 1 high" {
			t.Errorf("beside a report: %s", a.Text)
		}
		if a := s.upload(c, findingsReport()); countsOf(a, "counts") != "1 critical" || a.Get("gate.after") != "failed" {
			t.Errorf("no report resolves it: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "PATCH", path, object{"severity": "low"}); a.Get("report_severity") != "critical" ||
			a.Get("gate.after") != "passed" {
			t.Errorf("assessed: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "PATCH", path, object{"location": "/login"}); a.Get("severity") != "low" ||
			a.Get("report_severity") != "critical" {
			t.Errorf("an edit of its texts keeps what was said: %s", a.Text)
		}
		for name, body := range map[string]object{
			"title": {"title": " "}, "url": {"url": "javascript:alert(1)"}, "severity": {"title": "x", "severity": "wild"},
			"description": {"description": "a\x07b"},
			"status":      {"title": "x", "status": "open"}, "comment": {"fix": "x", "comment": "why"},
		} {
			if a := c.Must(http.StatusUnprocessableEntity, "PATCH", path, body); a.Get("errors.0.name") != name {
				t.Errorf("%s: %s", name, a.Text)
			}
		}
		c.Must(http.StatusOK, "PATCH", path, object{"severity": nil})
		s.checkCounts(t, p)

		s.upload(c, findingsReport("CVE-1 High"))
		s.assess(t, c, "CVE-1", object{"status": "false_positive"})
		c.Must(http.StatusNoContent, "DELETE", path, nil)
		c.Must(http.StatusNotFound, "GET", path, nil)
		if got := s.gateState(c); got != "passed" {
			t.Errorf("deleted: %s", got)
		}
		a = c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if a.Get("items.0.cause.text") != "an observation deleted by hand: Default passwords" ||
			a.Get("items.0.cause.kind") != "assessment" {
			t.Errorf("history: %s", a.Text)
		}
		audit := c.Must(http.StatusOK, "GET", fmt.Sprintf("/audit?product=%d", s.id), nil)
		if audit.Get("items.0.kind") != "observation" || audit.Get("items.0.action") != "delete" ||
			audit.Get("items.0.name") != "Default passwords" {
			t.Errorf("audit: %s", audit.Text)
		}
		wantNotified(t, p, receiver, map[string]int{"gate.changed": s.gateChangeCount(c)})
		s.checkCounts(t, p)

		// Observations of reports can be neither edited nor deleted.
		at := s.observationPath(t, c, "CVE-1")
		c.Must(http.StatusConflict, "PATCH", at, object{"title": "Mine"})
		c.Must(http.StatusConflict, "DELETE", at, nil)
		a = c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/observations",
			object{"title": "x", "severity": "low", "branch": "nowhere"})
		if a.Get("errors.0.name") != "branch" {
			t.Errorf("in no branch: %s", a.Text)
		}
	})
}

// No report can use the scanner name of manual observations.
func TestReport_CannotUseManualSource(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "high"})
		for _, scanner := range []string{"manual", "Manual", "%20MANUAL%20"} {
			a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?scanner="+scanner, findingsReport("CVE-1 Low"))
			if a.Get("errors.0.name") != "scanner" {
				t.Errorf("%s: %s", scanner, a.Text)
			}
		}
		c.Must(http.StatusUnprocessableEntity, "PUT", s.path+"/counts",
			object{"scanner": "manual", "counts": criticalCounts(0)})
		tool := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"manual"}},` +
			`"results":[{"ruleId":"x","level":"error","message":{"text":"x"}}]}]}`
		s.upload(c, []byte(tool))
		if a := s.observation(t, c, "By hand"); a.Get("status") != "open" || a.Get("scanner") != "manual" {
			t.Errorf("a tool called manual: %s", a.Text)
		}
		got := itemTitles(c.Must(http.StatusOK, "GET", s.path+"/observations?scanner=manual&active=all", nil))
		if got != "By hand" {
			t.Errorf("by hand: %s", got)
		}
		s.checkCounts(t, p)
	})
}
