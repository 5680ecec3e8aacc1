package apptest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// adminTakeover is a thief with a copy of the cookie of eve, an administrator.
type adminTakeover struct {
	t      *testing.T
	p      *apptest.Program
	admin  *apptest.Client // of another administrator
	user   string          // eve's path in the API
	owner  *http.Client    // eve's own browser
	stolen *http.Client
	forms  map[string]guardedForm
}

func newAdminTakeover(t *testing.T, p *apptest.Program) *adminTakeover {
	t.Helper()
	enableMail(t, p)
	w := &adminTakeover{t: t, p: p, admin: p.Client("admin")}
	w.user = fmt.Sprintf("/users/%d", p.User("eve").ID)
	w.admin.Must(http.StatusOK, "PATCH", w.user, object{"administrator": true})
	bob, carol := p.User("bob").ID, p.User("carol").ID
	w.admin.Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", carol), object{"active": false})
	hook := newProduct(t, w.admin, "Shop", apptest.NewReceiver(t).URL).target
	w.admin.Must(http.StatusCreated, "POST", newProduct(t, w.admin, "Bank", "").path+"/ingest-key", nil)
	w.forms = guardedForms(bob, carol, hook)
	w.forms["create a token"] = guardedForm{"/profile/tokens", []string{"name", "thief"}, http.StatusOK}
	w.forms["create a feed"] = guardedForm{"/profile/feed", nil, http.StatusOK}
	w.forms["create a token of a product"] = guardedForm{
		"/products/1/tokens", []string{"name", "thief", "role", "upload", "expires", "never"}, http.StatusOK,
	}
	w.owner = signInAs(t, p, "eve", apptest.Password)
	home, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.stolen = newHTTPClient(t)
	w.stolen.Jar.SetCookies(home, w.owner.Jar.Cookies(home))
	return w
}

// try sends a form with the stolen session.
func (w *adminTakeover) try(name, password string) (status int, to string) {
	w.t.Helper()
	f := w.forms[name]
	return submitForm(w.t, w.stolen, w.p.URL+f.path,
		encodeForm(append(f.version(w.t, w.admin), "password", password)...), formKind)
}

// audited returns the number of changes by eve in the audit log.
func (w *adminTakeover) audited() int {
	w.t.Helper()
	list, err := w.p.Store.Audits(w.t.Context(), models.AuditFilter{Actor: "eve", Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// The session of an administrator changes nothing without the password. With it, each change is in the
// audit log, and all ways end when the account is taken back.
func TestAdministratorTakeover_EndsWithEachRecovery(t *testing.T) {
	t.Parallel()
	for name, recovers := range map[string]func(w *adminTakeover){
		"password change": func(w *adminTakeover) {
			status, _ := submitForm(w.t, w.owner, w.p.URL+"/profile/password",
				encodeForm("current", apptest.Password, "new", freshPassword, "repeat", freshPassword), formKind)
			if status != http.StatusSeeOther || !isSignedIn(w.t, w.p, w.owner) {
				w.t.Errorf("the owner changes the password: %d", status)
			}
		},
		"reset by another administrator": func(w *adminTakeover) {
			w.admin.Must(http.StatusOK, "POST", w.user+"/password", object{})
		},
		"reset on the command line": func(w *adminTakeover) {
			if err := w.p.Accounts.SetPassword(w.t.Context(), "eve", freshPassword, false); err != nil {
				w.t.Fatal(err)
			}
		},
		"deactivation": func(w *adminTakeover) {
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"active": false})
		},
		"another address by an administrator": func(w *adminTakeover) {
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"email": "eve@new.example"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, p *apptest.Program) {
				w := newAdminTakeover(t, p)
				names := slices.Sorted(maps.Keys(w.forms))
				was := w.audited()
				for _, name := range names {
					if status, _ := w.try(name, ""); status != http.StatusUnprocessableEntity {
						t.Errorf("%s without the password: %d", name, status)
					}
				}
				if got := w.audited(); got != was {
					t.Errorf("%d changes without the password", got-was)
				}
				for _, name := range names {
					before := w.audited()
					if status, to := w.try(name, apptest.Password); status != w.forms[name].works {
						t.Errorf("%s with the password: %d to %q", name, status, to)
					}
					if got := w.audited(); got != before+1 {
						t.Errorf("%s: %d entries in the audit log", name, got-before)
					}
				}
				p.Clock.Advance(time.Second)
				recovers(w)
				if isSignedIn(t, p, w.stolen) {
					t.Error("the stolen session is valid")
				}
				w.checkCredentials()
				was = w.audited()
				for _, name := range names {
					for _, password := range []string{"", apptest.Password, freshPassword} {
						if status, to := w.try(name, password); !strings.HasPrefix(to, "/login") {
							t.Errorf("%s afterwards: %d to %q", name, status, to)
						}
					}
				}
				if got := w.audited(); got != was {
					t.Errorf("%d changes afterwards", got-was)
				}
			})
		})
	}
}

// checkCredentials fails the test if eve still has a valid token or a feed.
func (w *adminTakeover) checkCredentials() {
	w.t.Helper()
	u, err := w.p.Store.UserByName(w.t.Context(), "eve")
	if err != nil {
		w.t.Fatal(err)
	}
	tokens, err := w.p.Store.TokensOf(w.t.Context(), u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, token := range tokens {
		if token.CredentialsFrom == u.CredentialsFrom {
			w.t.Errorf("the token %s is valid", token.Name)
		}
	}
	if _, err := w.p.Store.FeedOf(w.t.Context(), u.ID); err == nil {
		w.t.Error("there is a feed")
	}
}
