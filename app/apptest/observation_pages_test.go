package apptest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// mixedSeverity returns one critical, seven high, and then medium severities.
func mixedSeverity(i int) string {
	switch {
	case i == 0:
		return "Critical"
	case i < 8:
		return "High"
	}
	return "Medium"
}

var selectBox = regexp.MustCompile(`name="id" value="(\d+)"`)

// selectableIDs returns the ids that a page lets the user select.
func selectableIDs(page string) []string {
	var ids []string
	for _, m := range selectBox.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// Filters are in the URL, narrow together, and stay from page to page.
func TestObservationPages_Filter(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		newProduct(t, c, "Other", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(64, mixedSeverity))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature&scanner=other",
			largeReport(3, sameSeverity("Low")))
		admin := signedInAs(t, p, "admin")
		for query, want := range map[string]string{
			"":                              "50 of 64 observations shown",
			"?severity=high":                "7 observations shown",
			"?q=LIB6":                       "5 observations shown", // 6 and 60 to 63
			"?q=lib6&severity=high":         "1 observation shown",
			"?q=no+such+text":               "No observation matches",
			"?active=false":                 "No observation matches",
			"?active=all&severity=critical": "1 observation shown",
			"?branch=feature":               "3 observations shown",
			"?scanner=grype&severity=high":  "7 observations shown",
			"?scanner=other":                "No observation matches",
			"?status=open&severity=high":    "7 observations shown",
			"?status=in_review":             "No observation matches",
			"?assessed=true":                "No observation matches",
			"?after=x":                      "50 of 64 observations shown",
			"?severity=x&status=x&active=x": "50 of 64 observations shown",
			"?q=%25":                        "No observation matches", // not any text
		} {
			admin.wantText("/products/1"+query, want)
		}
		if status, _ := admin.get("/products/1?branch=gone"); status != http.StatusNotFound {
			t.Errorf("a branch that is not there: %d", status)
		}
		_, first := admin.get("/products/1?q=lib")
		next := regexp.MustCompile(`href="([^"]*after=[^"]*)"`).FindStringSubmatch(first)
		if len(next) < 2 || !strings.Contains(next[1], "q=lib") {
			t.Fatalf("the next page: %q", next)
		}
		_, second := admin.get(strings.ReplaceAll(next[1], "&amp;", "&"))
		if len(selectableIDs(first)) != 50 || len(selectableIDs(second)) != 14 ||
			!strings.Contains(second, "14 of 64 observations shown") {
			t.Errorf("%d and %d rows", len(selectableIDs(first)), len(selectableIDs(second)))
		}
	})
}

// A bulk assessment of the result of a filter is one gate change and one message.
func TestObservationPages_BulkAssessment(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		newProduct(t, c, "Other", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(300, sameSeverity("High")))
		receiver.Wait(t, 1)
		admin := signedInAs(t, p, "admin")
		_, list := admin.get("/products/1?q=lib")
		if !strings.Contains(list, "Assess all 300 of this filter…") {
			t.Fatal("all cannot be assessed together")
		}
		const path = "/products/1/observations/assess"
		admin.wantText(path+"?all=300&q=lib", "Assess 300 observations", "All of main that are: active, with “lib”",
			"and 292 more")

		// A few selected ones, with errors beside the fields.
		ids := selectableIDs(list)[:2]
		admin.wantText(path+"?id="+ids[0]+"&id="+ids[1], "Assess 2 observations")
		admin.wantFieldError("Say a status or a severity", path, "id", ids[0])
		admin.wantFieldError("Say why the risk is accepted", path, "id", ids[0], "status", "risk_accepted", "waiver_until",
			"2099-01-01")
		admin.wantFieldError("A day like", path, "id", ids[0], "status", "risk_accepted", "waiver_until", "tomorrow",
			"comment", "x")
		admin.wantFieldError("There is no such observation", path, "id", ids[0], "status", "duplicate", "duplicate_of",
			"999999")
		admin.wantFieldError("The number of an observation", path, "id", ids[0], "status", "duplicate", "duplicate_of", "x")
		admin.mustPost(path, "id", ids[0], "id", ids[1], "status", "false_positive", "comment", "not reachable", "filter",
			"q=lib")
		admin.wantText("/products/1?q=lib", "2 observations assessed: the gate stays Failed")
		admin.wantText("/products/1?status=false_positive", "2 observations shown", "by <bdi>admin</bdi>")

		// After a conflicting change, the page says so and shows the current number.
		status, page := admin.post(path, "all", "300", "filter", "q=lib", "status", "not_affected")
		if status != http.StatusConflict || !strings.Contains(page, "There are 298 observations now, not 300") ||
			!strings.Contains(page, `name="all" value="298"`) ||
			!strings.Contains(page, `value="not_affected" selected`) {
			t.Errorf("another number: %d\n%.2000s", status, page)
		}
		if n := len(receiver.Messages()); n != 1 {
			t.Fatalf("%d messages, want 1", n)
		}
		admin.mustPost(path, "all", "298", "filter", "q=lib", "status", "not_affected")
		admin.wantText("/products/1", "298 observations assessed: the gate has changed from Failed to Passed")
		receiver.Wait(t, 2)
		admin.mustPost(path, "all", "300", "filter", "active=all", "status", "clear")
		admin.wantText("/products/1", "300 observations assessed: the gate has changed from Passed to Failed")
		receiver.Wait(t, 3)
		if n := len(receiver.Messages()); n != 3 {
			t.Errorf("%d messages, want 3", n)
		}

		// No selection, and observations of another or no product.
		admin.mustPost(path, "status", "open")
		admin.wantText("/products/1", "Nothing is selected")
		for _, at := range []string{
			path + "?id=999999", "/products/2/observations/assess?id=" + ids[0], "/products/2/observations/" + ids[0],
			"/products/2/observations/" + ids[0] + "/duplicate", "/products/1/observations/x",
		} {
			if status, _ := admin.get(at); status != http.StatusNotFound {
				t.Errorf("%s: %d", at, status)
			}
		}
		status, _ = admin.post("/products/2/observations/"+ids[0]+"/assess", "status", "open")
		if status != http.StatusNotFound {
			t.Errorf("by another product: %d", status)
		}
	})
}

// A waiver ends at the end of its day in the user's time zone.
func TestObservationPages_WaiverEndsWithDayInUserZone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Critical")))
		admin := signedInAs(t, p, "admin")
		admin.mustPost("/profile", "time_zone", "Asia/Tokyo")
		_, list := admin.get("/products/1")
		path := "/products/1/observations/" + selectableIDs(list)[0]
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		day := p.Clock.Now().In(tokyo).AddDate(0, 0, 30)
		admin.wantText(path, `value="`+day.Format(time.DateOnly)+`"`)
		admin.wantFieldError("Must be in the future", path+"/assess", "status", "risk_accepted", "waiver_until",
			day.AddDate(0, 0, -31).Format(time.DateOnly), "comment", "x")
		admin.mustPost(path+"/assess", "status", "risk_accepted", "waiver_until", day.Format(time.DateOnly), "comment",
			"behind the firewall")
		admin.wantText(path, "Assessed: the gate has changed from Failed to Passed", day.Format("2 Jan 2006"),
			"behind the firewall", "does not count for the gate")
		o, _, err := p.Store.Observation(t.Context(), apptest.AllProducts(), 1)
		if want := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, tokyo); err != nil ||
			!o.Assessed.Until.Equal(want) {
			t.Errorf("until %v, want %v: %v", o.Assessed.Until, want, err)
		}
		admin.mustPost(path+"/assess", "status", "clear")
		admin.wantText(path, "Taken back: the gate has changed from Passed to Failed", "took back what was said",
			"fails the gate")

		// The form only uses the date for waivers.
		admin.mustPost(path+"/assess", "status", "in_review", "severity", "low", "waiver_until", day.Format(time.DateOnly))
		admin.wantText(path, "Assessed: the gate has changed from Failed to Passed", "in review", "which has no limit")
		admin.wantText("/products/1", "reported critical")
	})
}

// A manual observation counts, is edited and deleted, and each page states the effect.
func TestObservationPages_ManualObservation(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Low")))
		admin := signedInAs(t, p, "admin")
		const all = "/products/1/observations"
		admin.wantText(all+"/new", "Enter an observation", "main")
		admin.wantFieldError("Must not be empty", all, "severity", "high")
		admin.wantFieldError("Say how severe it is", all, "title", "x")
		admin.wantFieldError("begins with http", all, "title", "x", "severity", "high", "url", "javascript:alert(1)")
		admin.mustPost(all, "title", "Default password", "severity", "critical", "component", "admin console", "description",
			"one\ntwo", "branch", "main")
		const path = all + "/2"
		admin.wantText(path, "The observation is there: the gate has changed from Passed to Failed", "entered by hand",
			"entered it", "it fails the gate")
		admin.wantFieldError("Must not be empty", path+"/edit", "title", "", "severity", "low")
		admin.mustPost(path+"/edit", "title", "Default password of the console", "severity", "high")
		admin.wantText(path, "Saved: the gate stays Failed", "Default password of the console", "edited it")
		admin.wantText(path+"/delete", "Delete “Default password of the console”?",
			"main has 1 active high, and 0 without it", "The gate of main changes from Failed to Passed")
		admin.mustPost(path+"/assess", "status", "false_positive")
		admin.wantText(path+"/delete", "It does not count now, so the gate of main stays Passed")
		admin.mustPost(path+"/delete", "x", "")
		admin.wantText("/products/1", "Default password of the console is deleted: the gate stays Passed")
		for _, what := range []string{"/edit", "/delete"} {
			if status, _ := admin.get(all + "/1" + what); status != http.StatusConflict {
				t.Errorf("%s of one of a report: %d", what, status)
			}
			if status, _ := admin.get(path + what); status != http.StatusNotFound {
				t.Errorf("%s of one that is gone: %d", what, status)
			}
		}
	})
}

// Readers see all observations, without actions.
func TestObservationPages_ReaderCannotAssess(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(60, sameSeverity("High")))
		p.User("rita")
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "rita", "role": "reader"})
		rita := signedInAs(t, p, "rita")
		rita.wantText("/products/1?q=lib", "50 of 60 observations shown", "/products/1/observations/1")
		rita.wantNoText("/products/1?q=lib", "Assess…", "Assess all", `type="checkbox"`, "Enter an observation")
		rita.wantText("/products/1/observations/1", "What counts", "Nobody has said anything of it yet")
		rita.wantNoText("/products/1/observations/1", `method="post" action="/products`, "/duplicate")
		before, _, err := p.Store.Observation(t.Context(), apptest.AllProducts(), 1)
		for _, path := range []string{"", "/assess", "/1/assess", "/1/duplicate", "/1/edit", "/1/delete"} {
			status, _ := rita.post("/products/1/observations"+path, "status", "open", "id", "1", "title", "x", "severity", "low",
				"duplicate_of", "2")
			if status != http.StatusForbidden {
				t.Errorf("POST %s: %d", path, status)
			}
		}
		after, _, err2 := p.Store.Observation(t.Context(), apptest.AllProducts(), 1)
		if err != nil || err2 != nil || fmt.Sprint(before) != fmt.Sprint(after) || after.Status != models.StatusOpen {
			t.Errorf("changed: %v, %v; %v %v", before, after, err, err2)
		}
	})
}
