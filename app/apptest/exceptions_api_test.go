package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

func TestExceptionsAPI_ReportedExceptions(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		full := object{
			"class":     "ValueError",
			"message":   "order 1 is lost",
			"product":   "Shop",
			"function":  "shop.pay",
			"arguments": object{"id": 7, "name": "x", "none": nil},
			"frames": []object{
				{"function": "pay", "module": "shop", "file": "pay.py", "line": 7, "in_app": true},
			},
			"chain":       []object{{"class": "A", "message": "a"}, {"class": "ValueError", "message": "b"}},
			"release":     "1.0",
			"environment": "test",
			"level":       "error",
			"user":        "ann",
			"tags":        object{"region": "eu"},
		}
		first := c.Must(http.StatusAccepted, "POST", "/exceptions", full)
		if first.Get("notified") != true || first.ID("suppressed") != 0 || first.ID("group") == 0 {
			t.Errorf("%s", first.Text)
		}
		full["message"], full["product"], full["release"] = "order 2 is lost", s.id, "1.1"
		again := c.Must(http.StatusAccepted, "POST", "/exceptions", full)
		if again.Get("notified") != false || again.ID("suppressed") != 1 || again.ID("group") != first.ID("group") {
			t.Errorf("%s", again.Text)
		}
		if err := p.Exceptions.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions/%d", first.ID("group")), nil)
		for path, want := range map[string]any{
			"class": "ValueError", "function": "shop.pay", "product.name": "Shop", "count": 2.0, "suppressed": 1.0,
			"sample.arguments.id": "7", "sample.frames.0.line": 7.0, "sample.chain.1.message": "b",
			"sample.tags.region": "eu", "releases.0.name": "1.0", "grouped_by": "frames", "state": "open", "sample.user": "ann",
			"hours.23": 2.0,
		} {
			if got := d.Get(path); got != want && path != "releases.0.name" {
				t.Errorf("%s: %v, want %v", path, got, want)
			}
		}
		if list, _ := d.Get("releases").([]any); len(list) != 2 {
			t.Errorf("%v", list)
		}
		many := c.Must(http.StatusAccepted, "POST", "/exceptions", []object{
			{"class": "A", "message": ""},
			{"class": "B", "message": "b", "product": s.id},
			{"class": "B", "message": "b", "product": "Shop", "fingerprint": "mine"},
		})
		if many.Get("results.0.notified") != true || many.ID("results.1.group") == many.ID("results.2.group") ||
			many.ID("results.2.group") == 0 {
			t.Errorf("%s", many.Text)
		}

		checkExceptionList(t, c, s)
		checkExceptionActions(t, p, c, first.ID("group"), many.ID("results.1.group"))
	})
}

// checkExceptionList checks the filters and the pages of the list of four exceptions.
func checkExceptionList(t *testing.T, c *apptest.Client, s productFixture) {
	for query, want := range map[string]int{
		"": 4, fmt.Sprintf("?product=%d", s.id): 3, "?own=true": 1, "?q=valueERR": 1, "?q=lost": 1, "?state=resolved": 0,
		"?muted=true": 0, "?kind=task": 0, "?kind=reported": 4,
	} {
		if list, _ := c.Must(http.StatusOK, "GET", "/exceptions"+query, nil).Get("items").([]any); len(list) != want {
			t.Errorf("%s lists %d, want %d", query, len(list), want)
		}
	}
	seen, cursor := map[int64]bool{}, ""
	for range 4 {
		a := c.Must(http.StatusOK, "GET", "/exceptions?limit=1&cursor="+cursor, nil)
		seen[a.ID("items.0.id")] = true
		cursor, _ = a.Get("next_cursor").(string)
	}
	if len(seen) != 4 || cursor != "" {
		t.Errorf("%d by pages, then %q", len(seen), cursor)
	}
}

// checkExceptionActions resolves, mutes, merges, splits and deletes an exception group.
func checkExceptionActions(t *testing.T, p *apptest.Program, c *apptest.Client, group, other int64) {
	at := fmt.Sprintf("/exceptions/%d", group)
	until := p.Store.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	a := c.Must(http.StatusOK, "PATCH", at, object{"state": "resolved", "muted_until": until})
	if a.Get("state") != "resolved" || a.Get("resolved_by") != "admin" || a.Get("muted_until") == nil {
		t.Errorf("%s", a.Text)
	}
	if a := c.Must(http.StatusOK, "PATCH", at, object{"state": "open", "muted_until": nil}); a.Get("state") != "open" ||
		a.Get("muted_until") != nil {
		t.Errorf("%s", a.Text)
	}
	c.Must(http.StatusUnprocessableEntity, "PATCH", at, object{"state": "gone"})
	c.Must(http.StatusUnprocessableEntity, "PATCH", at,
		object{"state": "resolved", "muted_until": "2020-01-01T00:00:00Z"})
	if a := c.Must(http.StatusOK, "GET", at, nil); a.Get("state") != "open" {
		t.Errorf("a refused change has changed: %s", a.Text)
	}
	if a := c.Must(http.StatusOK, "POST", at+"/merge", object{"groups": []int64{other}}); a.ID("count") != 3 ||
		a.Get("merges.0.class") != "B" {
		t.Errorf("%s", a.Text)
	}
	c.Must(http.StatusNotFound, "GET", fmt.Sprintf("/exceptions/%d", other), nil)
	key := c.Must(http.StatusOK, "GET", at, nil).Get("merges.0.key")
	c.Must(http.StatusOK, "POST", at+"/split", object{"key": key})
	c.Must(http.StatusNotFound, "POST", at+"/split", object{"key": key})
	c.Must(http.StatusNoContent, "DELETE", at, nil)
	c.Must(http.StatusNotFound, "GET", at, nil)
}

// An error in one of several reports is named, and none is accepted.
func TestExceptionsAPI_RefusesInvalidReports(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	good := `{"class":"E","message":"m"}`
	for body, want := range map[string]string{
		`{}`:                                    "class",
		`{"class":" ","message":"m"}`:           "class",
		`[` + good + `,{"message":"m"}]`:        "[1].class",
		`[` + good + `,{"class":7}]`:            "[1].class",
		`[` + good + `,7]`:                      "[1]",
		`[` + good + `,null]`:                   "[1].class",
		`{"class":"E","stack":[]}`:              "stack",
		`{"class":"E","product":true}`:          "product",
		`{"class":"E","product":""}`:            "product",
		`{"class":"E","product":1.5}`:           "product",
		`{"class":"E","fingerprint":{}}`:        "fingerprint",
		`{"class":"E","arguments":[]}`:          "arguments",
		`{"class":"E","frames":{}}`:             "frames",
		`{"class":"E","frames":[{"line":"x"}]}`: "frames",
		`{"class":"E","frames":[` + strings.Repeat(`{},`, 300) + `{}]}`: "frames",
		`{"class":"E","chain":[` + strings.Repeat(`{},`, 50) + `{}]}`:   "chain",
		`{"class":"E","tags":"x"}`:                                      "tags",
		`[]`:                                                            "body",
		`7`:                                                             "",
		`[` + strings.TrimSuffix(strings.Repeat(good+",", 1001), ",") + `]`: "body",
	} {
		a := c.Do("POST", "/exceptions", []byte(body))
		if a.Status != http.StatusUnprocessableEntity || a.Get("errors.0.name") != want {
			t.Errorf("%.80s: %d %s", body, a.Status, a.Text)
		}
	}
	for body, want := range map[string]int{
		``: 400, `{`: 400, `[` + good: 400, good + good: 400,
		`{"class":"\ud800` + "\xff" + `"}`:                             400,
		strings.Repeat("[", 20_000):                                    400,
		`{"class":"E","message":"` + strings.Repeat("x", 4<<20) + `"}`: 413,
		`{"class":"E","product":4711}`:                                 404,
		`{"class":"E","product":"None"}`:                               404,
		`{"class":"E","arguments":` + strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat("}", 20_001): 400,
	} {
		if a := c.Do("POST", "/exceptions", []byte(body)); a.Status != want {
			t.Errorf("%.80s: %d, want %d: %s", body, a.Status, want, a.Text)
		}
	}
	if list, _ := c.Must(http.StatusOK, "GET", "/exceptions", nil).Get("items").([]any); len(list) != 0 {
		t.Errorf("%d groups of what was refused", len(list))
	}
	a := c.Do("POST", "/exceptions", []byte(`{"class":"E","message":"`+strings.Repeat("x", 3<<20)+`"}`))
	if a.Status != http.StatusAccepted {
		t.Errorf("3 MB: %d %s", a.Status, a.Text)
	}
	a = c.Do("POST", "/exceptions", []byte(`[`+strings.TrimSuffix(strings.Repeat(good+",", 1000), ",")+`]`))
	if a.Status != http.StatusAccepted || a.ID("results.999.suppressed") != 999 {
		t.Errorf("a thousand: %d %.200s", a.Status, a.Text)
	}
}

func TestExceptionsAPI_RepeatedReports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		keyed := c.WithHeader("Idempotency-Key", "one")
		body := []object{{"class": "E", "message": "m"}, {"class": "E", "message": "m"}}
		first := keyed.Must(http.StatusAccepted, "POST", "/exceptions", body)
		again := keyed.Must(http.StatusAccepted, "POST", "/exceptions", body)
		if again.Text != first.Text || again.Header.Get("Idempotency-Replayed") != "true" ||
			first.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s, first %s", again.Text, first.Text)
		}
		keyed.Must(http.StatusConflict, "POST", "/exceptions", object{"class": "E", "message": "other"})
		a := c.Must(http.StatusAccepted, "POST", "/exceptions", object{"class": "E", "message": "m"})
		if a.ID("suppressed") != 2 {
			t.Errorf("repeats were counted: %s", a.Text)
		}
	})
}
