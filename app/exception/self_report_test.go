package exception

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"gatecrier/models"
)

func TestHideSecrets(t *testing.T) {
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
	got := HideSecrets(given)
	for name, value := range given {
		want := value
		if value >= "a" {
			want = "…"
		}
		if got[name] != want {
			t.Errorf("%q: %q, want %q", name, got[name], want)
		}
	}
	if HideSecrets(nil) != nil {
		t.Error("nil arguments became a map")
	}
	// The secrets of a report are hidden in any case: in the sample, in the event, and in its key.
	r := Report{Kind: models.ExceptionTask, Class: "E", Arguments: maps.Clone(given)}
	r.trim()
	if r.Arguments["password"] != "…" || r.Arguments["product"] != "3" || strings.Contains(ExactKey(r), "'a'") {
		t.Errorf("%v", r.Arguments)
	}
}

// A failure of the code that notifies of exceptions is not reported itself.
func TestWithoutReportingReportsNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		ctx := WithoutReporting(t.Context())
		if result, err := r.Report(ctx, taskError("a")); err != nil || result != (Result{}) {
			t.Errorf("%+v, %v", result, err)
		}
		if id := r.ReportOwn(context.WithoutCancel(ctx), taskError("a")); id != 0 {
			t.Errorf("group %d", id)
		}
		if n := len(r.notices()); n != 0 {
			t.Errorf("%d notices", n)
		}
		if id := r.ReportOwn(t.Context(), taskError("a")); id == 0 || len(r.notices()) != 1 {
			t.Errorf("without the mark: group %d", id)
		}
	})
}

// ReportOwn returns also after its context has ended, and without a database.
func TestReportOwnReturns(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if id := r.ReportOwn(ended, taskError("a")); id == 0 || len(r.notices()) != 1 {
			t.Errorf("group %d", id)
		}
		if err := r.store.Close(); err != nil {
			t.Fatal(err)
		}
		if id := r.ReportOwn(t.Context(), taskError("b")); id != 0 {
			t.Errorf("group %d of a closed database", id)
		}
	})
}

// A panic in a write is reported with its value and its stack.
func TestOf_PanicInWrite(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		caught := func(value any) (err error) {
			defer func() { err = FromPanic(recover()) }()
			return r.store.Write(t.Context(), func(*models.Tx) error { panic(value) })
		}
		for _, test := range []struct {
			value any
			class string
		}{{"boom", "panic"}, {errors.New("boom"), "*errors.errorString"}} {
			got := FromError(models.ExceptionRequest, "POST /x", caught(test.value))
			if got.Class != test.class || !strings.Contains(got.Message, "boom") || strings.Count(got.Message, "panic") != 1 {
				t.Errorf("%v: %q %q", test.value, got.Class, got.Message)
			}
			if len(got.Frames) == 0 || !strings.Contains(got.Frames[0].Name(), "TestOf_PanicInWrite") {
				t.Errorf("%v: frames %+v", test.value, got.Frames)
			}
		}
	})
}

func TestOf_KeepsStackOfDatabaseErrors(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		err := r.store.Write(t.Context(), func(tx *models.Tx) error { return tx.LockProductShared(4711) })
		if got := FromError(models.ExceptionTask, "x", err); len(got.Frames) != 0 {
			t.Errorf("a fault for the user has a stack: %v", got.Frames)
		}
		if err := r.store.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = r.store.ExceptionHours(t.Context(), []int64{1}, noon)
		got := FromError(models.ExceptionTask, "x", err)
		if len(got.Frames) < 3 || !strings.Contains(got.Frames[0].Name(), "models") ||
			!strings.Contains(traceOf(got.Frames)[2], "ExceptionHours") {
			t.Errorf("a query: %v", traceOf(got.Frames))
		}
		_, err = r.store.UserByName(t.Context(), "ann")
		if got := FromError(models.ExceptionTask, "x", err); len(got.Frames) == 0 ||
			!strings.Contains(strings.Join(traceOf(got.Frames), " "), "UserByName") {
			t.Errorf("a query by gorm: %v", traceOf(got.Frames))
		}
		err = r.store.Write(t.Context(), func(*models.Tx) error { return nil })
		if got := FromError(models.ExceptionTask, "x", err); len(got.Frames) == 0 || !errors.Is(err, models.ErrClosed) {
			t.Errorf("a write: %v", err)
		}
	})
}
