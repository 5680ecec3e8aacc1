package apptest_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// After a change of another user, forms keep the input, show the current values beside it, and save on request.
func TestFormConflicts_ShowBothValues(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	target := c.Must(http.StatusCreated, "POST", s.path+"/targets", object{
		"name": "Ops", "module": "slack", "config": object{"url": "https://hooks.slack.com/services/T0/B0/1"},
	}).ID("id")
	c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Web"})
	observation := c.Must(http.StatusCreated, "POST", s.path+"/observations",
		object{"title": "Default password", "severity": "low"}).ID("id")
	c.Must(http.StatusCreated, "POST", "/silences", object{
		"reason": "Upgrade", "product_id": s.id, "ends_at": p.Clock.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	})
	c.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "Ops"})
	other := signedInAs(t, p, "admin")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	for _, form := range []struct {
		page, field string // the path, and the selector of a field
		change      func()
		now         string
	}{
		{
			"/products/1?tab=settings", "#f-description",
			func() { c.Must(http.StatusOK, "PATCH", s.path, object{"description": "theirs"}) }, "Now: theirs",
		},
		{
			"/groups/1?tab=settings", "#f-description",
			func() { c.Must(http.StatusOK, "PATCH", "/groups/1", object{"description": "theirs"}) }, "Now: theirs",
		},
		{
			"/connections/" + strconv.FormatInt(target, 10), "[name=name]",
			func() {
				c.Must(http.StatusOK, "PATCH", "/targets/"+strconv.FormatInt(target, 10), object{"name": "theirs"})
			}, "Now: theirs",
		},
		{
			s.path + "/observations/" + strconv.FormatInt(observation, 10) + "/edit", "[name=location]",
			func() {
				c.Must(http.StatusOK, "PATCH", "/observations/"+strconv.FormatInt(observation, 10), object{"location": "theirs"})
			}, "theirs",
		},
		{
			"/silences/1", "[name=reason]",
			func() { c.Must(http.StatusOK, "PATCH", "/silences/1", object{"reason": "theirs"}) }, "Now: theirs",
		},
		{
			"/authorization-groups/1", "[name=name]",
			func() { c.Must(http.StatusOK, "PATCH", "/authorization-groups/1", object{"name": "theirs"}) }, "Now: theirs",
		},
		{
			"/admin/settings/general", "#f-site_name",
			func() { c.Must(http.StatusOK, "PATCH", "/settings/general", object{"site_name": "theirs"}) }, "Now: theirs",
		},
	} {
		b.Open(form.page)
		b.Fill(form.field, "mine")
		form.change()
		b.Press("form[action]:has(" + form.field + ") .btn[type=submit]")
		b.WantText("Nothing was saved.", "the meantime", "Look at both, then save again.", form.now)
		if text := b.Text(); strings.Contains(strings.ToLower(text), "reload") {
			t.Errorf("%s advises to reload it:\n%s", form.page, text)
		}
		wantField(t, b, form.field, "mine")
		b.WaitFor("the note has the focus", `document.activeElement.matches("[data-errors]")`)
		b.CheckPage("form-conflict")
		b.Press("[data-errors] button[type=submit]")
		if strings.Contains(b.Text(), "Nothing was saved.") {
			t.Fatalf("%s is not saved:\n%s", form.page, b.Text())
		}
		if status, text := other.get(form.page); status != http.StatusOK || !strings.Contains(text, "mine") {
			t.Errorf("%s: %d\n%s", form.page, status, text)
		}
	}
}
