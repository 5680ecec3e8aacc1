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

// takeAddress lets the thief, who knows the password, move the account of eve to another address.
func (w *takeover) takeAddress() {
	w.t.Helper()
	status, _ := submitForm(w.t, newHTTPClient(w.t), w.p.URL+"/login/mail",
		encodeForm("link", linkSecret(w.t, w.confirm)), formKind)
	if status != http.StatusOK {
		w.t.Fatalf("the thief confirms: %d", status)
	}
}

// undo opens a link that undoes a change, presses its button, and returns the page that follows.
func (w *takeover) undo(link string) (int, string) {
	w.t.Helper()
	for range 2 { // viewing it changes nothing
		if !w.opens(link) {
			return http.StatusNotFound, ""
		}
	}
	return postForm(w.t, newHTTPClient(w.t), w.p.URL+"/login/undo", encodeForm("link", linkSecret(w.t, link)))
}

// The old address hears of a change before and after it, and takes the account back, even when the
// thief has changed the password too.
func TestEmailChange_IsUndoneByOldAddress(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		w := newTakeover(t, p, false)
		before := p.Client("eve") // made after the request: revoked by the undo
		w.takeAddress()
		undo := w.box.linkFor(t, "eve@example.com", "/login/undo")
		thief := signInAs(t, p, "eve", apptest.Password)
		status, _ := submitForm(t, thief, p.URL+"/profile/password", encodeForm("current", apptest.Password,
			"new", "the thief's own one", "repeat", "the thief's own one"), formKind)
		if status != http.StatusSeeOther {
			t.Fatalf("the thief changes the password: %d", status)
		}
		p.Clock.Advance(6 * 24 * time.Hour)
		late, _ := w.newTokenBy(signInAs(t, p, "eve", "the thief's own one"), "late", "the thief's own one")
		status, page := w.undo(undo)
		if status != http.StatusOK || !strings.Contains(page, "Choose a password") || !strings.Contains(page, `name="link"`) {
			t.Fatalf("undone: %d %s", status, page)
		}
		w.wantNone("after the undo")
		late.Must(http.StatusUnauthorized, "GET", "/products", nil)
		before.Must(http.StatusUnauthorized, "GET", "/products", nil)
		for _, old := range []string{apptest.Password, "the thief's own one"} {
			if status, _, _ := trySignIn(t, p, "eve", old); status != http.StatusUnauthorized {
				t.Errorf("signs in with %q: %d", old, status)
			}
		}
		if status, _ := w.undo(undo); status != http.StatusNotFound {
			t.Errorf("undone twice: %d", status)
		}
		secret := linkInPage.FindStringSubmatch(page)[1]
		status, _ = submitForm(t, newHTTPClient(t), p.URL+"/login/reset",
			encodeForm("link", secret, "new", freshPassword, "repeat", freshPassword), formKind)
		if status != http.StatusOK {
			t.Errorf("chosen: %d", status)
		}
		p.Clock.Advance(time.Hour)
		signInAs(t, p, "eve", freshPassword)
		audits, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "user", Name: "eve", Limit: 20})
		if err != nil || !strings.Contains(fmt.Sprint(audits), "undone by the link to eve@example.com") {
			t.Errorf("audit: %+v, %v", audits, err)
		}
		if strings.Contains(p.Logged(), linkSecret(t, undo)) {
			t.Error("the link is in the log")
		}
	})
}

// The link to undo a change works for 7 days, and goes to no address that a thief has brought.
func TestEmailUndo_NotForAddressOfThief(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		w := newTakeover(t, p, false)
		w.takeAddress()
		undo := w.box.linkFor(t, "eve@example.com", "/login/undo")
		owner := signInAs(t, p, "eve", apptest.Password)
		w.requestEmail(owner, "eve@new.example") // not by the link
		back := w.box.linkFor(t, "eve@new.example", "/login/mail")
		status, _ := submitForm(t, owner, p.URL+"/login/mail", encodeForm("link", linkSecret(t, back)), formKind)
		if status != http.StatusSeeOther || !isSignedIn(t, p, owner) {
			t.Errorf("confirmed in the own browser: %d", status)
		}
		apptest.Eventually(t, "the thief's address is notified", func() bool {
			mails := w.box.received()
			last := mails[len(mails)-1]
			return last.to == "thief@evil.example" && strings.Contains(last.text, "has changed")
		})
		for _, m := range w.box.received() {
			if m.to == "thief@evil.example" && strings.Contains(m.plainText(), "/login/undo") {
				t.Errorf("the thief can undo it:\n%s", m.plainText())
			}
		}
		if !w.opens(undo) {
			t.Error("the first address cannot undo it any more")
		}
		p.Clock.Advance(7*24*time.Hour + time.Minute)
		if status, _ := w.undo(undo); status != http.StatusNotFound {
			t.Errorf("after 7 days: %d", status)
		}
	})
}

// An administrator who takes charge of an account ends the links that undo a change of its address.
func TestEmailUndo_EndsWithAdministrator(t *testing.T) {
	t.Parallel()
	for name, takesCharge := range map[string]func(w *takeover){
		"reset":        func(w *takeover) { w.admin.Must(http.StatusOK, "POST", w.user+"/password", object{}) },
		"deactivation": func(w *takeover) { w.admin.Must(http.StatusOK, "PATCH", w.user, object{"active": false}) },
		"address": func(w *takeover) {
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"email": "eve@new.example"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := apptest.Start(t, apptest.Options{})
			w := newTakeover(t, p, false)
			w.takeAddress()
			undo := w.box.linkFor(t, "eve@example.com", "/login/undo")
			takesCharge(w)
			w.admin.Must(http.StatusOK, "PATCH", w.user, object{"active": true})
			if status, _ := w.undo(undo); status != http.StatusNotFound {
				t.Errorf("undone: %d", status)
			}
		})
	}
}
