package exception

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"gatecrier/models"
)

func TestSecretsInArguments(t *testing.T) {
	given := map[string]string{
		"password":      "a",
		"smtp_password": "b",
		"accessToken":   "c",
		"X-Api-Key":     "d",
		"Authorization": "e",
		"clientSecret":  "f",
		"key":           "g",
		"MYTOKEN":       "h",
		"set-cookie":    "i",
		"auth":          "j",
		"monkey":        "1",
		"author":        "2",
		"product":       "3",
		"keyboard":      "4",
		"":              "5",
	}
	got := Masked(given)
	for name, value := range given {
		want := value
		if value >= "a" {
			want = "…"
		}
		if got[name] != want {
			t.Errorf("%q: %q, want %q", name, got[name], want)
		}
	}
	if Masked(nil) != nil {
		t.Error("none are some")
	}
	// What is reported is masked whoever has forgotten it, in the sample, in the
	// event, and in what makes the key.
	r := Report{Kind: models.ExceptionTask, Class: "E", Arguments: maps.Clone(given)}
	r.trim()
	if r.Arguments["password"] != "…" || r.Arguments["product"] != "3" || strings.Contains(ExactKey(r), "'a'") {
		t.Errorf("%v", r.Arguments)
	}
}

// What fails while people are told of exceptions is not reported itself.
func TestNoEcho(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ctx := WithoutReporting(t.Context())
		if result, err := r.Report(ctx, oops("a")); err != nil || result != (Result{}) {
			t.Errorf("%+v, %v", result, err)
		}
		if id := r.ReportOwn(context.WithoutCancel(ctx), oops("a")); id != 0 {
			t.Errorf("group %d", id)
		}
		if n := len(r.told()); n != 0 {
			t.Errorf("%d notices", n)
		}
		if id := r.ReportOwn(t.Context(), oops("a")); id == 0 || len(r.told()) != 1 {
			t.Errorf("what is not marked: group %d", id)
		}
	})
}

// Whoever tells goes on: also where his context has ended, and where there is
// no database.
func TestTellReturns(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if id := r.ReportOwn(ended, oops("a")); id == 0 || len(r.told()) != 1 {
			t.Errorf("group %d", id)
		}
		if err := r.store.Close(); err != nil {
			t.Fatal(err)
		}
		if id := r.ReportOwn(t.Context(), oops("b")); id != 0 {
			t.Errorf("group %d of a closed database", id)
		}
	})
}

// A panic in a write is known by what panicked, and by where.
func TestPanicInAWrite(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		caught := func(value any) (err error) {
			defer func() { err = Caught(recover()) }()
			return r.store.Write(t.Context(), func(*models.Tx) error { panic(value) })
		}
		for _, test := range []struct {
			value any
			class string
		}{{"boom", "panic"}, {errors.New("boom"), "*errors.errorString"}} {
			got := Of(models.ExceptionRequest, "POST /x", caught(test.value))
			if got.Class != test.class || !strings.Contains(got.Message, "boom") || strings.Count(got.Message, "panic") != 1 {
				t.Errorf("%v: %q %q", test.value, got.Class, got.Message)
			}
			if len(got.Frames) == 0 || !strings.Contains(got.Frames[0].Name(), "TestPanicInAWrite") {
				t.Errorf("%v: frames %+v", test.value, got.Frames)
			}
		}
	})
}

func TestErrorsKeepWhereTheyCameFrom(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		err := r.store.Write(t.Context(), func(tx *models.Tx) error { return tx.LockProductShared(4711) })
		if got := Of(models.ExceptionTask, "x", err); len(got.Frames) != 0 {
			t.Errorf("what is for the user has a trace: %v", got.Frames)
		}
		if err := r.store.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = r.store.ExceptionHours(t.Context(), []int64{1}, noon)
		got := Of(models.ExceptionTask, "x", err)
		if len(got.Frames) < 2 || !strings.Contains(got.Frames[0].Name(), "models") ||
			!strings.Contains(traceOf(got.Frames)[1], "ExceptionHours") {
			t.Errorf("a query: %v", traceOf(got.Frames))
		}
		_, err = r.store.UserByName(t.Context(), "ann")
		if got := Of(models.ExceptionTask, "x", err); len(got.Frames) == 0 ||
			!strings.Contains(strings.Join(traceOf(got.Frames), " "), "UserByName") {
			t.Errorf("a query by gorm: %v", traceOf(got.Frames))
		}
		err = r.store.Write(t.Context(), func(*models.Tx) error { return nil })
		if got := Of(models.ExceptionTask, "x", err); len(got.Frames) == 0 || !errors.Is(err, models.ErrClosed) {
			t.Errorf("a write: %v", err)
		}
	})
}
