package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// wantTrue checks a condition of the page in a browser.
func wantTrue(t *testing.T, b *apptest.Browser, what, script string) {
	t.Helper()
	ok, err := apptest.Read(b, chromedp.Evaluate[bool](script))
	if err != nil || !ok {
		t.Errorf("%s: not %s (%v)\n%s", b.Path(), what, err, b.Text())
	}
}

// A form with errors has a summary with links to its fields, also on a long page on a phone. Its address can be
// reloaded.
func TestFormErrors_LinkToFields(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	for i := range 30 {
		c.Must(http.StatusCreated, "POST", s.path+"/targets", object{
			"name": fmt.Sprintf("Target %d", i), "module": "slack",
			"config": object{"url": fmt.Sprintf("https://hooks.slack.com/services/T0/B0/%d", i)},
		})
	}
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	for _, form := range []struct {
		page, button string
		typed        [][2]string // ids of fields, and their texts
		summary      string
	}{
		{
			"/products/1?tab=targets", "form[aria-label='Add Slack'] [type=submit]",
			[][2]string{{"target-slack-name", ""}},
			"2 fields need attention",
		},
		{
			"/products/1?tab=settings", "form[action='/products/1/settings'] [type=submit]",
			[][2]string{{"f-stale_after", "soon"}, {"f-hold_seconds", "soon"}},
			"2 fields need attention",
		},
		{
			"/admin/settings/mail", "form[action='/admin/settings/mail'] [type=submit]",
			[][2]string{{"f-email_from", "no address"}, {"f-smtp_port", "70000"}},
			"2 fields need attention",
		},
	} {
		b.Do(chromedp.EmulateViewport(360, 740))
		b.Open(form.page)
		for _, f := range form.typed {
			b.Evaluate(`{ const field = document.getElementById("` + f[0] + `"), fold = field.closest("details");
				if (fold) fold.open = true;
				field.form.noValidate = true; }`)
			b.Evaluate(`document.getElementById("` + f[0] + `").value = "` + f[1] + `"`)
		}
		b.Press(form.button)
		b.WantText(form.summary, "Nothing was saved.")
		b.WaitFor("the summary has the focus", `document.activeElement.matches("[data-errors]")`)
		if b.Path() != form.page {
			t.Errorf("the address is %s, want %s", b.Path(), form.page)
		}
		wantTrue(t, b, "the summary in sight", `(() => { const r = document.activeElement.getBoundingClientRect();
			return r.top >= 0 && r.top < innerHeight && document.documentElement.scrollWidth <= 360 })()`)
		for _, f := range form.typed {
			id := f[0]
			wantTrue(t, b, "an error bound to "+id, `(() => { const f = document.getElementById("`+id+`");
				return f.getAttribute("aria-invalid") === "true" && f.getAttribute("aria-describedby").split(" ")
					.some((d) => document.getElementById(d).matches(".gc-err")) })()`)
			b.Do(chromedp.Click(`[data-errors] a[href="#` + id + `"]`))
			b.WaitFor(id+" has the focus, in sight", `(() => { const r = document.activeElement.getBoundingClientRect();
				return document.activeElement.id === "`+id+`" && r.top >= 48 && r.bottom <= innerHeight })()`)
			wantField(t, b, "#"+id, f[1])
		}
		b.CheckPage("form-errors")
		b.Do(chromedp.Reload())
		if strings.Contains(b.Text(), form.summary) {
			t.Errorf("%s: the errors are shown again", form.page)
		}
	}
}

// The path of a form leads to its page when a browser opens it.
func TestFormAddresses_Open(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	for path, want := range map[string]string{
		"/products/1/settings":      "/products/1",
		"/products/1/targets":       "/products/1",
		"/admin/settings/mail/test": "/admin/settings/mail",
		"/products/1/members":       "/products/1",
	} {
		b.Open(path)
		if b.Path() != want {
			t.Errorf("%s leads to %s, want %s", path, b.Path(), want)
		}
	}
}
