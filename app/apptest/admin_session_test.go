package apptest_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// guardedForm is a form of an administrator that needs the password.
type guardedForm struct {
	path   string
	fields []string
	works  int // the status with the password
}

// guardedForms returns the forms by what they do. eve is active, bob is deactivated, and hook is a
// connection.
func guardedForms(eve, bob, hook int64) map[string]guardedForm {
	users := func(id int64, action string) string { return fmt.Sprintf("/admin/users/%d%s", id, action) }
	mail := func(name, value string) guardedForm {
		return guardedForm{"/admin/settings/mail", []string{name, value}, http.StatusSeeOther}
	}
	target := func(name, value string) guardedForm {
		fields := []string{"version", "0", "name", "hook", name, value}
		return guardedForm{fmt.Sprintf("/connections/%d", hook), fields, http.StatusSeeOther}
	}
	const made, done = http.StatusOK, http.StatusSeeOther
	invited := []string{"name", "spy", "email", "spy@evil.example", "how", "link"}
	return map[string]guardedForm{
		"create a user":           {"/admin/users", []string{"name", "thief"}, made},
		"invite a user":           {"/admin/users", invited, done},
		"reset a password":        {users(eve, "/password"), []string{"how", "password"}, made},
		"send a link":             {users(eve, "/password"), []string{"how", "link"}, done},
		"move an account":         {users(eve, ""), []string{"email", "thief@evil.example"}, done},
		"make an administrator":   {users(eve, "/promote"), nil, done},
		"activate a user":         {users(bob, "/activate"), nil, done},
		"create a DSN":            {"/products/1/ingest-key", nil, made},
		"replace a DSN":           {"/products/2/ingest-key/rotate", nil, made},
		"show a DSN":              {"/products/2/ingest-key/show", nil, made},
		"rotate a secret":         {fmt.Sprintf("/connections/%d/rotate", hook), nil, made},
		"set a secret":            target("secret", "whsec_"+strings.Repeat("dGhpZWYt", 4)),
		"set a secret URL":        target("url", "https://evil.example/hook"),
		"set the mail server":     mail("smtp_host", "127.0.0.2"),
		"set the port":            mail("smtp_port", "2525"),
		"set the encryption":      mail("smtp_tls", "tls"),
		"set the user":            mail("smtp_user", "thief"),
		"set the password":        mail("smtp_password", "chosen by the thief"),
		"set the token endpoint":  mail("smtp_oauth_token_url", "https://127.0.0.1/token"),
		"set the OAuth client":    mail("smtp_oauth_client_id", "thief"),
		"set the client secret":   mail("smtp_oauth_client_secret", "chosen by the thief"),
		"set the refresh token":   mail("smtp_oauth_refresh_token", "chosen by the thief"),
		"set the sender":          mail("email_from", "thief@evil.example"),
		"set the address":         {"/admin/settings/general", []string{"base_url", "https://evil.example"}, done},
		"allow addresses":         {"/admin/settings/delivery", []string{"allow_networks", "0.0.0.0/0"}, done},
		"allow short passwords":   {"/admin/settings/users", []string{"password_min_length", "8"}, done},
		"have sessions last long": {"/admin/settings/users", []string{"session_hours", "720"}, done},
	}
}

// version returns the fields of a form, with the version of its section if it is one of settings.
func (f guardedForm) version(t *testing.T, c *apptest.Client) []string {
	t.Helper()
	section, ok := strings.CutPrefix(f.path, "/admin/settings/")
	if !ok {
		return f.fields
	}
	a := c.Must(http.StatusOK, "GET", "/settings/"+section, nil)
	return append(slices.Clone(f.fields), "version", fmt.Sprint(a.ID("version")), "may_create_products", "on")
}

// With the session of an administrator alone, without the password, no account can be taken over, and
// nothing can be made that outlives the session.
func TestAdministratorSession_TakesNoAccountOver(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box := enableMail(t, p)
		admin := p.Client("admin")
		hook := newProduct(t, admin, "Shop", apptest.NewReceiver(t).URL).target
		admin.Must(http.StatusCreated, "POST", newProduct(t, admin, "Bank", "").path+"/ingest-key", nil)
		eve, bob := p.User("eve").ID, p.User("bob").ID
		admin.Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", bob), object{"active": false})
		audits := func() int {
			list, err := p.Store.Audits(t.Context(), models.AuditFilter{Actor: "admin", Limit: 500})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		apptest.Settle(t, p.Store)
		before, mails := audits(), len(box.received())
		stolen := signInAdmin(t, p)
		forms := guardedForms(eve, bob, hook)
		for _, name := range slices.Sorted(maps.Keys(forms)) {
			for _, wrong := range []string{"", "guessed"} {
				f := forms[name]
				status, page := postForm(t, stolen, p.URL+f.path, encodeForm(append(f.version(t, admin), "password", wrong)...))
				if status != http.StatusUnprocessableEntity || !strings.Contains(page, "current password") {
					t.Errorf("%s with the password %q: %d %s", name, wrong, status, fieldErrors(page))
				}
				if strings.Contains(page, "whsec_") || regexp.MustCompile(`[0-9a-f]{32}@`).MatchString(page) {
					t.Errorf("%s with the password %q shows a secret", name, wrong)
				}
			}
			p.Clock.Advance(20 * time.Minute) // wrong tries are slowed down
		}
		apptest.Settle(t, p.Store)
		if got := audits(); got != before {
			t.Errorf("%d entries in the audit log", got-before)
		}
		if got := len(box.received()); got != mails {
			t.Errorf("%d emails", got-mails)
		}
		for _, name := range slices.Sorted(maps.Keys(forms)) {
			f := forms[name]
			status, page := postForm(t, stolen, p.URL+f.path,
				encodeForm(append(f.version(t, admin), "password", apptest.Password)...))
			if status != f.works {
				t.Errorf("%s with the password: %d, want %d %s", name, status, f.works, fieldErrors(page))
			}
		}
	})
}

// Wrong passwords are slowed down for the session that tries them, whatever form they are for.
func TestAdministratorSession_WrongPasswordsAreSlowedDown(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	eve := p.User("eve").ID
	stolen, admin := signInAdmin(t, p), p.Client("admin")
	hook := newProduct(t, admin, "Shop", apptest.NewReceiver(t).URL).target
	forms := guardedForms(eve, eve, hook)
	tries := []string{
		"create a user", "make an administrator", "set the address", "move an account", "set the sender", "create a user",
	}
	for _, name := range tries {
		f := forms[name]
		postForm(t, stolen, p.URL+f.path, encodeForm(append(f.version(t, admin), "password", "guessed")...))
	}
	for name, f := range forms {
		switch name {
		case "activate a user", "replace a DSN", "show a DSN", "invite a user", "send a link":
			continue // not possible here
		}
		status, page := postForm(t, stolen, p.URL+f.path,
			encodeForm(append(f.version(t, admin), "password", apptest.Password)...))
		if status != http.StatusTooManyRequests || !regexp.MustCompile(`Too many wrong passwords\. Try`).MatchString(page) {
			t.Errorf("%s after wrong passwords: %d", name, status)
		}
	}
	own := signInAdmin(t, p) // another session has its own tries
	if status, _ := postForm(t, own, p.URL+"/admin/users",
		encodeForm("name", "carol", "password", apptest.Password)); status != http.StatusOK {
		t.Errorf("another session: %d", status)
	}
}

// What gives no access needs no password.
func TestAdministratorSession_ChangesTheRestWithoutThePassword(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	eve := fmt.Sprintf("/admin/users/%d", p.User("eve").ID)
	admin := signInAdmin(t, p)
	for path, fields := range map[string][]string{
		eve:                       {"first_name", "Eve", "email", "eve@example.com"},
		"/admin/settings/general": {"site_name", "Quay", "version", "0"},
		"/admin/settings/users":   {"may_create_products", "", "version", "0"},
		"/admin/settings/reports": {"branch_days", "7", "version", "0"},
		eve + "/demote":           {},
		eve + "/deactivate":       {},
	} {
		if status, page := postForm(t, admin, p.URL+path, encodeForm(fields...)); status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", path, status, fieldErrors(page))
		}
	}
	// A token needs none either: it was created with the password.
	api := p.Client("admin")
	api.Must(http.StatusCreated, "POST", "/users", object{"name": "carol"})
	api.Must(http.StatusOK, "PATCH", "/settings/general", object{"base_url": "https://gatecrier.example.org"})
}
