package apptest_test

import (
	"fmt"
	"net/http"
	"testing"

	"gatecrier/app/apptest"
)

const freshPassword = "a quite new password"

// recovery is how the account is taken back from a thief.
type recovery struct {
	name     string
	invite   bool // the password link is one from an administrator
	recover  func(w *takeover)
	keeps    bool   // the token that eve has ticked
	password string // that eve signs in with afterwards; "" = not checked
}

func recoveries() []recovery {
	changes := func(keep bool) func(w *takeover) {
		return func(w *takeover) {
			fields := []string{"current", apptest.Password, "new", freshPassword, "repeat", freshPassword}
			if keep {
				fields = append(fields, "keep", fmt.Sprint(w.keptID))
			}
			status, to := submitForm(w.t, w.owner, w.p.URL+"/profile/password", encodeForm(fields...), formKind)
			if status != http.StatusSeeOther || to != "/" || !isSignedIn(w.t, w.p, w.owner) {
				w.t.Errorf("the owner changes the password: %d to %q", status, to)
			}
		}
	}
	return []recovery{
		{name: "password change", recover: changes(true), keeps: true, password: freshPassword},
		{name: "password change without a tick", recover: changes(false), password: freshPassword},
		{name: "password change by the API", recover: func(w *takeover) {
			w.kept.Must(http.StatusNoContent, "POST", "/password",
				object{"current": apptest.Password, "new": freshPassword, "keep_tokens": []int64{w.keptID}})
		}, keeps: true, password: freshPassword},
		{name: "reset by an administrator", recover: func(w *takeover) {
			w.admin.Must(http.StatusOK, "POST", w.user+"/password", object{})
		}},
		{name: "reset on the command line", invite: true, recover: func(w *takeover) {
			if err := w.p.Accounts.SetPassword(w.t.Context(), "eve", freshPassword, false); err != nil {
				w.t.Fatal(err)
			}
		}, password: freshPassword},
		{name: "deactivation", recover: func(w *takeover) {
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"active": false})
		}},
		{name: "deactivation and activation", invite: true, recover: func(w *takeover) {
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"active": false})
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"active": true})
		}, password: apptest.Password},
		{name: "another address by eve", recover: func(w *takeover) {
			w.requestEmail(w.owner, "eve@new.example")
			link := linkSecret(w.t, w.box.linkFor(w.t, "eve@new.example", "/login/mail"))
			status, _ := submitForm(w.t, newHTTPClient(w.t), w.p.URL+"/login/mail",
				encodeForm("link", link, "keep", fmt.Sprint(w.keptID)), formKind)
			if status != http.StatusOK {
				w.t.Errorf("confirmed: %d", status)
			}
		}, keeps: true, password: apptest.Password},
		{name: "another address by an administrator", invite: true, recover: func(w *takeover) {
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"email": "eve@new.example"})
		}, password: apptest.Password},
	}
}

// What a thief has made of a stolen session ends when the account is taken back, whichever way.
func TestTakeover_EndsWithEachRecovery(t *testing.T) {
	t.Parallel()
	for _, r := range recoveries() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, p *apptest.Program) {
				w := newTakeover(t, p, r.invite)
				w.wantAll()
				r.recover(w)
				w.wantNone("after the " + r.name)
				status := w.kept.Do("GET", "/products", nil).Status
				if r.keeps != (status == http.StatusOK) {
					t.Errorf("the token of the owner: %d", status)
				}
				if r.password != "" {
					signInAs(t, p, "eve", r.password)
				}
			})
		})
	}
}
