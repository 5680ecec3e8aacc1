package account

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// subjects sends what is due, and returns the titles and the texts of it.
func (w *mailWorld) subjects() (titles []string, texts string) {
	w.mailer.mu.Lock()
	w.mailer.messages = nil
	w.mailer.mu.Unlock()
	for range 3 {
		w.sendMails(w.t.Context())
	}
	for _, m := range w.mailer.messages {
		titles, texts = append(titles, m.Title), texts+m.Title+"\n"+m.Why+"\n"+m.Link+"\n"
	}
	return titles, texts
}

const oldPassword = "a good long password"

func TestNotice_OfTokensAndPasswords(t *testing.T) {
	eachMailWorld(t, func(w *mailWorld) {
		ctx := WithRequest(t.Context(), "192.0.2.7", 0)
		me := func() authz.Actor {
			u, err := w.store.User(ctx, w.user.ID)
			if err != nil {
				t.Fatal(err)
			}
			return authz.UserActor(u)
		}
		_, text, err := w.AddToken(ctx, me(), Proof{Password: oldPassword}, NewToken{Name: "ci", Role: models.RoleReader})
		if err != nil {
			t.Fatal(err)
		}
		titles, texts := w.subjects()
		if !slices.Equal(titles, []string{`A new API token "ci" was created`}) || strings.Contains(texts, text) {
			t.Errorf("a token: %q", texts)
		}
		for _, part := range []string{"1 March 2026 at 12:00 UTC, from 192.0.2.7", "If it was not you", "/profile"} {
			if !strings.Contains(texts, part) {
				t.Errorf("no %q in %q", part, texts)
			}
		}
		const next = "another good long password"
		if _, err := w.ChangePassword(ctx, me(), PasswordChange{Current: oldPassword, New: next}); err != nil {
			t.Fatal(err)
		}
		if titles, texts := w.subjects(); !slices.Equal(titles, []string{"The password of your account was changed"}) ||
			strings.Contains(texts, next) {
			t.Errorf("a password: %q", texts)
		}
		admin, err := w.Create(ctx, NewUser{Name: "root", Password: oldPassword, Administrator: true})
		if err != nil {
			t.Fatal(err)
		}
		r := Reset{Password: oldPassword}
		if _, err := w.ResetPassword(ctx, authz.UserActor(admin), w.user.ID, r); err != nil {
			t.Fatal(err)
		}
		if titles, texts := w.subjects(); len(titles) != 1 || !strings.Contains(texts, "An administrator has reset") {
			t.Errorf("a reset: %q", texts)
		}
		// A user without an address gets none, and nothing fails.
		by := PasswordChange{Current: oldPassword, New: next}
		if _, err := w.ChangePassword(ctx, authz.UserActor(admin), by); err != nil {
			t.Fatal(err)
		}
		if titles, _ := w.subjects(); len(titles) != 0 {
			t.Errorf("without an address: %q", titles)
		}
	})
}

// Calls with a token can create tokens over and over: the emails about them are slowed down, but the first one and
// those about passwords are not.
func TestNotice_IsBounded(t *testing.T) {
	eachMailWorld(t, func(w *mailWorld) {
		for i := range 3 * freeNotices {
			w.write(func(tx *models.Tx) error { return w.Notify(tx, w.user, TokenNotice(strconv.Itoa(i), "")) })
		}
		w.write(func(tx *models.Tx) error { return w.Notify(tx, w.user, passwordNotice(false)) })
		n := len(w.mailer.sent)
		w.sendMails(t.Context())
		if got := len(w.mailer.sent) - n; got < 2 || got > freeNotices+2 {
			t.Errorf("%d emails", got)
		}
		w.clock.Advance(maxNoticeWait + time.Second)
		w.write(func(tx *models.Tx) error { return w.Notify(tx, w.user, TokenNotice("later", "")) })
		if titles, _ := w.subjects(); len(titles) != 1 {
			t.Errorf("after the wait: %q", titles)
		}
	})
}
