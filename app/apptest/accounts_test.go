package apptest_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
	"gatecrier/models"
)

func TestUserPages_ByAdministrator(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		made := c.Must(http.StatusCreated, "POST", "/users",
			object{"name": "eve", "email": "eve@example.org", "first_name": "Eve"})
		password, _ := made.Get("password").(string)
		if len(password) < 20 || made.Get("must_change_password") != true || made.Get("link_sent") != false {
			t.Fatalf("made: %s", made.Text)
		}
		path := fmt.Sprintf("/users/%d", made.ID("id"))
		for _, test := range []struct {
			body  map[string]any
			field string
		}{
			{object{"name": "EVE"}, "name"},
			{object{"name": ""}, "name"},
			{object{"name": "x", "email": "nobody"}, "email"},
			{object{"name": "x", "first_name": "a\nb"}, "first_name"},
		} {
			if a := c.Do("POST", "/users", test.body); a.Status != http.StatusUnprocessableEntity ||
				a.Get("errors.0.name") != test.field {
				t.Errorf("%v: %d %s", test.body, a.Status, a.Text)
			}
		}
		// Email is not set up yet.
		c.Must(http.StatusConflict, "POST", "/users", object{"name": "x", "email": "x@example.org", "link": true})

		one := c.Must(http.StatusOK, "GET", "/users?limit=1", nil)
		two := c.Must(http.StatusOK, "GET", fmt.Sprint("/users?limit=1&cursor=", one.Get("next_cursor")), nil)
		if one.Get("items.0.name") != "admin" || two.Get("items.0.name") != "eve" || two.Get("next_cursor") != nil {
			t.Errorf("pages: %s\n%s", one.Text, two.Text)
		}
		narrowed := c.Must(http.StatusOK, "GET", "/users?administrator=false&active=true&q=EX", nil)
		if narrowed.Get("items.0.name") != "eve" || narrowed.Get("items.1") != nil {
			t.Errorf("narrowed: %s", narrowed.Text)
		}
		c.Must(http.StatusBadRequest, "PATCH", path, object{"active": nil})

		eve := signInAs(t, p, "eve", password)
		if status, _ := getNoRedirect(t, eve, p.URL+"/inbox"); status != http.StatusSeeOther {
			t.Errorf("before the password is changed: %d", status)
		}
		status, to := submitForm(t, eve, p.URL+"/profile/password",
			encodeForm("current", password, "new", apptest.Password, "repeat", apptest.Password), formKind)
		if status != http.StatusSeeOther || to != "/" {
			t.Fatalf("password changed: %d to %q", status, to)
		}
		if a := c.Must(http.StatusOK, "GET", path, nil); a.Get("last_sign_in") == nil || a.ID("sessions") != 1 ||
			a.Get("must_change_password") != false {
			t.Errorf("signed in: %s", a.Text)
		}

		checkDeactivation(t, p, c, eve, path)
		// A password reset ends sessions, too.
		eve = signInAs(t, p, "eve", apptest.Password)
		reset := c.Must(http.StatusOK, "POST", path+"/password", nil) // the body is optional
		if isSignedIn(t, p, eve) {
			t.Error("the session outlives the password")
		}
		fresh, _ := reset.Get("password").(string)
		signInAs(t, p, "eve", fresh)

		checkUserAudit(t, p, password)
	})
}

// checkDeactivation checks that a deactivated user loses all access at once, and activates eve again.
func checkDeactivation(t *testing.T, p *apptest.Program, c *apptest.Client, eve *http.Client, path string) {
	token := p.Client("eve")
	a := c.Must(http.StatusOK, "PATCH", path, object{"active": false})
	if a.Get("active") != false || a.ID("sessions") != 0 {
		t.Errorf("deactivated: %s", a.Text)
	}
	if isSignedIn(t, p, eve) {
		t.Error("the session goes on")
	}
	if a := token.Must(http.StatusUnauthorized, "GET", "/products", nil); !strings.Contains(a.Text, "deactivated") {
		t.Errorf("the token gets no reason: %s", a.Text)
	}
	if status, _, _ := trySignIn(t, p, "eve", apptest.Password); status != http.StatusUnauthorized {
		t.Errorf("signs in: %d", status)
	}
	if _, err := p.Accounts.CreateToken(t.Context(), "eve", account.NewToken{Name: "x"}); err == nil ||
		!strings.Contains(err.Error(), "deactivated") {
		t.Errorf("a token by the command line: %v", err)
	}
	c.Must(http.StatusConflict, "POST", path+"/password", object{})
	c.Must(http.StatusOK, "PATCH", path, object{"active": true, "email": "e@example.org", "keep_tokens": true})
	if a := token.Must(http.StatusUnauthorized, "GET", "/products", nil); strings.Contains(a.Text, "deactivated") {
		t.Errorf("the token of an active user gets another's reason: %s", a.Text)
	}
}

// checkUserAudit checks that the audit names each change of eve, and no password.
func checkUserAudit(t *testing.T, p *apptest.Program, password string) {
	audits, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "user", Name: "eve", Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, a := range audits {
		if strings.Contains(fmt.Sprint(a.Was, a.Became), password) || a.At.IsZero() {
			t.Errorf("audit: %+v", a)
		}
		for field := range a.Became {
			entries = append(entries, a.Actor+" "+field)
		}
	}
	for _, want := range []string{
		"admin active", "admin email", "admin password", "eve password", "admin administrator",
	} {
		if !strings.Contains(strings.Join(entries, ","), want) {
			t.Errorf("the audit lacks %q: %v", want, entries)
		}
	}
}

func TestUserPages_RequireAdministrator(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	p.User("mallory")
	c := p.Client("mallory")
	c.Must(http.StatusForbidden, "GET", "/users", nil)
	c.Must(http.StatusForbidden, "GET", "/users/1", nil)
	c.Must(http.StatusForbidden, "POST", "/users", object{"name": "x"})
	c.Must(http.StatusForbidden, "PATCH", "/users/2", object{"administrator": true})
	c.Must(http.StatusForbidden, "POST", "/users/1/password", object{})
	b := signInAs(t, p, "mallory", apptest.Password)
	for _, path := range []string{
		"/admin/users", "/admin/users/new", "/admin/users/1", "/admin/users/1/deactivate", "/admin/users/1/password",
	} {
		if status, _ := getNoRedirect(t, b, p.URL+path); status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/admin/users", "/admin/users/1", "/admin/users/2/promote", "/admin/users/1/password"} {
		if status, _ := submitForm(t, b, p.URL+path, encodeForm("name", "x"), formKind); status != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, status)
		}
	}
}

// If two administrators remove each other's rights at the same time, one remains.
func TestLastAdministrator_CannotBeRemoved(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		for _, change := range []object{{"active": false}, {"administrator": false}} {
			c.Must(http.StatusConflict, "PATCH", "/users/1", change)
		}
		eve := p.User("eve")
		path := fmt.Sprintf("/users/%d", eve.ID)
		for range 5 {
			c.Must(http.StatusOK, "PATCH", path, object{"administrator": true})
			other := p.Client("eve")
			c.Must(http.StatusConflict, "PATCH", "/users/1", object{"active": false}) // users cannot do that to themselves
			var wg sync.WaitGroup
			var answers [2]int
			wg.Go(func() { answers[0] = c.Do("PATCH", path, object{"administrator": false}).Status })
			wg.Go(func() { answers[1] = other.Do("PATCH", "/users/1", object{"administrator": false}).Status })
			wg.Wait()
			if n, err := p.Store.CountAdministrators(t.Context()); err != nil || n != 1 {
				t.Fatalf("%d administrators are left, %v; answers %v", n, err, answers)
			}
			if answers[1] == http.StatusOK { // eve was faster: eve's turn to give them back
				other.Must(http.StatusOK, "PATCH", "/users/1", object{"administrator": true})
			}
		}
	})
}

func TestUserTokens(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		a := c.Must(http.StatusCreated, "POST", "/tokens",
			object{"name": "ci", "role": "upload", "expires_at": p.Clock.Now().Add(time.Hour)})
		text, _ := a.Get("token").(string)
		upload := apptest.NewClient(t, p.URL, text)
		upload.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "s", "counts": criticalCounts(0)})
		upload.Must(http.StatusForbidden, "PATCH", s.path, object{"name": "x"})
		upload.Must(http.StatusForbidden, "GET", "/users", nil)
		upload.Must(http.StatusForbidden, "POST", "/products", object{"name": "x"})
		soon := p.Clock.Now().Add(time.Minute)
		for field, body := range map[string]object{
			"role":       {"name": "more", "expires_at": soon},
			"expires_at": {"name": "longer", "role": "upload"},
		} {
			if a := upload.Do("POST", "/tokens", body); a.Status != http.StatusUnprocessableEntity ||
				a.Get("errors.0.name") != field {
				t.Errorf("%v: %d %s", body, a.Status, a.Text)
			}
		}
		a = upload.Do("POST", "/tokens", object{"name": "other", "role": "reader", "expires_at": soon})
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a role beside its own: %d", a.Status)
		}
		child := upload.Must(http.StatusCreated, "POST", "/tokens",
			object{"name": "child", "role": "upload", "expires_at": soon})
		if strings.Contains(upload.Must(http.StatusOK, "GET", "/tokens", nil).Text, text) {
			t.Error("a token is shown again")
		}
		mine := c.Must(http.StatusOK, "GET", "/tokens", nil)
		for i := range 3 {
			if name, id := mine.Get(fmt.Sprintf("items.%d.name", i)), mine.ID(fmt.Sprintf("items.%d.id", i)); name == "test" {
				upload.Must(http.StatusForbidden, "DELETE", fmt.Sprintf("/tokens/%d", id), nil) // it has more rights
			}
		}
		p.User("mallory")
		p.Client("mallory").Must(http.StatusNotFound, "DELETE", fmt.Sprintf("/tokens/%d", child.ID("id")), nil)
		for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
			c.Must(want, "DELETE", fmt.Sprintf("/tokens/%d", child.ID("id")), nil)
		}
		audits, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "token", Name: "child", Limit: 5})
		if err != nil || len(audits) != 2 || audits[0].Action != "delete" || audits[1].Action != "create" ||
			audits[1].Became["role"] != "upload" || audits[1].UserID != 1 {
			t.Errorf("audit: %+v, %v", audits, err)
		}
		p.Clock.Advance(2 * time.Hour)
		upload.Must(http.StatusUnauthorized, "GET", "/tokens", nil)
		for _, body := range []object{
			{"name": ""}, {"name": "a\nb"}, {"name": "x", "expires_at": p.Clock.Now().Add(-time.Hour)},
		} {
			c.Must(http.StatusUnprocessableEntity, "POST", "/tokens", body)
		}
	})
}

func TestSessions_ListedAndEnded(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		first, second, third := signInAdmin(t, p), signInAdmin(t, p), signInAdmin(t, p)
		rows, err := p.Store.SessionsOf(t.Context(), 1)
		if err != nil || len(rows) != 3 || rows[0].Address != "127.0.0.1" ||
			!strings.HasPrefix(rows[0].UserAgent, "Go-http-client") || rows[0].CreatedAt.IsZero() {
			t.Fatalf("stored: %+v, %v", rows, err)
		}
		began := rows[0].SeenAt
		p.Clock.Advance(30 * time.Second)
		isSignedIn(t, p, first)
		p.Clock.Advance(time.Hour)
		isSignedIn(t, p, first)
		apptest.Eventually(t, "it is known when it was seen", func() bool {
			rows, err := p.Store.SessionsOf(t.Context(), 1)
			return err == nil && rows[0].SeenAt.Sub(began) > time.Hour && rows[1].SeenAt.Sub(began) < time.Minute
		})
		_, text := getNoRedirect(t, first, p.URL+"/profile")
		paths := regexp.MustCompile(`/profile/sessions/\w+/revoke`).FindAllString(text, -1)
		if len(paths) != 2 || strings.Count(text, "this session") != 1 {
			t.Fatalf("%d other sessions are shown:\n%s", len(paths), text)
		}
		for _, want := range []int{http.StatusSeeOther, http.StatusNotFound} {
			if status, _ := submitForm(t, first, p.URL+paths[0], encodeForm(), formKind); status != want {
				t.Errorf("ended: %d, want %d", status, want)
			}
		}
		if isSignedIn(t, p, second) == isSignedIn(t, p, third) {
			t.Error("not one of the two has ended")
		}
		status, _ := submitForm(t, first, p.URL+"/profile/sessions/revoke", encodeForm(), formKind)
		if status != http.StatusSeeOther {
			t.Errorf("all others ended: %d", status)
		}
		if !isSignedIn(t, p, first) || isSignedIn(t, p, second) || isSignedIn(t, p, third) {
			t.Error("the wrong ones have ended")
		}
		audits, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "session", Limit: 5})
		if err != nil || len(audits) != 2 || audits[0].Actor != "admin" || audits[1].Was["address"] != "127.0.0.1" {
			t.Errorf("audit: %+v, %v", audits, err)
		}
	})
}

func TestUserSettings(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		p.User("eve")
		old := signInAs(t, p, "eve", apptest.Password)
		c.Must(http.StatusOK, "PATCH", "/settings/users",
			object{"password_min_length": 24, "session_hours": 1, "may_create_products": false})
		a := p.Client("eve").
			Must(http.StatusForbidden, "POST", "/products", object{"name": "x"})
		if !strings.Contains(a.Text,
			"Only administrators") {
			t.Errorf("why: %s", a.Text)
		}
		if _, text := getNoRedirect(t, old, p.URL+"/products"); strings.Contains(text, "/products/new") {
			t.Error("the button is shown")
		}
		if status, _ := getNoRedirect(t, old, p.URL+"/products/new"); status != http.StatusForbidden {
			t.Errorf("the form: %d", status)
		}
		newProduct(t, c, "Shop", "")
		if _, err := p.Accounts.Create(t.Context(), account.NewUser{Name: "bob", Password: apptest.Password}); err == nil ||
			!strings.Contains(err.Error(), "At least 24") {
			t.Errorf("a short password: %v", err)
		}
		fresh := signInAs(t, p, "eve", apptest.Password)
		p.Clock.Advance(90 * time.Minute)
		if isSignedIn(t, p, fresh) || !isSignedIn(t, p, old) {
			t.Error("an hour is for sessions that begin now")
		}
	})
}

// The command line applies the settings for users.
func TestCLI_KnowsUserSettings(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	t.Setenv("GATECRIER_DATA_DIR", p.Dir)
	p.Client("admin").Must(http.StatusOK, "PATCH", "/settings/users", object{"password_min_length": 64})
	for password, why := range map[string]string{apptest.Password: "At least 64", "": ""} {
		args := []string{"user", "add", "eve", "--email", "eve@example.com"}
		if password != "" {
			args = append(args, "--password", password)
		}
		if code, _, errs := runCommand(t, args...); (code == 0) != (why == "") || !strings.Contains(errs, why) {
			t.Errorf("%q: %d %s", password, code, errs)
		}
	}
	u, err := p.Store.UserByName(t.Context(), "eve")
	if err != nil {
		t.Fatal(err)
	}
	token := p.Client("eve").Token
	p.Client("admin").Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", u.ID), object{"active": false})
	if code, _, errs := runCommand(t, "gate", "--url", p.URL, "--token", token, "--product", "Shop"); code != 1 ||
		!strings.Contains(errs, "deactivated") {
		t.Errorf("gate: %d %s", code, errs)
	}
	if code, _, errs := runCommand(t, "token", "create", "--user", "eve", "--name", "x"); code != 1 ||
		!strings.Contains(errs, "deactivated") {
		t.Errorf("a token: %d %s", code, errs)
	}
}
