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
			"":                              "50 of 64 observations",
			"?severity=high":                "7 observations",
			"?q=LIB6":                       "5 observations", // 6 and 60 to 63
			"?q=lib6&severity=high":         "1 observation shown",
			"?q=no+such+text":               "No observations match",
			"?active=false":                 "No observations match",
			"?active=all&severity=critical": "1 observation shown",
			"?branch=feature":               "3 observations",
			"?scanner=grype&severity=high":  "7 observations",
			"?scanner=other":                "No observations match",
			"?status=open&severity=high":    "7 observations",
			"?status=in_review":             "No observations match",
			"?assessed=true":                "No observations match",
			"?after=x":                      "50 of 64 observations",
			"?severity=x&status=x&active=x": "50 of 64 observations",
			"?q=%25":                        "No observations match", // not any text
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
			!strings.Contains(second, "51–64 of 64 observations") {
			t.Errorf("%d and %d rows", len(selectableIDs(first)), len(selectableIDs(second)))
		}
	})
}

// A bulk assessment of the result of a filter is one gate change and one message.
func TestObservationPages_BulkAssessment(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.Observations.SetWait(longWait)
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		newProduct(t, c, "Other", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(300, sameSeverity("High")))
		receiver.Wait(t, 1)
		admin := signedInAs(t, p, "admin")
		_, list := admin.get("/products/1?q=lib")
		if !strings.Contains(list, "Assess all 300 matching…") {
			t.Fatal("all cannot be assessed together")
		}
		const path = "/products/1/observations/assess"
		admin.wantText(path+"?all=300&q=lib", "Assess 300 observations",
			"All matching observations on main: active, with “lib”",
			"and 292 more")

		// A few selected ones, with errors beside the fields.
		ids := selectableIDs(list)[:2]
		admin.wantText(path+"?id="+ids[0]+"&id="+ids[1], "Assess 2 observations")
		admin.wantFieldError("Enter a status or a severity", path, "id", ids[0])
		admin.wantFieldError("Enter the reason for accepting the risk",
			path, "id", ids[0], "status", "risk_accepted", "waiver_until",
			"2099-01-01")
		admin.wantFieldError("Enter a date as YYYY-MM-DD", path, "id", ids[0], "status", "risk_accepted", "waiver_until",
			"tomorrow",
			"comment", "x")
		admin.wantFieldError("There is no such observation", path, "id", ids[0], "status", "duplicate", "duplicate_of",
			"999999")
		admin.wantFieldError("Enter the ID of an observation", path, "id", ids[0], "status", "duplicate", "duplicate_of", "x")
		admin.mustPost(path, "id", ids[0], "id", ids[1], "status", "false_positive", "comment", "not reachable", "filter",
			"q=lib")
		admin.wantText("/products/1?q=lib", "2 observations assessed: the gate remains failed")
		admin.wantText("/products/1?status=false_positive", "2 observations", "by <bdi>admin</bdi>")

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
		admin.wantText("/products/1", "298 observations assessed: the gate changed from failed to passed")
		receiver.Wait(t, 2)
		admin.mustPost(path, "all", "300", "filter", "active=all", "status", "clear")
		admin.wantText("/products/1", "300 observations assessed: the gate changed from passed to failed")
		receiver.Wait(t, 3)
		if n := len(receiver.Messages()); n != 3 {
			t.Errorf("%d messages, want 3", n)
		}

		// No selection, and observations of another or no product.
		admin.mustPost(path, "status", "open")
		admin.wantText("/products/1", "Nothing selected")
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
		admin.wantText(path, "Observation assessed: the gate changed from failed to passed", day.Format("2 Jan 2006"),
			"behind the firewall", "Does not count towards the gate")
		o, _, err := p.Store.Observation(t.Context(), apptest.AllProducts(), 1)
		if want := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, tokyo); err != nil ||
			!o.Assessed.Until.Equal(want) {
			t.Errorf("until %v, want %v: %v", o.Assessed.Until, want, err)
		}
		admin.mustPost(path+"/assess", "status", "clear")
		admin.wantText(path, "Assessment reset: the gate changed from passed to failed", "reset the assessment",
			"fails the gate")

		// The form only uses the date for waivers.
		admin.mustPost(path+"/assess", "status", "in_review", "severity", "low", "waiver_until", day.Format(time.DateOnly))
		admin.wantText(path, "Observation assessed: the gate changed from failed to passed", "in review",
			"This severity has no threshold")
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
		admin.wantText(all+"/new", "Add observation", "main")
		admin.wantFieldError("Must not be empty", all, "severity", "high")
		admin.wantFieldError("Choose a severity", all, "title", "x")
		admin.wantFieldError("begins with http", all, "title", "x", "severity", "high", "url", "javascript:alert(1)")
		admin.mustPost(all, "title", "Default password", "severity", "critical", "component", "admin console", "description",
			"one\ntwo", "branch", "main")
		const path = all + "/2"
		admin.wantText(path, "Observation added: the gate changed from passed to failed", "added manually",
			"added the observation", "The gate fails because of it")
		admin.wantFieldError("Must not be empty", path+"/edit", "title", "", "severity", "low")
		admin.mustPost(path+"/edit", "title", "Default password of the console", "severity", "high")
		admin.wantText(path, "Observation saved: the gate remains failed", "Default password of the console",
			"edited the observation")
		admin.wantText(path+"/delete", "Delete “Default password of the console”?",
			"main has 1 active high, and 0 without it", "The gate of main changes from failed to passed")
		admin.mustPost(path+"/assess", "status", "false_positive")
		admin.wantText(path+"/delete", "The observation does not count now, so the gate of main remains passed")
		admin.mustPost(path+"/delete", "x", "")
		admin.wantText("/products/1", "Observation “Default password of the console” deleted: the gate remains passed")
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
		rita.wantText("/products/1?q=lib", "50 of 60 observations", "/products/1/observations/1")
		rita.wantNoText("/products/1?q=lib", "Assess…", "Assess all", `type="checkbox"`, "Add observation")
		rita.wantText("/products/1/observations/1", "Effective status", "Found in a report")
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
