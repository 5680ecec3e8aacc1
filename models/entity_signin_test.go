package models_test

import (
	"fmt"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// A wait ends within its own maximum after the clock was a day ahead, and failures are forgotten.
func TestTrySignIn_ClockJumps(t *testing.T) {
	clock := modelstest.NewClock(time.Now())
	modelstest.EachAt(t, clock.Now, func(t *testing.T, s *models.Store) {
		try := models.SignInTry{
			Limits: []models.SignInLimit{{Key: "name", Free: 2, Max: 15 * time.Minute}},
			Crowd:  models.SignInLimit{Key: "crowd", Free: 3},
		}
		tries := func() (until time.Time) {
			t.Helper()
			err := s.Write(t.Context(), func(tx *models.Tx) error {
				var err error
				until, err = tx.TrySignIn(try)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return until
		}
		clock.Advance(24 * time.Hour)
		for range 2 {
			if until := tries(); !until.IsZero() {
				t.Errorf("a free try waits until %v", until)
			}
		}
		if until := tries(); until.IsZero() {
			t.Error("the third try does not wait")
		}
		clock.Advance(-24 * time.Hour)
		if until := tries(); !until.IsZero() {
			t.Errorf("after the clock was set back, a try waits until %v", until)
		}
		clock.Advance(49 * time.Hour)
		var n int64
		err := s.Write(t.Context(), func(tx *models.Tx) error {
			var err error
			n, err = tx.DeleteOldSignIns(10)
			return err
		})
		if err != nil || n != 2 {
			t.Errorf("%d old rows deleted, %v", n, err)
		}
		clock.Advance(-25 * time.Hour)
	})
}

// The networks of a user are bounded: the oldest are forgotten, and all after KnownTime.
func TestRemember_IsBounded(t *testing.T) {
	clock := modelstest.NewClock(time.Now())
	modelstest.EachAt(t, clock.Now, func(t *testing.T, s *models.Store) {
		u := models.User{Name: "eve", Active: true}
		err := s.Write(t.Context(), func(tx *models.Tx) error { return tx.CreateUser(&u) })
		if err != nil {
			t.Fatal(err)
		}
		for i := range 15 {
			clock.Advance(time.Minute)
			err := s.Write(t.Context(), func(tx *models.Tx) error {
				return tx.Remember(u.ID, models.KnownNetwork, fmt.Sprint("network ", i))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		known := func(i int) bool {
			byNetwork, byDevice, err := s.Known(t.Context(), "EVE", fmt.Sprint("network ", i), "network 14")
			if err != nil || byDevice {
				t.Errorf("a device: %t, %v", byDevice, err)
			}
			return byNetwork
		}
		for i := range 15 {
			if known(i) != (i >= 5) {
				t.Errorf("network %d is known: %t", i, known(i))
			}
		}
		clock.Advance(models.KnownTime + time.Minute)
		if known(14) {
			t.Error("the network is known forever")
		}
		var n int64
		err = s.Write(t.Context(), func(tx *models.Tx) error {
			n, err = tx.DeleteOldClients(100)
			return err
		})
		if err != nil || n != 10 {
			t.Errorf("%d old networks deleted, %v", n, err)
		}
	})
}
