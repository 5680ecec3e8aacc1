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

// findJob returns a job from the list.
func findJob(t *testing.T, c *apptest.Client, name string) apptest.Answer {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", "/jobs", nil)
	items, _ := a.JSON["items"].([]any)
	for _, item := range items {
		if job, ok := item.(map[string]any); ok && job["name"] == name {
			return apptest.Answer{JSON: job}
		}
	}
	t.Fatalf("there is no job %s: %s", name, a.Text)
	return a
}

// runJob runs a job and waits for its end.
func runJob(t *testing.T, c *apptest.Client, name string) apptest.Answer {
	t.Helper()
	run := c.Must(http.StatusAccepted, "POST", "/jobs/"+name+"/run", nil)
	var job apptest.Answer
	apptest.Eventually(t, name+" has run", func() bool {
		job = findJob(t, c, name)
		return job.ID("last.id") == run.ID("id") && job.Get("running") == false
	})
	if job.Get("last.result") != "ok" || job.Get("last.by") != "admin" {
		t.Errorf("%s: %v", name, job.JSON)
	}
	return job
}

func TestJobs_RunOnSchedule(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		if job := findJob(t, c, "expire_sessions"); job.Get("schedule") != "17 * * * *" || job.Get("last") != nil ||
			job.Get("running") != false {
			t.Errorf("at first: %v", job.JSON)
		}
		c.Must(http.StatusOK, "PATCH", "/settings/jobs", object{"expire_sessions": "*/5 * * * *"})
		next := p.Clock.Now().UTC().Truncate(5 * time.Minute).Add(5 * time.Minute)
		if job := findJob(t, c, "expire_sessions"); job.Get("next") != next.Format(time.RFC3339) {
			t.Errorf("new times do not hold at once: %v, want %s", job.JSON, next)
		}
		p.Clock.Advance(5 * time.Minute)
		p.WakeJobs()
		apptest.Eventually(t, "it has run by its new times", func() bool {
			job := findJob(t, c, "expire_sessions")
			return job.Get("last.result") == "ok" && job.Get("last.by") == ""
		})
		c.Must(http.StatusNotFound, "POST", "/jobs/nonsense/run", nil)
		p.User("mallory")
		m := p.Client("mallory")
		m.Must(http.StatusForbidden, "GET", "/jobs", nil)
		m.Must(http.StatusForbidden, "POST", "/jobs/expire_sessions/run", nil)
	})
}

func TestJobSchedule_RefusesInvalidTimes(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	for spec, why := range map[string]string{
		"61 * * * *":       "The minute must be from 0 to 59",
		"TZ=UTC 1 2 * * *": "Remove TZ=", "CRON_TZ=UTC 1 2 * * *": "Remove TZ=",
		"TZ=UTC":    "Remove TZ=",
		"@every 1h": "@every", "0 0 31 2 *": "never runs", "": "five fields", "1 2 3": "five fields",
	} {
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/jobs", object{"forget_events": spec})
		text, _ := a.Get("errors.0.message").(string)
		if a.Get("errors.0.name") != "forget_events" || !strings.Contains(text, why) {
			t.Errorf("%q: %s", spec, a.Text)
		}
	}
	for _, days := range []int{-1, 1, 6, 40000} {
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/retention", object{"audit_days": days})
		if a.Get("errors.0.name") != "audit_days" {
			t.Errorf("%d days: %s", days, a.Text)
		}
	}
	c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/retention", object{"job_runs_days": 0})
	c.Must(http.StatusOK, "PATCH", "/settings/retention", object{"audit_days": 0})
}

// disableSchedules schedules jobs for half a year later at the earliest.
func disableSchedules(t *testing.T, p *apptest.Program, c *apptest.Client, jobs ...string) {
	t.Helper()
	for _, job := range jobs {
		c.Must(http.StatusOK, "PATCH", "/settings/jobs",
			object{job: fmt.Sprintf("0 0 1 %d *", (int(p.Clock.Now().Month())+5)%12+1)})
	}
}

// Old rows are deleted, except those that still matter.
func TestRetention_DeletesOldRows(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		disableSchedules(t, p, c, "forget_notifications", "forget_deliveries", "forget_gate_history", "forget_events",
			"forget_audit", "forget_job_runs")
		change := func(n int) {
			t.Helper()
			before := len(receiver.Messages())
			c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "s", "counts": criticalCounts(n)})
			receiver.Wait(t, before+1)
		}
		change(1)
		change(0)
		apptest.Eventually(t, "both are settled, before ten days go by", func() bool {
			return itemCount(c.Do("GET", "/deliveries?state=delivered", nil)) == 2
		})
		p.Clock.Advance(10 * 24 * time.Hour)
		change(2)
		apptest.Eventually(t, "all is announced", func() bool {
			return itemCount(c.Do("GET", "/deliveries?state=delivered", nil)) == 3 &&
				itemCount(c.Do("GET", "/notifications", nil)) == 3
		})
		for _, field := range []string{
			"notifications_days", "deliveries_days", "gate_history_days", "events_days", "audit_days",
		} {
			c.Must(http.StatusOK, "PATCH", "/settings/retention", object{field: 7})
		}
		want := func(path string, n int) {
			t.Helper()
			if got := itemCount(c.Must(http.StatusOK, "GET", path, nil)); got != n {
				t.Errorf("%s has %d rows, want %d", path, got, n)
			}
		}
		for job, n := range map[string]int64{"forget_notifications": 2, "forget_events": 0} { // which the others refer to
			if got := runJob(t, c, job).ID("last.rows"); got != n {
				t.Errorf("%s: %d rows, want %d", job, got, n)
			}
		}
		oldest := c.Must(http.StatusOK, "GET", "/deliveries", nil)
		c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%d", oldest.ID("items.2.id")), nil)
		weekAgo := p.Clock.Now().AddDate(0, 0, -7).UTC().Format(time.RFC3339)
		old := itemCount(c.Must(http.StatusOK, "GET", "/audit?limit=100&until="+weekAgo, nil))
		if old == 0 {
			t.Error("nothing old is in the audit")
		}
		for job, n := range map[string]int64{
			"forget_deliveries": 2, "forget_gate_history": 2, "forget_audit": int64(old), "forget_job_runs": 0,
		} {
			if got := runJob(t, c, job).ID("last.rows"); got != n {
				t.Errorf("%s: %d rows, want %d", job, got, n)
			}
		}
		if got := runJob(t, c, "forget_events").ID("last.rows"); got != 2 {
			t.Errorf("%d events went", got)
		}
		want("/notifications", 1)
		want("/deliveries", 1)
		want(s.path+"/gate/history", 1)
		if got := c.Must(http.StatusOK, "GET", s.path+"/gate", nil); got.Get("state") != "failed" {
			t.Errorf("the gate: %s", got.Text)
		}
		change(0)
		apptest.Eventually(t, "it goes on", func() bool { return itemCount(c.Do("GET", s.path+"/gate/history", nil)) == 2 })
	})
}

// A run that was due while no program ran is made up at the start, once.
func TestMissedJob_RunsOnceAtStart(t *testing.T) {
	t.Parallel()
	o := apptest.Options{Dir: t.TempDir(), ClockBehind: 60 * time.Hour}
	last := func() apptest.Answer {
		p := apptest.Start(t, o)
		defer p.Stop()
		c := p.Client("admin")
		apptest.Eventually(t, "misses are counted from a time", func() bool {
			slot, err := p.Store.LastSlot(t.Context(), "forget_audit")
			return err == nil && slot != ""
		})
		if o.ClockBehind == 0 {
			apptest.Eventually(t, "it is made up",
				func() bool { return findJob(t, c, "forget_audit").Get("last.result") == "ok" })
		}
		return findJob(t, c, "forget_audit")
	}
	if got := last(); got.Get("last") != nil {
		t.Errorf("at the first start: %v", got.JSON)
	}
	o.ClockBehind = 0
	first := last().ID("last.id")
	if again := last().ID("last.id"); again != first {
		t.Errorf("made up twice: runs %d and %d", first, again)
	}
}

func TestJobsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	b := apptest.NewBrowser(t, p.URL)
	b.Open("/admin/jobs")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	b.WantText("Jobs", "Expired sessions", "Every hour at :17", "Every day at 02:07 UTC", "Never run")
	b.CheckPage("jobs")
	b.Press("#run-expire_sessions")
	b.WantText("Job started")
	b.WaitFor("it is done, without a press", `[...document.querySelectorAll("#jobs tr")].some(r =>
		["Expired sessions", "Done", "0 rows"].every(text => r.innerText.includes(text)))`)
	b.CheckPage("jobs-run")
	b.Press("a[href='/admin/jobs/expire_sessions']")
	b.WantText("Expired sessions", "17 * * * *", "Done", "admin")
	b.CheckPage("job")
	b.Open("/admin/jobs/forget_audit")
	b.WantText("No runs yet")
	b.CheckPage("job-never")

	b.Open("/admin/settings/jobs")
	b.WantText("five fields", "UTC", "Next runs: ", "default: 17 * * * *")
	b.CheckPage("settings-jobs")
	b.Fill("[name=forget_events]", "0 0 31 2 *")
	b.Fill("[name=forget_audit]", "TZ=UTC 1 2 * * *")
	b.Press("form[action='/admin/settings/jobs'] button[type=submit]")
	b.WantText("2 fields need attention", "This never runs", "Remove TZ=")
	b.CheckPage("settings-jobs-error")
	b.Fill("[name=forget_events]", "0 4 * * 1-5")
	b.Fill("[name=forget_audit]", "0 5 * * *")
	b.Press("form[action='/admin/settings/jobs'] button[type=submit]")
	b.WantText("Settings saved")
	b.Open("/admin/jobs")
	b.WantText("0 4 * * 1-5", "Every day at 05:00 UTC")

	b.Open("/admin/settings/retention")
	b.WantText("0 keeps it forever", "default: 180")
	b.CheckPage("settings-retention")
	b.Fill("[name=audit_days]", "3")
	b.Press("form[action='/admin/settings/retention'] button[type=submit]")
	b.WantText("1 field needs attention", "at least 7 days")
	b.CheckPage("settings-retention-error")
}

// The page and the API show a running job and refuse another run, until the process of the run has
// died.
func TestRunningJob_IsNotStartedTwice(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c, admin := p.Client("admin"), signInAdmin(t, p)
	elsewhere := models.JobRun{Job: "forget_audit", Instance: "another", LeaseUntil: p.Clock.Now().Add(2 * time.Minute)}
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error { _, err := tx.StartRun(&elsewhere); return err })
	if err != nil {
		t.Fatal(err)
	}
	press := func(want string) {
		t.Helper()
		status, to := submitForm(t, admin, p.URL+"/admin/jobs/forget_audit/run", encodeForm("next", "/admin/jobs"), formKind)
		if status != http.StatusSeeOther || to != "/admin/jobs" {
			t.Fatalf("pressed: %d to %q", status, to)
		}
		if page := getWithStatus(t, admin, p.URL+"/admin/jobs", http.StatusOK); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	c.Must(http.StatusConflict, "POST", "/jobs/forget_audit/run", nil)
	press("a run is in progress already")
	if job := findJob(t, c, "forget_audit"); job.Get("running") != true || job.Get("last.finished") != nil {
		t.Errorf("in progress: %v", job.JSON)
	}
	p.Clock.Advance(3 * time.Minute)
	if job := findJob(t, c, "forget_audit"); job.Get("running") != false || job.Get("last.result") != "lost" {
		t.Errorf("its process ended unexpectedly: %v", job.JSON)
	}
	press("Job started")
	apptest.Eventually(t, "it has run", func() bool { return findJob(t, c, "forget_audit").Get("last.result") == "ok" })
	page := getWithStatus(t, admin, p.URL+"/admin/jobs/forget_audit", http.StatusOK)
	if !strings.Contains(page, "The process crashed") {
		t.Error("the run that was lost is not in the history")
	}
	getWithStatus(t, admin, p.URL+"/admin/jobs/nonsense", http.StatusNotFound)

	p.User("mallory")
	m := newHTTPClient(t)
	submitForm(t, m, p.URL+"/login", encodeForm("name", "mallory", "password", apptest.Password), formKind)
	getWithStatus(t, m, p.URL+"/admin/jobs", http.StatusForbidden)
	getWithStatus(t, m, p.URL+"/admin/jobs/forget_audit", http.StatusForbidden)
	status, _ := submitForm(t, m, p.URL+"/admin/jobs/forget_audit/run", encodeForm(), formKind)
	if status != http.StatusForbidden {
		t.Errorf("another user pressed: %d", status)
	}
}

// getWithStatus requests a page that must have a status.
func getWithStatus(t *testing.T, c *http.Client, address string, want int) string {
	t.Helper()
	status, text := getNoRedirect(t, c, address)
	if status != want {
		t.Errorf("%s: %d, want %d", address, status, want)
	}
	return text
}
