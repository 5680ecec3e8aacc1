package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		asks := func(who string) (int, string) { return requestPasswordLink(t, p, who) }
		if _, text := asks("eve"); !strings.Contains(text, "Email is not configured") {
			t.Errorf("without mail: %s", text)
		}
		box := enableMail(t, p)
		open := signInAs(t, p, "eve", apptest.Password)

		_, known := asks("EVE")
		status, unknown := asks("nobody")
		if status != http.StatusOK || known != unknown || strings.Contains(known, "eve") {
			t.Errorf("answers differ:\n%s\n%s", known, unknown)
		}
		address, to := box.waitLink(t, 1)
		if to != "eve@example.com" || !strings.HasPrefix(address, p.URL+"/") {
			t.Errorf("mailed to %s: %s", to, address)
		}
		asks("eve@example.com")
		second, _ := box.waitLink(t, 2)
		if n := len(box.received()); n != 2 {
			t.Errorf("%d mails", n)
		}
		if status, _ := getNoRedirect(t, newHTTPClient(t), address); status != http.StatusNotFound {
			t.Errorf("the first link, after a second: %d", status)
		}
		for range 2 { // viewing the link does not use it up
			if status, text := getNoRedirect(t, newHTTPClient(t), second); status != http.StatusOK ||
				!strings.Contains(text, "Choose a password") {
				t.Fatalf("the link: %d %s", status, text)
			}
		}
		secret := linkSecret(t, second)
		chooses := func(fresh string) int {
			status, _ := submitForm(t, newHTTPClient(t), p.URL+"/login/reset",
				encodeForm("link", secret, "new", fresh, "repeat", fresh), formKind)
			return status
		}
		for _, bad := range []string{"short", "eve@example.com", "password1234", strings.Repeat("x", 257)} {
			if status := chooses(bad); status != http.StatusUnprocessableEntity {
				t.Errorf("%q: %d", bad, status)
			}
		}
		if status := chooses("a quite new password"); status != http.StatusOK {
			t.Fatalf("chosen: %d", status)
		}
		if isSignedIn(t, p, open) {
			t.Error("the old session goes on")
		}
		if status := chooses("another new password"); status != http.StatusNotFound {
			t.Errorf("used twice: %d", status)
		}
		signInAs(t, p, "eve", "a quite new password")
		if strings.Contains(p.Logged(), secret) {
			t.Error("the link is in the log")
		}

		// A link is valid for an hour.
		p.Clock.Advance(20 * time.Minute)
		asks("eve")
		late, _ := box.waitLink(t, 3)
		p.Clock.Advance(time.Hour)
		secret = linkSecret(t, late)
		if status := chooses("too late for this one"); status != http.StatusNotFound {
			t.Errorf("an hour later: %d", status)
		}
		if n, err := countLinks(t, p); err != nil || n != 0 {
			t.Errorf("%d links are left, %v", n, err)
		}

		// Too many requests are throttled, for existing and unknown users.
		for _, who := range []string{"eve", "nobody"} {
			status := http.StatusOK
			for range 8 {
				status, _ = asks(who)
			}
			if status != http.StatusTooManyRequests {
				t.Errorf("%s, asked often: %d", who, status)
			}
		}
	})
}

// requestPasswordLink sends the form for a forgotten password, and returns the status and the page.
func requestPasswordLink(t *testing.T, p *apptest.Program, who string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/login/forgot", encodeForm("who", who))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	res, err := newHTTPClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// countLinks deletes old links, and returns the number of the others.
func countLinks(t *testing.T, p *apptest.Program) (int64, error) {
	t.Helper()
	var left int64
	err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		if _, err := tx.DeleteOldUserLinks(100); err != nil {
			return err
		}
		var err error
		left, err = tx.DeleteOldUserLinks(100)
		return err
	})
	return left, err
}

func TestEmailChange_IsConfirmedByLink(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		b := signInAs(t, p, "eve", apptest.Password)
		password := apptest.Password
		save := func(email, zone string) int {
			status, _ := submitForm(t, b, p.URL+"/profile",
				encodeForm("first_name", "Eve", "email", email, "time_zone", zone, "theme", "dark", "password", password), formKind)
			return status
		}
		if status := save("new@example.org", ""); status != http.StatusUnprocessableEntity {
			t.Errorf("without mail: %d", status)
		}
		box := enableMail(t, p)
		for _, zone := range []string{"Nowhere/None", "Local", "../etc/passwd"} {
			if status := save("eve@example.com", zone); status != http.StatusUnprocessableEntity {
				t.Errorf("zone %q: %d", zone, status)
			}
		}
		for _, wrong := range []string{"", "not the password"} {
			password = wrong
			if status := save("new@example.org", ""); status != http.StatusUnprocessableEntity {
				t.Errorf("another address with the password %q: %d", wrong, status)
			}
		}
		password = apptest.Password
		if status := save("new@example.org", "Europe/Berlin"); status != http.StatusSeeOther {
			t.Fatalf("saved: %d", status)
		}
		address, to := box.waitLink(t, 1)
		if to != "new@example.org" {
			t.Errorf("mailed to %s", to)
		}
		is := func(email, pending string) {
			t.Helper()
			u, err := p.Store.UserByName(t.Context(), "eve")
			if err != nil || u.Email != email || u.EmailPending != pending || u.TimeZone != "Europe/Berlin" ||
				u.Theme != "dark" || u.FirstName != "Eve" {
				t.Errorf("stored: %+v, %v", u, err)
			}
		}
		is("eve@example.com", "new@example.org")
		if status, _ := getNoRedirect(t, newHTTPClient(t), address); status != http.StatusOK {
			t.Errorf("the link: %d", status)
		}
		is("eve@example.com", "new@example.org")
		for _, want := range []int{http.StatusOK, http.StatusNotFound} {
			status, _ := submitForm(t, newHTTPClient(t), p.URL+"/login/mail", encodeForm("link", linkSecret(t, address)),
				formKind)
			if status != want {
				t.Errorf("confirmed: %d, want %d", status, want)
			}
		}
		is("new@example.org", "")
		if isSignedIn(t, p, b) {
			t.Error("the session outlives the address")
		}
		b = signInAs(t, p, "eve", apptest.Password)
		if _, text := getNoRedirect(t, b, p.URL+"/profile"); !strings.Contains(text, `data-bs-theme="dark"`) ||
			!strings.Contains(text, `data-gc-zone="Europe/Berlin"`) {
			t.Error("the page has not the theme and the zone of its user")
		}
	})
}

// A user invited by a link has no password until they choose one. A user who gets a link later
// keeps the old password until then.
func TestPasswordLink_FromAdministrator(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box := enableMail(t, p)
		c := p.Client("admin")
		a := c.Must(http.StatusUnprocessableEntity, "POST", "/users", object{"name": "eve", "link": true})
		if a.Get("errors.0.name") != "email" {
			t.Errorf("without an address: %s", a.Text)
		}
		a = c.Must(http.StatusCreated, "POST", "/users", object{"name": "eve", "email": "eve@example.org", "link": true})
		if a.Get("password") != nil || a.Get("link_sent") != true {
			t.Errorf("made: %s", a.Text)
		}
		path := fmt.Sprintf("/users/%d", a.ID("id"))
		for _, password := range []string{"", "nobody has this password"} {
			if status, _, _ := trySignIn(t, p, "eve", password); status != http.StatusUnauthorized {
				t.Errorf("signs in with %q: %d", password, status)
			}
		}
		chooses := func(n int, fresh string, want int) {
			t.Helper()
			address, to := box.waitLink(t, n)
			status, _ := submitForm(t, newHTTPClient(t), p.URL+"/login/reset",
				encodeForm("link", linkSecret(t, address), "new", fresh, "repeat", fresh), formKind)
			if status != want || to != "eve@example.org" {
				t.Errorf("chosen by %s: %d, want %d", to, status, want)
			}
		}
		p.Clock.Advance(70 * time.Hour)
		chooses(1, apptest.Password, http.StatusOK)
		signInAs(t, p, "eve", apptest.Password)

		c.Must(http.StatusOK, "POST", path+"/password", object{"link": true})
		eve := signInAs(t, p, "eve", apptest.Password)
		chooses(2, "the second good one", http.StatusOK)
		if isSignedIn(t, p, eve) {
			t.Error("the session outlives the password")
		}
		for _, ends := range []object{{"email": "other@example.org"}, {"active": false}} {
			c.Must(http.StatusOK, "PATCH", path, object{"active": true, "email": "eve@example.org"})
			n := len(box.linkMails())
			c.Must(http.StatusOK, "POST", path+"/password", object{"link": true})
			box.waitLink(t, n+1)
			c.Must(http.StatusOK, "PATCH", path, ends)
			chooses(n+1, "the third good one", http.StatusNotFound)
		}
		if a := c.Must(http.StatusOK, "GET", "/deliveries", nil); a.Get("items.0") != nil {
			t.Errorf("the delivery log knows of it: %s", a.Text)
		}
	})
}
