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

// With a session alone, without the password, nothing can be made that outlives it.
func TestSessionAlone_MakesNothingThatOutlivesIt(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	box := enableMail(t, p)
	newProduct(t, p.Client("admin"), "Shop", "")
	p.Client("admin").Must(http.StatusOK, "PATCH", "/users/1",
		object{"email": "admin@example.org", "password": apptest.Password, "keep_tokens": true})
	stolen := signInAdmin(t, p)
	for _, wrong := range []string{"", "guessed"} {
		for path, fields := range map[string][]string{
			"/profile":            {"email", "thief@evil.example"},
			"/profile?removed":    {"email", ""},
			"/admin/users/1":      {"email", "thief@evil.example"},
			"/profile/tokens":     {"name", "thief"},
			"/profile/feed":       {},
			"/products/1/tokens":  {"name", "thief", "role", "upload", "expires", "never"},
			"/profile/password":   {"new", "chosen by the thief", "repeat", "chosen by the thief"},
			"/profile/password?x": {"current", "", "new", "chosen by the thief", "repeat", "chosen by the thief"},
		} {
			status, page := postForm(t, stolen, p.URL+path, encodeForm(append(fields, "password", wrong)...))
			if status != http.StatusUnprocessableEntity && status != http.StatusTooManyRequests ||
				strings.Contains(page, "gct_") || strings.Contains(page, ".atom") {
				t.Errorf("%s with the password %q: %d", path, wrong, status)
			}
		}
		p.Clock.Advance(time.Hour) // wrong tries are slowed down
	}
	u, err := p.Store.User(t.Context(), 1)
	tokens, err2 := p.Store.TokensOf(t.Context(), 1)
	if err != nil || err2 != nil || u.EmailPending != "" || strings.Contains(u.Email, "thief") || len(tokens) != 3 {
		t.Errorf("%+v, %d tokens, %v, %v", u, len(tokens), err, err2)
	}
	if mails := box.received(); len(mails) > 0 {
		t.Errorf("%d mails", len(mails))
	}
	// A token of an administrator cannot move the account to another address either.
	api := p.Client("admin")
	a := api.Must(http.StatusUnprocessableEntity, "PATCH", "/users/1", object{"email": "thief@evil.example"})
	if a.Get("errors.0.name") != "password" {
		t.Error(a.Text)
	}
}

// A request that began before the credentials ended makes nothing that is valid after them.
func TestRequestInFlight_MakesNoCredentialAfterTheChange(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		user := fmt.Sprintf("/users/%d", p.User("eve").ID)
		for path, fields := range map[string]string{
			"/profile/tokens": "name=late&role=&expires=&password=correct+horse+battery",
			"/profile/feed":   "password=correct+horse+battery",
			"/profile":        "email=&first_name=x&time_zone=&theme=&password=correct+horse+battery",
		} {
			eve := signInAs(t, p, "eve", apptest.Password)
			body, rest := io.Pipe()
			answer := make(chan string, 1)
			go func() {
				status, page := postForm(t, eve, p.URL+path, body)
				answer <- fmt.Sprint(status, page)
			}()
			if _, err := rest.Write([]byte("x=y&")); err != nil {
				t.Fatal(err)
			}
			admin.Must(http.StatusOK, "PATCH", user, object{"active": false})
			admin.Must(http.StatusOK, "PATCH", user, object{"active": true})
			if _, err := rest.Write([]byte(fields)); err != nil {
				t.Fatal(err)
			}
			if err := rest.Close(); err != nil {
				t.Fatal(err)
			}
			if got := <-answer; strings.HasPrefix(got, "200") || strings.Contains(got, "gct_") {
				t.Errorf("%s: %.200s", path, got)
			}
		}
		u, err := p.Store.UserByName(t.Context(), "eve")
		tokens, err2 := p.Store.TokensOf(t.Context(), u.ID)
		if err != nil || err2 != nil || len(tokens) != 0 || u.FirstName != "" || u.Email != "eve@example.com" {
			t.Errorf("%+v, %d tokens, %v, %v", u, len(tokens), err, err2)
		}
		if _, err := p.Store.FeedOf(t.Context(), u.ID); err == nil {
			t.Error("there is a feed")
		}
	})
}

// A token does nothing while its user must change the password, and says why.
func TestToken_WaitsForItsUsersPassword(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		made := admin.Must(http.StatusCreated, "POST", "/users", object{"name": "eve", "email": "eve@example.org"})
		password, _ := made.Get("password").(string)
		token := p.Client("eve")
		for _, call := range [][2]string{
			{"GET", "/products"}, {"POST", "/tokens"}, {"POST", "/feed"}, {"POST", "/password"}, {"GET", "/feed"},
		} {
			a := token.Must(http.StatusForbidden, call[0], call[1], object{"name": "x", "current": password, "new": "x"})
			if !strings.Contains(a.Text, "must change their password first") || a.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("%v: %s", call, a.Text)
			}
		}
		eve := signInAs(t, p, "eve", password)
		id := fmt.Sprint(lastToken(t, p, "eve"))
		status, _ := submitForm(t, eve, p.URL+"/profile/password", encodeForm("current", password,
			"new", freshPassword, "repeat", freshPassword, "keep", id), formKind)
		if status != http.StatusSeeOther {
			t.Fatalf("changed: %d", status)
		}
		token.Must(http.StatusOK, "GET", "/products", nil)
	})
}

// lastToken returns the id of the newest token of a user.
func lastToken(t *testing.T, p *apptest.Program, name string) int64 {
	t.Helper()
	u, err := p.Store.UserByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := p.Store.NewestToken(t.Context(), u.ID)
	if err != nil || id == 0 {
		t.Fatalf("no token: %v", err)
	}
	return id
}

// A password change keeps the ticked tokens alone, refuses those of others, and is audited.
func TestPasswordChange_AsksAboutEachToken(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		old, kept, foreign := p.Client("eve"), p.Client("eve"), p.Client("admin")
		keptID := lastToken(t, p, "eve")
		eve := signInAs(t, p, "eve", apptest.Password)
		_, page := getNoRedirect(t, eve, p.URL+"/profile/password")
		box := fmt.Sprintf(`name="keep" value="%d"`, keptID)
		if !strings.Contains(page, box) || strings.Contains(page, box+" checked") {
			t.Errorf("tokens that eve has not decided about are ticked, or missing")
		}
		change := func(current, fresh string, keep ...string) (int, string) {
			fields := []string{"current", current, "new", fresh, "repeat", fresh}
			for _, id := range keep {
				fields = append(fields, "keep", id)
			}
			return postForm(t, eve, p.URL+"/profile/password", encodeForm(fields...))
		}
		for _, bad := range []string{fmt.Sprint(lastToken(t, p, "admin")), "x", "99999"} {
			if status, page := change(apptest.Password, freshPassword, bad); status != http.StatusUnprocessableEntity ||
				!strings.Contains(fieldErrors(page), "token") {
				t.Errorf("keep %s: %d %s", bad, status, fieldErrors(page))
			}
		}
		a := kept.Must(http.StatusUnprocessableEntity, "POST", "/password",
			object{"current": apptest.Password, "new": freshPassword, "keep_tokens": []int64{99999}})
		if a.Get("errors.0.name") != "keep_tokens" {
			t.Error(a.Text)
		}
		old.Must(http.StatusOK, "GET", "/products", nil) // nothing has changed so far
		p.Clock.Advance(time.Second)
		if status, _ := change(apptest.Password, freshPassword, fmt.Sprint(keptID)); status != http.StatusSeeOther {
			t.Fatalf("changed: %d", status)
		}
		old.Must(http.StatusUnauthorized, "GET", "/products", nil)
		kept.Must(http.StatusOK, "GET", "/products", nil)
		foreign.Must(http.StatusOK, "GET", "/products", nil)
		if _, page := getNoRedirect(t, eve, p.URL+"/profile/password"); !strings.Contains(page, box+" checked") {
			t.Error("a token that eve has kept is not ticked the next time")
		}
		audits, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "token", Name: "test", Limit: 5})
		if err != nil || audits[0].Action != "delete" || audits[0].Actor != "eve" || audits[0].Was["user"] != "eve" {
			t.Errorf("audit: %+v, %v", audits, err)
		}
	})
}
