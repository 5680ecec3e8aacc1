package models_test

import (
	"testing"
	"time"

	"gatecrier/models"
)

// All credentials of a user carry the time since when they are valid, and a renewal ends them, also
// those that are written only after it. The time grows even if the clock goes back.
func TestRenewCredentials_EndsWhatCarriesTheOldTime(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		before, err := w.s.User(t.Context(), ann)
		if err != nil {
			t.Fatal(err)
		}
		in := w.s.Now().Add(time.Hour)
		issue := func(u models.User, name string) {
			w.write(func(tx *models.Tx) error {
				s := models.Session{Token: name, UserID: u.ID, CredentialsFrom: u.CredentialsFrom, Data: []byte{1}, Expiry: in}
				if err := tx.SaveSession(s); err != nil {
					return err
				}
				for _, purpose := range []models.LinkPurpose{models.LinkPassword, models.LinkEmail, models.LinkUndo} {
					l := models.UserLink{
						Hash: []byte(name + string(purpose)), UserID: u.ID, Purpose: purpose, Email: "a@example.org",
						ExpiresAt: in, CredentialsFrom: u.CredentialsFrom,
					}
					if err := tx.CreateUserLink(l); err != nil {
						return err
					}
				}
				return tx.SaveFeed(u, []byte(name))
			})
		}
		valid := func(name string, want bool) {
			t.Helper()
			_, session, err := w.s.Session(t.Context(), name)
			if err != nil || session != want {
				t.Errorf("session %s: %v, %v", name, session, err)
			}
			for purpose, want := range map[models.LinkPurpose]bool{
				models.LinkPassword: want, models.LinkEmail: want, models.LinkUndo: true, // it outlives them
			} {
				if _, err := w.s.UserLink(t.Context(), purpose, []byte(name+string(purpose))); (err == nil) != want {
					t.Errorf("%s link %s: %v", purpose, name, err)
				}
			}
			if _, _, err := w.s.FeedReader(t.Context(), []byte(name)); (err == nil) != want {
				t.Errorf("feed %s: %v", name, err)
			}
			if _, err := w.s.FeedOf(t.Context(), ann); (err == nil) != want {
				t.Errorf("feed of %s: %v", name, err)
			}
			open, err := w.s.SessionsOf(t.Context(), ann)
			row, err2 := w.s.UserRow(t.Context(), ann)
			if err != nil || err2 != nil || (len(open) == 1) != want || row.Sessions != len(open) {
				t.Errorf("%s: %d sessions, %d in the row, %v, %v", name, len(open), row.Sessions, err, err2)
			}
		}
		issue(before, "first")
		valid("first", true)
		renew := func() (u models.User) {
			w.write(func(tx *models.Tx) error {
				var err error
				if u, err = tx.LockUser(ann); err != nil {
					return err
				}
				if err := tx.RenewCredentials(&u); err != nil {
					return err
				}
				return tx.SaveUser(&u)
			})
			return u
		}
		now := renew()
		valid("first", false)
		issue(before, "late") // by a request that began before the renewal
		valid("late", false)
		issue(now, "second")
		valid("second", true)
		w.clock.Advance(-time.Hour)
		if again := renew(); again.CredentialsFrom <= now.CredentialsFrom {
			t.Errorf("%d after %d", again.CredentialsFrom, now.CredentialsFrom)
		}
		valid("second", false)
	})
}

// A token is valid with the time of its user, which those that are kept get.
func TestKeepTokens_RevokesTheOthers(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, bob := w.user("ann"), w.user("bob")
		ids := map[string]int64{}
		for name, user := range map[string]int64{"kept": ann, "gone": ann, "bob's": bob} {
			token := models.Token{UserID: &user, Name: name, Hash: []byte(name)}
			w.write(func(tx *models.Tx) error { return tx.CreateToken(&token) })
			ids[name] = token.ID
		}
		u := models.User{ID: ann, CredentialsFrom: 7}
		w.write(func(tx *models.Tx) error { return tx.KeepTokens(u, []int64{ids["gone"], ids["bob's"]}) })
		for name, from := range map[string]int64{"kept": 7, "gone": -1, "bob's": 0} {
			b, err := w.s.Bearer(t.Context(), []byte(name))
			if from < 0 != (err != nil) || err == nil && b.Token.CredentialsFrom != from {
				t.Errorf("%s: %+v, %v", name, b, err)
			}
		}
		newest, err := w.s.NewestToken(t.Context(), ann)
		none, err2 := w.s.NewestToken(t.Context(), 9999)
		if err != nil || err2 != nil || newest != ids["kept"] || none != 0 {
			t.Errorf("newest: %d and %d, %v, %v", newest, none, err, err2)
		}
	})
}
