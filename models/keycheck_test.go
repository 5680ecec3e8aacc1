package models_test

import (
	"bytes"
	"testing"

	"gatecrier/app/secret"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestKeyCheck(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		ring, err := secret.NewRing(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		opened := func() string {
			t.Helper()
			place, sealed, err := s.KeyCheck(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			text, err := ring.Open(place, sealed)
			if err != nil {
				t.Error(err)
			}
			return text
		}
		seal := func(place, plain string) secret.Text {
			t.Helper()
			sealed, err := ring.Seal(place, plain)
			if err != nil {
				t.Error(err)
			}
			return sealed
		}
		if got := opened(); got != "" {
			t.Errorf("in an empty database: %q", got)
		}
		write(t, s, func(tx *models.Tx) error {
			return tx.CreateConnection(&models.Connection{Module: "m", Name: "n"}, func(place string) (secret.Text, error) {
				return ring.Seal(place, "a target's")
			})
		})
		if got := opened(); got != "a target's" {
			t.Errorf("without a value of its own: %q", got)
		}
		for _, plain := range []string{"first", "second"} {
			write(t, s, func(tx *models.Tx) error { return tx.SaveKeyCheck(seal(models.KeyCheckPlace, plain)) })
			if got := opened(); got != "first" {
				t.Errorf("after %s: %q", plain, got)
			}
		}
	})
}
