package apptest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// The fields of a product's form are targets: each channel gets each change once, and a report that
// changes nothing sends nothing.
func TestProductFormTargets_NotifyOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		hook, slack, teams := apptest.NewReceiver(t), apptest.NewReceiver(t), apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop <&> \"x\"", hook.URL)
		a := c.Must(http.StatusOK, "PATCH", s.path, object{
			"slack_webhook":    slack.URL + "/services/T0/B0/secret",
			"ms_teams_webhook": teams.URL + "/workflows/secret",
		})
		shown, _ := a.Get("slack_webhook").(string)
		if shown == "" || strings.Contains(a.Text, "/services/") || strings.Contains(a.Text, "/workflows/") {
			t.Fatalf("what is shown of the addresses: %s", a.Text)
		}
		// Sending the shown value back keeps the target. An invalid address is refused.
		c.Must(http.StatusOK, "PATCH", s.path, object{"slack_webhook": shown})
		a = c.Must(http.StatusUnprocessableEntity, "PATCH", s.path,
			object{"name": "Other", "slack_webhook": "hooks.example.org"})
		if a.Get("errors.0.name") != "slack_webhook" {
			t.Errorf("the field is not named: %s", a.Text)
		}
		if got := c.Must(http.StatusOK, "GET", s.path, nil).Get("name"); got == "Other" {
			t.Error("a refused change was half made")
		}

		for _, report := range []string{"grype-none.json", "grype-image.json", "grype-image.json", "grype-none.json"} {
			c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, report))
		}
		for due := apptest.Settle(t, p.Store); !due.IsZero(); due = apptest.Settle(t, p.Store) {
			p.Clock.Advance(due.Sub(p.Clock.Now())) // no faster than the channels take it
		}
		for name, r := range map[string]*apptest.Receiver{"webhook": hook, "slack": slack, "teams": teams} {
			for i, m := range r.Messages() {
				if !json.Valid(m.Body) {
					t.Errorf("%s %d: no JSON: %s", name, i, m.Body)
				}
			}
		}
		if c.Do("GET", "/deliveries?state=delivered&limit=100", nil).Get("items.8") == nil {
			t.Error("not all are delivered")
		}
		for name, r := range map[string]*apptest.Receiver{"webhook": hook, "slack": slack, "teams": teams} {
			if n := len(r.Messages()); n != 3 {
				t.Errorf("%s: %d messages, want 3", name, n)
			}
		}
		failed := string(slack.Messages()[1].Body)
		plain := strings.ReplaceAll(string(teams.Messages()[1].Body), `\\`, "") // of Markdown's escapes
		for _, want := range []string{
			"Failed", "1 critical (threshold 0)", "CVE-2023-44981", "Passed → Failed", "main", "a report of grype (deps)",
			"admin", "/products/",
		} {
			if !strings.Contains(failed, want) {
				t.Errorf("Slack's message lacks %q: %s", want, failed)
			}
			if !strings.Contains(plain, want) {
				t.Errorf("Teams' message lacks %q: %s", want, teams.Messages()[1].Body)
			}
		}

		c.Must(http.StatusOK, "PATCH", s.path, object{"slack_webhook": ""})
		if a := c.Must(http.StatusOK, "GET", s.path+"/targets", nil); a.Get("items.2") != nil {
			t.Errorf("a cleared field leaves its target: %s", a.Text)
		}
	})
}
