package models_test

import (
	"bytes"
	"testing"
	"time"

	"gatecrier/app/secret"
	"gatecrier/models"
)

// What a dead instance was sending is due at once; what a live one sends is not.
func TestAccountMail_OfDeadInstanceIsDue(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		u := w.user("eve")
		ring, err := secret.NewRing(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		content, err := ring.Seal("x", "y")
		if err != nil {
			t.Fatal(err)
		}
		w.write(func(tx *models.Tx) error {
			m := models.AccountMail{ID: "account_1", UserID: u, Content: content, ExpiresAt: tx.Now().Add(time.Hour)}
			return tx.CreateAccountMail(m)
		})
		claim := func() (n int) {
			w.write(func(tx *models.Tx) error {
				list, err := tx.ClaimAccountMails(models.NewClaim("gone", true), tx.Now().Add(time.Minute), 10)
				n = len(list)
				return err
			})
			return n
		}
		if claim() != 1 || claim() != 0 {
			t.Fatal("it is not claimed once")
		}
		if w.s.Dialect() == models.Postgres {
			list, err := w.s.OtherSenders(t.Context(), "me")
			if err != nil || len(list) != 1 || list[0] != "gone" {
				t.Errorf("senders: %v, %v", list, err)
			}
			w.write(func(tx *models.Tx) error { _, err := tx.ReturnOfAbsent("gone"); return err })
		} else {
			w.write(func(tx *models.Tx) error { _, err := tx.ReturnAll(); return err })
		}
		if claim() != 1 {
			t.Error("it is not due")
		}
	})
}
