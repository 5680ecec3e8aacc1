package apptest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// Of two users' edits of a manual observation with the same version, the second is refused: the
// answer names who has changed what since. Without a version the last edit wins.
func TestObservationVersion_RefusesOutdatedEdit(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 Low"))
		p.User("ann")
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "ann", "role": "writer"})
		ann := p.Client("ann")
		a := c.Must(http.StatusCreated, "POST", s.path+"/observations",
			object{"title": "Default password", "severity": "low"})
		path, seen := fmt.Sprint("/observations/", a.ID("id")), a.ID("version")
		tag := fmt.Sprintf(`"%d-`, seen)
		if a := c.Must(http.StatusOK, "GET", path, nil); seen == 0 || a.ID("version") != seen ||
			!strings.HasPrefix(a.Header.Get("ETag"), tag) {
			t.Fatalf("version %d, ETag %s: %s", seen, a.Header.Get("ETag"), a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", s.path+"/observations?q=default", nil); a.ID("items.0.version") != seen {
			t.Errorf("in the list: %s", a.Text)
		}
		if a := s.observation(t, c, "CVE-1"); a.ID("version") != 0 || a.Get("version") == nil {
			t.Errorf("without a history: %s", a.Text)
		}
		a = ann.Must(http.StatusOK, "PATCH", path,
			object{"title": "Default passwords", "severity": "medium", "fix": "Change it", "version": seen})
		if a.ID("version") <= seen {
			t.Errorf("version %d after %d", a.ID("version"), seen)
		}
		a = c.Must(http.StatusConflict, "PATCH", path, object{"location": "/login", "version": seen})
		const changed = "In the meantime, ann changed title, severity, fix. " +
			"Read it again, then send the request with the new version"
		if a.Get("detail") != changed || a.Get("errors.0.name") != "title" ||
			a.Get("errors.0.message") != "ann changed this to “Default passwords”" || a.Get("errors.1.name") != "severity" ||
			a.Get("errors.1.message") != "ann changed this to “medium”" || a.Get("errors.2.name") != "fix" {
			t.Errorf("refused: %s", a.Text)
		}

		// An assessment is a change, and can expect a version as well.
		now := s.observation(t, c, "Default passwords").ID("version")
		ann.Must(http.StatusOK, "PATCH", path, object{"status": "in_review", "severity": "high", "version": now})
		for name, body := range map[string]object{
			"an edit": {"title": "Mine"}, "an assessment": {"status": "false_positive"},
		} {
			outdated := c.WithHeader("If-Match", fmt.Sprintf("%q", fmt.Sprint(now)))
			a := outdated.Must(http.StatusPreconditionFailed, "PATCH", path, body)
			if !strings.Contains(a.Text, "In the meantime, ann assessed it as in review") ||
				a.Get("errors.0.name") != "severity" {
				t.Errorf("%s: %s", name, a.Text)
			}
		}
		if a := c.Must(http.StatusOK, "GET", path, nil); a.Get("title") != "Default passwords" || a.Get("location") != "" ||
			a.Get("status") != "in_review" {
			t.Errorf("a refused change has changed it: %s", a.Text)
		}
		c.WithHeader("If-Match", "x").Must(http.StatusUnprocessableEntity, "PATCH", path, object{"title": "Mine"})
		latest := c.Must(http.StatusOK, "GET", path, nil).Header.Get("ETag")
		c.WithHeader("If-Match", latest).Must(http.StatusOK, "PATCH", path, object{"title": "Mine"})
		if a := ann.Must(http.StatusOK, "PATCH", path, object{"title": "Hers"}); a.Get("title") != "Hers" {
			t.Errorf("without a version: %s", a.Text)
		}

		// An edit that changes nothing makes no version.
		last := c.Must(http.StatusOK, "GET", path, nil).ID("version")
		if a := c.Must(http.StatusOK, "PATCH", path, object{"title": " Hers "}); a.ID("version") != last {
			t.Errorf("nothing is changed: version %d, want %d", a.ID("version"), last)
		}
		history := c.Must(http.StatusOK, "GET", path+"/history", nil)
		if history.Get("items.0.comment") != "Changed: title" || history.Get("items.0.actor") != "ann" {
			t.Errorf("the history: %s", history.Text)
		}
		s.checkCounts(t, p)
	})
}

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

// The form of a manual observation shows a conflict with another user's edit, keeps what was typed,
// and replaces the other values when it is saved again.
func TestObservationPages_EditConflict(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 Low"))
		p.User("ann")
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "ann", "role": "writer"})
		id := c.Must(http.StatusCreated, "POST", s.path+"/observations",
			object{"title": "Default password", "severity": "high"}).ID("id")
		path := fmt.Sprintf("/products/1/observations/%d", id)
		admin, ann := signedInAs(t, p, "admin"), signedInAs(t, p, "ann")
		open := func(u pageUser) string {
			t.Helper()
			_, form := u.get(path + "/edit")
			m := versionField.FindStringSubmatch(form)
			if m == nil {
				t.Fatalf("the form has no version: %s", form)
			}
			return m[1]
		}
		admins, anns := open(admin), open(ann)
		ann.mustPost(path+"/edit", "version", anns, "title", "Default password", "severity", "low", "location", "/admin")

		// An error of a field does not hide the conflict.
		status, form := admin.post(path+"/edit", "version", admins, "title", "Mine")
		if status != http.StatusConflict || !strings.Contains(form, "In the meantime, ann changed severity, location") {
			t.Errorf("an error of a field: %d", status)
		}
		typed := []string{"title", "Default password of the console", "severity", "high", "component", "console"}
		status, form = admin.post(path+"/edit", append(typed, "version", admins)...)
		if status != http.StatusConflict {
			t.Fatalf("%d, want a conflict:\n%s", status, form)
		}
		for _, text := range []string{
			"In the meantime, ann changed severity, location", "ann changed this to “low”", "ann changed this to “/admin”",
			"The form keeps your input", `value="Default password of the console"`, `value="console"`, `value="high" selected`,
		} {
			if !strings.Contains(form, text) {
				t.Errorf("the conflict does not show %q", text)
			}
		}
		if a := c.Must(http.StatusOK, "GET", fmt.Sprint("/observations/", id), nil); a.Get("severity") != "low" {
			t.Errorf("a refused edit has changed it: %s", a.Text)
		}
		admin.mustPost(path+"/edit", append(typed, "version", versionField.FindStringSubmatch(form)[1])...)
		a := c.Must(http.StatusOK, "GET", fmt.Sprint("/observations/", id), nil)
		if a.Get("title") != "Default password of the console" || a.Get("location") != "" || a.Get("severity") != "high" {
			t.Errorf("saved again: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}
