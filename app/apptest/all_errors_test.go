package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"gatecrier/app/apptest"
)

// wrongFields returns the names of the fields with errors in an answer of the REST API, sorted.
func wrongFields(a apptest.Answer) []string {
	var names []string
	list, _ := a.Get("errors").([]any)
	for _, one := range list {
		field, _ := one.(map[string]any)
		name, _ := field["name"].(string)
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A refused request names all fields with errors, whichever step finds them, and changes nothing.
func TestInvalidInput_NamesAllFieldsAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		newProduct(t, c, "Store", "")
		c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Web"})
		c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Ops"})
		target := c.Must(http.StatusCreated, "POST", s.path+"/targets", object{
			"name": "Chat", "module": "slack", "config": object{"url": "https://hooks.slack.com/services/T0/B0/1"},
		})
		targetPath := fmt.Sprint("/targets/", target.ID("id"))
		for _, test := range []struct {
			method, path string
			body         object
			want         []string
		}{
			{"POST", "/products", object{
				"name": "Store", "description": "\u0007", "email_to": "nobody",
			}, []string{"description", "email_to", "name"}},
			{"PATCH", s.path, object{
				"name": "Store", "default_branch": "gone", "stale_after": 1, "ms_teams_webhook": "ftp://x",
			}, []string{"ms_teams_webhook", "name", "stale_after"}},
			{
				"POST", "/groups",
				object{"name": "Ops", "gate_mode": "own", "description": "\u0007", "email_to": "nobody"},
				[]string{"description", "email_to", "name"},
			},
			{
				"PATCH", "/groups/1",
				object{"name": "Ops", "description": "\u0007", "slack_webhook": "ftp://x"},
				[]string{"description", "name", "slack_webhook"},
			},
			{
				"POST", s.path + "/targets",
				object{"name": "", "module": "slack", "config": object{"url": "ftp://x"}},
				[]string{"name", "url"},
			},
			{"PATCH", targetPath, object{"name": "\u0007", "config": object{"url": "ftp://x"}}, []string{"name", "url"}},
			{
				"PATCH", "/settings/retention",
				object{"audit_days": -1, "events_days": 1, "notifications_days": 90},
				[]string{"audit_days", "events_days"},
			},
			{"POST", "/password", object{"current": "wrong", "new": "short"}, []string{"current", "new"}},
		} {
			a := c.Must(http.StatusUnprocessableEntity, test.method, test.path, test.body)
			if got := wrongFields(a); !slices.Equal(got, test.want) {
				t.Errorf("%s %s: errors of %q, want %q\n%s", test.method, test.path, got, test.want, a.Text)
			}
		}
		if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("name") != "Shop" || a.Get("email_to") != "" {
			t.Errorf("a refused change is saved: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", "/products", nil); itemCount(a) != 2 {
			t.Errorf("a refused product exists: %s", a.Text)
		}
	})
}

// A form shows the errors of its texts beside those that the program finds.
func TestForms_ShowAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	newProduct(t, c, "Store", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Low")))
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	for _, form := range []struct {
		page, button string
		typed        map[string]string
		summary      string
	}{
		{
			"/products/1?tab=settings", "form[action='/products/1/settings'] .btn-primary",
			map[string]string{
				"#f-name": "Store", "#f-default_branch": "gone", "#f-stale_after": "soon", "#f-email_to": "nobody",
				"#f-hold_seconds": "soon",
			},
			"5 fields need attention",
		},
		{
			"/silences/new?product=1", "#silence .btn-primary",
			map[string]string{"[name=product]": "Gone", "[name=starts]": "2020-01-01T10:00"},
			"3 fields need attention",
		},
		{
			"/profile", "form[action='/profile/tokens'] .btn-primary",
			map[string]string{"#tokens [name=password]": "wrong", "#tokens [name=expires]": "2020-01-01"},
			"3 fields need attention",
		},
	} {
		b.Open(form.page)
		b.Evaluate(`document.querySelectorAll("form").forEach(f => { f.noValidate = true; });
			document.querySelectorAll("details").forEach(d => { d.open = true; })`)
		for selector, text := range form.typed {
			b.Fill(selector, text)
		}
		b.Press(form.button)
		b.WantText(form.summary)
		b.CheckPage("all-errors")
	}
}
