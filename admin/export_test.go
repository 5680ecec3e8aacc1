package admin

import (
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"gatecrier/models/modelstest"
)

func TestCSVCell_IsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"":             "",
		"plain - text": "plain - text",
		"=1+1":         "'=1+1",
		"+1":           "'+1",
		"-1":           "'-1",
		"@SUM(A1)":     "'@SUM(A1)",
		"\tx":          "'\tx",
		"\rx":          "'\rx",
		"a\u202Eb":     `a\u202Eb`,
		"a\xffb":       "a?b",
	} {
		if got := csvCell(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// sent returns the lines of an export whose part n is next(n).
func sent(t *testing.T, next func(n int) ([][]string, bool, error)) []string {
	t.Helper()
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequestWithContext(t.Context(), "GET", "/x", nil)
	a := New(Services{Store: modelstest.SQLite(t), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	n := 0
	err := a.sendExport(c, export{"x", []string{"id"}, func() ([][]string, bool, error) {
		n++
		return next(n)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(w.Body.String()), "\n")
}

func TestSendExport_SaysThatItIsCut(t *testing.T) {
	part := make([][]string, exportPart)
	lines := sent(t, func(int) ([][]string, bool, error) {
		for i := range part {
			part[i] = []string{"x"}
		}
		return part, true, nil
	})
	if len(lines) != maxExported+2 || !strings.Contains(lines[len(lines)-1], "first 100,000 rows") {
		t.Errorf("%d lines end with %q", len(lines), lines[len(lines)-1])
	}
}

func TestSendExport_SaysThatItIsIncomplete(t *testing.T) {
	lines := sent(t, func(n int) ([][]string, bool, error) {
		if n == 2 {
			return nil, false, errors.New("no database")
		}
		return [][]string{{"x"}}, true, nil
	})
	if len(lines) != 3 || !strings.Contains(lines[2], "incomplete") {
		t.Errorf("the lines are %q", lines)
	}
}
