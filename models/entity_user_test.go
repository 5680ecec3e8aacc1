package models_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

func (w world) users(f models.UserFilter) []string {
	w.t.Helper()
	if f.Limit == 0 {
		f.Limit = 100
	}
	rows, err := w.s.Users(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, u := range rows {
		names = append(names, u.Name)
	}
	return names
}

func TestUsersAreListed(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		w.product("ours", ann)
		w.write(func(tx *models.Tx) error {
			for _, u := range []models.User{
				{Name: "Bob", FirstName: "Robert", Email: "b_b@example.org", Active: true, Administrator: true},
				{Name: "cleo", Email: "c%d@example.org"},
				{Name: "Dora", Active: true, Email: "BOB@example.org"},
			} {
				if err := tx.CreateUser(&u); err != nil {
					return err
				}
			}
			if err := tx.SignedIn(ann); err != nil {
				return err
			}
			later, earlier := tx.Now().Add(time.Hour), tx.Now().Add(-time.Hour)
			for token, expiry := range map[string]time.Time{"a": later, "b": later, "c": earlier} {
				if err := tx.SaveSession(models.Session{Token: token, Data: []byte{1}, UserID: ann, Expiry: expiry}); err != nil {
					return err
				}
			}
			return nil
		})
		yes, no := true, false
		for _, test := range []struct {
			f    models.UserFilter
			want []string
		}{
			{models.UserFilter{}, []string{"ann", "Bob", "cleo", "Dora"}},
			{models.UserFilter{Limit: 2}, []string{"ann", "Bob"}},
			{models.UserFilter{Place: models.Place{Key: "BOB"}}, []string{"cleo", "Dora"}},
			{models.UserFilter{Text: "bob"}, []string{"Bob", "Dora"}},
			{models.UserFilter{Text: "ROBERT"}, []string{"Bob"}},
			{models.UserFilter{Text: "_"}, []string{"Bob"}},
			{models.UserFilter{Text: "%"}, []string{"cleo"}},
			{models.UserFilter{Active: &no}, []string{"cleo"}},
			{models.UserFilter{Administrator: &yes}, []string{"Bob"}},
			{models.UserFilter{Active: &yes, Administrator: &no}, []string{"ann", "Dora"}},
		} {
			if got := w.users(test.f); !slices.Equal(got, test.want) {
				t.Errorf("%+v: %v, want %v", test.f, got, test.want)
			}
		}
		u, err := w.s.UserRow(t.Context(), ann)
		if err != nil || u.Sessions != 2 || u.Memberships != 1 || u.LastSignInAt.IsZero() || u.PasswordHash != "" {
			t.Errorf("ann: %+v, %v", u, err)
		}
		if _, err := w.s.UserRow(t.Context(), 77); !fault.Is(err, fault.NotFound) {
			t.Errorf("no user: %v", err)
		}
		if n, err := w.s.CountAdministrators(t.Context()); err != nil || n != 1 {
			t.Errorf("%d administrators, %v", n, err)
		}
		if list, err := w.s.UsersByEmail(t.Context(), "bob@EXAMPLE.org", 5); err != nil || len(list) != 1 ||
			list[0].Name != "Dora" {
			t.Errorf("by mail: %+v, %v", list, err)
		}
	})
}

// A link is for one purpose, works once and for a time, and a newer one ends it.
func TestLinksOfUsers(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		link := func(hash string, purpose models.LinkPurpose) models.UserLink {
			l := models.UserLink{
				Hash:      []byte(hash),
				UserID:    ann,
				Purpose:   purpose,
				Email:     "a@example.org",
				ExpiresAt: w.s.Now().Add(time.Hour),
			}
			w.write(func(tx *models.Tx) error { return tx.CreateUserLink(l) })
			return l
		}
		works := func(hash string, purpose models.LinkPurpose, want bool) {
			t.Helper()
			l, err := w.s.UserLink(t.Context(), purpose, []byte(hash))
			if (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) ||
				want && (l.UserID != ann || l.Email != "a@example.org") {
				t.Errorf("%s for %s: %+v, %v", hash, purpose, l, err)
			}
		}
		link("old", models.LinkPassword)
		mail := link("mail", models.LinkEmail)
		used := link("new", models.LinkPassword)
		works("old", models.LinkPassword, false)
		works("new", models.LinkPassword, true)
		works("mail", models.LinkEmail, true)
		works("mail", models.LinkPassword, false)

		var wg sync.WaitGroup
		ends := make([]error, 4)
		for i := range ends {
			wg.Go(func() {
				ends[i] = w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.UseUserLink(used) })
			})
		}
		wg.Wait()
		took := 0
		for _, err := range ends {
			if err == nil {
				took++
			} else if !fault.Is(err, fault.NotFound) {
				t.Error(err)
			}
		}
		if took != 1 {
			t.Errorf("%d took the link", took)
		}
		works("new", models.LinkPassword, false)
		w.clock.Advance(time.Hour)
		works("mail", models.LinkEmail, false)
		if err := w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.UseUserLink(mail) }); !fault.Is(
			err, fault.NotFound,
		) {
			t.Errorf("too late: %v", err)
		}
		w.clock.Advance(time.Second)
		w.write(func(tx *models.Tx) error {
			n, err := tx.DeleteOldUserLinks(10)
			if err == nil && n != 2 {
				err = fmt.Errorf("%d forgotten", n)
			}
			return err
		})
	})
}
