package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A cron field shows the next runs of the typed expression, in the time zone of the user and in UTC.
func TestCronFields_PreviewNextRuns(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{StartTime: time.Date(2030, 1, 15, 22, 30, 0, 0, time.UTC)})
	signedInAs(t, p, "admin").mustPost("/profile", "time_zone", "Europe/Berlin", "theme", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/admin/settings/jobs")
	b.WantText("Tue 15 Jan 2030, 23:43 CET (22:43 UTC)", "Wed 16 Jan 2030, 00:43 CET (Tue 15 Jan, 23:43 UTC)")
	b.CheckPage("settings-cron")
	const field = "#f-forget_links"
	typed := func(spec, shown string) {
		t.Helper()
		b.Fill(field, spec)
		b.Evaluate(`document.querySelector("` + field + `").dispatchEvent(new Event("input", { bubbles: true }))`)
		b.WaitFor("the preview of "+spec,
			`document.querySelector("`+field+`").closest(".gc-f").innerText.includes("`+shown+`")`)
	}
	typed("0 6 * * 1", "Mon 21 Jan 2030, 07:00 CET (06:00 UTC)")
	typed("0 6 31 2 *", "This never runs")
	b.CheckPage("settings-cron-never")
	typed("61 6 * * *", "The minute must be from 0 to 59")
	typed("0 12 1 7 *", "Mon 1 Jul 2030, 14:00 CEST (12:00 UTC)")

	// What is sent with an error says it once.
	typed("@daily", "Enter five fields")
	b.Press("form[action='/admin/settings/jobs'] .btn-primary")
	b.WantText("1 field needs attention")
	wantTrue(t, b, "said once", `document.querySelectorAll("`+field+`").length === 1 &&
		document.querySelector("`+field+`").closest(".gc-f").querySelectorAll(".gc-err").length === 1`)
	status, text := signedInAs(t, p, "admin").get("/admin/settings/jobs/runs?job=x&x=%3Cb%3E+1+1+1+1")
	if status != http.StatusOK || strings.Contains(text, "<b>") || !strings.Contains(text, "The minute must be") {
		t.Errorf("an unreadable expression: %d %s", status, text)
	}
}
