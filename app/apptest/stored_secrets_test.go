package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// A stored secret of the mail server is not sent to another server: it must be entered again.
func TestStoredSecrets_StayWithTheirMailServer(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const stored = "stored 4711"
		set := func(values object) { c.Must(http.StatusOK, "PATCH", "/settings/mail", values) }
		password := object{
			"email_from": "gates@example.org", "smtp_host": "smtp.example.org", "smtp_port": 587, "smtp_tls": "starttls",
			"smtp_auth": "password", "smtp_user": "gates", "smtp_password": stored,
		}
		oauth := object{
			"smtp_auth": "xoauth2", "smtp_oauth_grant": "client_credentials", "smtp_oauth_scope": "mail",
			"smtp_oauth_token_url": "https://login.example.org/token", "smtp_oauth_client_id": "gatecrier",
			"smtp_oauth_client_secret": stored,
		}
		refresh := object{"smtp_oauth_grant": "refresh_token", "smtp_oauth_refresh_token": stored}
		const again, server = "Enter the password again: it was stored for ", "smtp.example.org:587 with STARTTLS"
		const client = "Enter the client secret again: it was stored for https://login.example.org/token and " + server
		const token = "Enter the refresh token again: it was stored for https://login.example.org/token and " + server
		elsewhere := object{"smtp_oauth_token_url": "https://127.0.0.1/"}
		for _, test := range []struct {
			before  []object
			field   string // of the secret
			change  object
			refused string
		}{
			{[]object{password}, "smtp_password", object{"smtp_host": "127.0.0.1"}, again + server},
			{[]object{password}, "smtp_password", object{"smtp_port": 2525}, again + server},
			{[]object{password}, "smtp_password", object{"smtp_tls": "none"}, again + server},
			{[]object{password, oauth}, "smtp_oauth_client_secret", elsewhere, client},
			{[]object{password, oauth}, "smtp_oauth_client_secret", object{"smtp_host": "127.0.0.1"}, client},
			{[]object{password, oauth, refresh}, "smtp_oauth_refresh_token", object{"smtp_tls": "none"}, token},
		} {
			set(object{"smtp_host": nil, "smtp_user": nil, "smtp_auth": nil})
			for _, values := range test.before {
				set(values)
			}
			a := c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/mail", test.change)
			if !strings.Contains(a.Text, test.refused) || !strings.Contains(a.Text, `"`+test.field+`"`) {
				t.Errorf("%v: %s", test.change, a.Text)
			}
			m := p.Settings.Mail()
			if m.Host != "smtp.example.org" || m.Port != 587 || m.TLS != "starttls" {
				t.Errorf("%v: saved: %s:%d %s", test.change, m.Host, m.Port, m.TLS)
			}
			test.change[test.field] = "entered again"
			if test.field != "smtp_password" {
				test.change["smtp_oauth_client_secret"] = "entered again"
			}
			a = c.Must(http.StatusOK, "PATCH", "/settings/mail", test.change)
			if a.Get("secrets."+test.field) != true || strings.Contains(a.Text, test.field+": deleted") {
				t.Errorf("%v: %s", test.change, a.Text)
			}
			m = p.Settings.Mail()
			used := m.OAuth.ClientSecret + m.OAuth.RefreshToken
			if m.Host != "smtp.example.org" || m.Port != 587 || m.TLS != "starttls" {
				used += m.Password
			}
			if strings.Contains(used, stored) {
				t.Errorf("%v: a stored secret goes to another server: %s", test.change, used)
			}
		}
	})
}

// A secret that is not used is deleted with the server that it was stored for.
func TestStoredSecrets_UnusedOnesAreDeleted(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{
		"smtp_host": "smtp.example.org", "smtp_user": "gates", "smtp_password": "stored 4711",
	})
	a := c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_host": "127.0.0.1", "smtp_user": ""})
	if a.Get("secrets.smtp_password") != false ||
		!strings.Contains(a.Text, "smtp_password: deleted, because it was stored for smtp.example.org:587 with STARTTLS") {
		t.Errorf("no warning: %s", a.Text)
	}
	if got := p.Settings.Mail().Password; got != "" {
		t.Errorf("the password is %q", got)
	}
	// What stays with its server stays stored.
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_user": "gates", "smtp_password": "stored 4711"})
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"email_from": "gates@example.org", "smtp_user": "others"})
	if got := p.Settings.Mail().Password; got != "stored 4711" {
		t.Errorf("the password is %q", got)
	}
	admin := signInAdmin(t, p)
	version := fmt.Sprint(c.Must(http.StatusOK, "GET", "/settings/mail", nil).ID("version"))
	status, page := postForm(t, admin, p.URL+"/admin/settings/mail",
		encodeForm("smtp_host", "127.0.0.2", "version", version, "password", apptest.Password))
	if status != http.StatusUnprocessableEntity ||
		!strings.Contains(fieldErrors(page), "Enter the password again: it was stored for 127.0.0.1:587 with STARTTLS") {
		t.Errorf("the form: %d %s", status, fieldErrors(page))
	}
}

// The key of a connection is not sent to another URL than the one it was entered for.
func TestStoredSecrets_StayWithTheirConnection(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		const key, other = "il1api0123456789abcdef", "https://127.0.0.1/events"
		id := c.Must(http.StatusCreated, "POST", s.path+"/targets",
			object{"module": "ilert", "name": "On call", "config": object{"integration_key": key}}).ID("id")
		path := fmt.Sprintf("/targets/%d", id)
		const refused = "Enter the integration key again: it was stored for api.ilert.com"
		for _, config := range []object{{"url": other}, {"url": other, "integration_key": " "}} {
			a := c.Must(http.StatusUnprocessableEntity, "PATCH", path, object{"config": config})
			if !strings.Contains(a.Text, refused) {
				t.Errorf("%v: %s", config, a.Text)
			}
		}
		admin := signInAdmin(t, p)
		form := []string{"name", "On call", "url", other, "version", "1"}
		status, page := postForm(t, admin, p.URL+fmt.Sprintf("/connections/%d", id), encodeForm(form...))
		if status != http.StatusUnprocessableEntity || !strings.Contains(fieldErrors(page), refused) {
			t.Errorf("the form: %d %s", status, fieldErrors(page))
		}
		c.Must(http.StatusOK, "PATCH", path, object{"name": "Pager", "config": object{"url": ""}})
		c.Must(http.StatusOK, "PATCH", path, object{"config": object{"url": other, "integration_key": key}})
		c.Must(http.StatusOK, "PATCH", path, object{"config": object{"url": other}})
	})
}
