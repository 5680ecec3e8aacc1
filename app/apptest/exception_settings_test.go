package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// exceptionTargets are the targets for exceptions in the settings.
type exceptionTargets struct {
	box          *mailServer
	teams, slack *apptest.Receiver
}

func (w exceptionTargets) count() [3]int {
	return [3]int{len(w.box.received()), len(w.teams.Messages()), len(w.slack.Messages())}
}

// newExceptionTargets configures two addresses and two webhooks for exceptions.
func newExceptionTargets(t *testing.T, c *apptest.Client) exceptionTargets {
	t.Helper()
	box, port := newMailServer(t)
	w := exceptionTargets{box, apptest.NewReceiver(t), apptest.NewReceiver(t)}
	c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
	c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{
		"exception_email_to":         "eve@example.org, ops@example.org",
		"exception_ms_teams_webhook": w.teams.URL + "/teams",
		"exception_slack_webhook":    w.slack.URL + "/slack",
	})
	return w
}

// The settings that name targets for exceptions are stored as connections.
func TestExceptionSettings_CreateConnections(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const hook = "https://hooks.slack.com/services/T0/B0/abcdefgh1234"
		a := c.Must(http.StatusOK, "GET", "/settings/exceptions", nil)
		for _, field := range []string{"exception_email_to", "exception_ms_teams_webhook", "exception_slack_webhook"} {
			if a.Get(field) != "" {
				t.Errorf("%s is %v by default", field, a.Get(field))
			}
		}
		a = c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/exceptions", object{
			"exception_email_to":         "ops@example.org, nobody",
			"exception_ms_teams_webhook": "ftp://x",
			"exception_slack_webhook":    5,
			"exception_rate_limit":       -1,
		})
		for _, field := range []string{
			"exception_email_to", "exception_ms_teams_webhook", "exception_slack_webhook", "exception_rate_limit",
		} {
			if !strings.Contains(a.Text, `"name":"`+field+`"`) {
				t.Errorf("%s is not named: %s", field, a.Text)
			}
		}
		a = c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{
			"exception_email_to":      "ops@example.org,dev@example.org",
			"exception_slack_webhook": hook,
			"grouping":                "exact",
		})
		if a.Get("exception_email_to") != "ops@example.org, dev@example.org" || a.ID("version") != 1 {
			t.Errorf("stored: %s", a.Text)
		}
		hint := a.Get("exception_slack_webhook")
		if hint == "" || strings.Contains(a.Text, "abcdefgh") {
			t.Errorf("the hint is %v", hint)
		}
		connections := c.Must(http.StatusOK, "GET", "/connections?owner=system", nil)
		if itemCount(connections) != 3 || !strings.Contains(connections.Text, "Exceptions: Slack") {
			t.Errorf("connections: %s", connections.Text)
		}

		// Sending the shown values back changes nothing. An invalid address is refused.
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": hint})
		if again := c.Must(http.StatusOK, "GET", "/connections?owner=system", nil); again.Text != connections.Text {
			t.Errorf("it has changed: %s", again.Text)
		}
		a = c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/exceptions",
			object{"exception_slack_webhook": "another.host…9999", "exception_rate_limit": 5})
		if a.Get("errors.0.name") != "exception_slack_webhook" ||
			c.Do("GET", "/settings/exceptions", nil).ID("exception_rate_limit") != 3600 {
			t.Errorf("%s", a.Text)
		}
		a = c.Must(http.StatusConflict, "PATCH", "/settings/exceptions", object{"exception_email_to": "", "version": 1})
		if !strings.Contains(a.Text, "admin changed exception_email_to, exception_slack_webhook, grouping in the meantime") {
			t.Errorf("%s", a.Text)
		}

		// The audit has the changes without the secrets.
		a = c.Must(http.StatusOK, "GET", "/audit?kind=settings", nil)
		if !strings.Contains(a.Text, "exception_slack_webhook") || !strings.Contains(a.Text, "exception_email_to") ||
			strings.Contains(a.Text, "abcdefgh") {
			t.Errorf("audit: %s", a.Text)
		}

		// The page does the same.
		browser := signInAdmin(t, p)
		_, _, text := getPage(t, browser, p.URL+"/admin/settings/exceptions")
		if !strings.Contains(text, "EXCEPTION_MS_TEAMS_WEBHOOK") ||
			!strings.Contains(text, "ops@example.org, dev@example.org") || strings.Contains(text, "abcdefgh") {
			t.Errorf("the page: %s", text)
		}
		fields := func(version, email, slack string) io.Reader {
			return encodeForm("version", version, "exception_email_to", email, "exception_ms_teams_webhook", "",
				"exception_slack_webhook", slack, "exception_rate_limit", "3600", "grouping", "smart")
		}
		status, text := postForm(t, browser, p.URL+"/admin/settings/exceptions", fields("2", "nobody", fmt.Sprint(hint)))
		if status != http.StatusUnprocessableEntity || !strings.Contains(text, "#f-exception_email_to") ||
			!strings.Contains(text, `value="nobody"`) {
			t.Errorf("%d: %s", status, text)
		}
		status, _ = submitForm(t, browser, p.URL+"/admin/settings/exceptions", fields("2", "", fmt.Sprint(hint)), formKind)
		if status != http.StatusSeeOther {
			t.Errorf("%d", status)
		}
		a = c.Must(http.StatusOK, "GET", "/settings/exceptions", nil)
		if a.Get("exception_email_to") != "" || a.Get("exception_slack_webhook") != hint {
			t.Errorf("%s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", "/settings/exceptions", object{"exception_slack_webhook": nil})
		if n := itemCount(c.Must(http.StatusOK, "GET", "/connections?owner=system", nil)); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}
