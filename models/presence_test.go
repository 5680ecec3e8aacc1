package models_test

import (
	"context"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// instances opens a PostgreSQL for several instances, with or without PgBouncer in between.
func instances(t *testing.T, n int, pooled bool) (url string, list []*models.Store) {
	t.Helper()
	url = modelstest.MigratedURL(t)
	at := url
	if pooled {
		at = modelstest.Pooled(t, url, 10)
	}
	for range n {
		s, err := models.Open(t.Context(), models.Options{URL: at})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		list = append(list, s)
	}
	return url, list
}

func isPresent(t *testing.T, s *models.Store, instance string) (present bool) {
	t.Helper()
	write(t, s, func(tx *models.Tx) (err error) { present, err = tx.IsPresent(instance); return err })
	return present
}

func receive(t *testing.T, from <-chan bool, want bool) {
	t.Helper()
	select {
	case got := <-from:
		if got != want {
			t.Fatalf("presence is held: %v, want %v", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("presence is not %v", want)
	}
}

// An instance is present until it ends, and gets its presence back after its connection was lost.
func TestPresence_EndsWithTheInstance(t *testing.T) {
	for name, pooled := range map[string]bool{"direct": false, "behind PgBouncer": true} {
		t.Run(name, func(t *testing.T) {
			url, stores := instances(t, 2, pooled)
			one, two := stores[0], stores[1]
			ctx, end := context.WithCancel(t.Context())
			defer end()
			held, ended := make(chan bool, 10), make(chan struct{})
			go func() {
				defer close(ended)
				one.HoldPresence(ctx, "one", func(ok bool) { held <- ok })
			}()
			receive(t, held, true)
			if !isPresent(t, two, "one") || isPresent(t, two, "other") {
				t.Error("present instances are not seen as they are")
			}
			modelstest.Exec(t, url, `SELECT pg_terminate_backend(pid) FROM pg_locks
				WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
			receive(t, held, false)
			receive(t, held, true)
			if !isPresent(t, two, "one") {
				t.Error("a presence that is back is not seen")
			}
			end()
			<-ended
			for deadline := time.Now().Add(time.Minute); isPresent(t, two, "one"); { // the server notices the end
				if time.Now().After(deadline) {
					t.Fatal("an instance is present after its end")
				}
			}
		})
	}
}

// A lock of a transaction excludes other instances until its end.
func TestTryLock_EndsWithTheTransaction(t *testing.T) {
	for name, pooled := range map[string]bool{"direct": false, "behind PgBouncer": true} {
		t.Run(name, func(t *testing.T) {
			_, stores := instances(t, 2, pooled)
			try := func(s *models.Store) (locked bool) {
				write(t, s, func(tx *models.Tx) (err error) { locked, err = tx.TryLock("work"); return err })
				return locked
			}
			write(t, stores[0], func(tx *models.Tx) error {
				locked, err := tx.TryLock("work")
				if !locked || try(stores[1]) {
					t.Error("two instances have the lock")
				}
				return err
			})
			if !try(stores[1]) {
				t.Error("the lock is not free after the transaction")
			}
		})
	}
}
