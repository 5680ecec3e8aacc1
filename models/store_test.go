package models_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// The log names the function that a caller passed to Write, not the Store's wrapper around it.
func TestWrite_LogNamesTheCallersClosure(t *testing.T) {
	var out bytes.Buffer
	s, err := models.Open(t.Context(), models.Options{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
		Log: slog.New(slog.NewTextHandler(&out, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, slowClosure)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "closure=gatecrier/models_test.slowClosure") {
		t.Errorf("log: %s", &out)
	}
}

// slowClosure takes long enough for the log.
func slowClosure(*models.Tx) error {
	<-time.After(150 * time.Millisecond)
	return nil
}

func TestWrite_InsideAWrite(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		empty := func(*models.Tx) error { return nil }
		write(t, s, func(tx *models.Tx) error {
			for _, ctx := range []context.Context{tx.Context(), context.Background()} {
				if err := s.Write(ctx, empty); !errors.Is(err, models.ErrNested) {
					t.Errorf("inner Write: %v", err)
				}
			}
			return nil
		})
	})
}

func TestTxReadsSeeItsWrites(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		write(t, s, func(tx *models.Tx) error {
			u := models.User{Name: "ann", Active: true}
			if err := tx.CreateUser(&u); err != nil {
				return err
			}
			got, err := tx.User(tx.Context(), u.ID)
			if got.Name != "ann" {
				t.Errorf("inside: %+v, %v", got, err)
			}
			if outside, err := s.User(t.Context(), u.ID); err == nil {
				t.Errorf("outside before the commit: %+v", outside)
			}
			return err
		})
	})
}

func TestStoreHasNoMethodThatWrites(t *testing.T) {
	writes := regexp.MustCompile("^(Create|Delete|Exec|Insert|Save|Set|Update)([A-Z]|$)")
	store, tx := reflect.TypeFor[*models.Store](), reflect.TypeFor[*models.Tx]()
	for m := range store.Methods() {
		if writes.MatchString(m.Name) {
			t.Errorf("Store has the method %s", m.Name)
		}
	}
	found := 0
	for m := range tx.Methods() {
		if writes.MatchString(m.Name) {
			found++
		}
	}
	if found < 30 {
		t.Errorf("only %d methods of Tx look like writes", found)
	}
}
