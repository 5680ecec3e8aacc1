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

// A change of the password and a reset by an administrator name the tokens and the ingest keys of
// products that the user has created lately, and revoke those that are ticked.
func TestMadeCredentials_AreRevokedWithPassword(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin, user := p.Client("admin"), p.User("eve")
		p.User("bob")
		c := p.Client("eve")
		s := newProduct(t, c, "Shop", "")
		make := func(name string) (*apptest.Client, string) {
			a := c.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": name, "role": "reader"})
			text, _ := a.Get("token").(string)
			return apptest.NewClient(t, p.URL, text), fmt.Sprintf("token-%d", a.ID("id"))
		}
		make("ancient")
		p.Clock.Advance(31 * 24 * time.Hour)
		deploy, _ := make("deploy")
		stolen, stolenRef := make("stolen")
		again, againRef := make("again")
		c.Must(http.StatusCreated, "POST", s.path+"/ingest-key", nil)
		keyRef := fmt.Sprintf("key-%d", s.id)
		admin.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": "of the admin", "role": "reader"})

		eve := newPageClient(t, p, "eve")
		body := eve.must(http.StatusOK, "GET", "/profile/password")
		for text, want := range map[string]bool{
			`value="` + stolenRef + `"`: true, `value="` + keyRef + `"`: true, "deploy": true, "Shop": true,
			"ancient": false, "of the admin": false,
		} {
			if strings.Contains(body, text) != want {
				t.Errorf("the page of the password contains %q: %v", text, !want)
			}
		}
		body = newPageClient(t, p, "bob").must(http.StatusOK, "GET", "/profile/password")
		if strings.Contains(body, "stolen") {
			t.Error("another user sees it")
		}
		fields := func(current, ref string) []string {
			return []string{
				"current", current, "new", "a quite new password", "repeat", "a quite new password", "made", ref,
			}
		}
		eve.must(http.StatusUnprocessableEntity, "POST", "/profile/password", fields("wrong", stolenRef)...)
		eve.must(http.StatusUnprocessableEntity, "POST", "/profile/password", fields(apptest.Password, "token-999")...)
		bob := newPageClient(t, p, "bob")
		bob.must(http.StatusUnprocessableEntity, "POST", "/profile/password", fields(apptest.Password, stolenRef)...)
		stolen.Must(http.StatusOK, "GET", s.path, nil)
		eve.must(http.StatusSeeOther, "POST", "/profile/password", fields(apptest.Password, stolenRef)...)
		stolen.Must(http.StatusUnauthorized, "GET", s.path, nil)
		deploy.Must(http.StatusOK, "GET", s.path, nil)

		// The page of an emailed link lists and revokes them too.
		box := enableMail(t, p)
		if status, text := requestPasswordLink(t, p, "eve"); status != http.StatusOK {
			t.Fatalf("a link: %d %s", status, text)
		}
		link, _ := box.waitLink(t, 1)
		_, body = getNoRedirect(t, newHTTPClient(t), link)
		for text, want := range map[string]bool{
			`value="` + againRef + `"`: true, `value="` + keyRef + `"`: true, "ancient": false, "of the admin": false,
		} {
			if strings.Contains(body, text) != want {
				t.Errorf("the page of the link contains %q: %v", text, !want)
			}
		}
		choose := func(ref string) int {
			const fresh = "another quite new password"
			form := encodeForm("link", linkSecret(t, link), "new", fresh, "repeat", fresh, "made", ref)
			status, _ := submitForm(t, newHTTPClient(t), p.URL+"/login/reset", form, formKind)
			return status
		}
		if status := choose("token-999"); status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown credential: %d", status)
		}
		again.Must(http.StatusOK, "GET", s.path, nil)
		if status := choose(againRef); status != http.StatusOK {
			t.Errorf("the password by the link: %d", status)
		}
		again.Must(http.StatusUnauthorized, "GET", s.path, nil)
		deploy.Must(http.StatusOK, "GET", s.path, nil)

		page, path := newPageClient(t, p, "admin"), fmt.Sprintf("/admin/users/%d/password", user.ID)
		body = page.must(http.StatusOK, "GET", path)
		if !strings.Contains(body, `value="`+keyRef+`"`) || strings.Contains(body, "stolen") || strings.Contains(body, "ancient") {
			t.Error("the page of the reset does not list what is left")
		}
		page.must(http.StatusUnprocessableEntity, "POST", path, "how", "password", "made", stolenRef,
			"password", apptest.Password)
		page.must(http.StatusOK, "POST", path, "how", "password", "made", keyRef,
			"password", apptest.Password)
		admin.Must(http.StatusNotFound, "GET", s.path+"/ingest-key", nil)
		for kind, name := range map[string]string{"token": "stolen", "ingest key": "ingest key"} {
			list, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: kind, Name: name, ProductID: s.id, Limit: 10})
			if err != nil || len(list) != 2 || list[0].Action != "delete" {
				t.Errorf("audit of %s: %+v, %v", name, list, err)
			}
		}
	})
}
