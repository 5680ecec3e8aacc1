package apptest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// Text from outside causes no error 500: pages and API refuse what cannot be stored, on both
// databases.
func TestInvalidUTF8_IsRefused(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		for _, bad := range []string{"%00", "%ff", "a%c3%28"} {
			raw, err := url.PathUnescape(bad)
			if err != nil {
				t.Fatal(err)
			}
			type request struct{ method, path, kind, body, cookie, key string }
			requests := []request{
				{method: "GET", path: "/api/v1/products?name=" + bad},
				{method: "GET", path: "/api/v1/products?q=" + bad},
				{method: "GET", path: "/api/v1/products?" + bad + "=x"},
				{method: "GET", path: "/api/v1" + s.path + "/gate?branch=" + bad},
				{method: "GET", path: "/api/v1/settings/" + bad},
				{method: "GET", path: "/api/v1/" + bad},
				{method: "GET", path: "/login?next=/" + bad},
				{method: "GET", path: "/products?q=" + bad},
				{method: "GET", path: "/" + bad},
				{method: "GET", path: "/static/" + bad},
				{method: "POST", path: "/login", kind: "application/x-www-form-urlencoded", body: "name=" + bad + "&password=x"},
				{
					method: "POST", path: "/login", kind: "application/x-www-form-urlencoded; charset=utf-8",
					body: "name=x&password=" + bad,
				},
				{method: "POST", path: "/api/v1" + s.path + "/reports?source=" + bad, body: "{}"},
				{method: "POST", path: "/api/v1" + s.path + "/reports", body: "{}", key: raw},
				{method: "GET", path: "/products", cookie: "session=" + raw},
			}
			for _, path := range allPages {
				sep := "?"
				if strings.Contains(path, "?") {
					sep = "&"
				}
				requests = append(requests, request{method: "GET", path: path + sep + "q=" + bad})
			}
			for _, r := range requests {
				req, err := http.NewRequestWithContext(t.Context(), r.method, p.URL+r.path, strings.NewReader(r.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+c.Token)
				for name, value := range map[string]string{"Content-Type": r.kind, "Cookie": r.cookie, "Idempotency-Key": r.key} {
					if value != "" {
						req.Header[name] = []string{value}
					}
				}
				res, err := http.DefaultTransport.RoundTrip(req)
				if err != nil { // the client refuses a NUL in a header
					if r.key+r.cookie == "" {
						t.Fatal(err)
					}
					continue
				}
				text, err := io.ReadAll(res.Body)
				if err := res.Body.Close(); err != nil {
					t.Error(err)
				}
				if err != nil || res.StatusCode != http.StatusBadRequest {
					t.Errorf("%s %s %s: %d, want 400: %.200s", r.method, r.path, r.body, res.StatusCode, text)
				}
			}
		}
		for _, body := range []string{"{\"name\":\"a\xff\"}", `{"name":"a\u0000"}`, "{\"name\":\"\xc3\x28\"}"} {
			a := c.Do("POST", "/products", []byte(body))
			if a.Status != http.StatusBadRequest || !strings.Contains(a.Text, "at byte") {
				t.Errorf("%q: %d %s", body, a.Status, a.Text)
			}
		}
		a := c.Do("PATCH", "/settings/reports", []byte("{\"max_bytes\": 5000000, \"x\": \"\xff\"}"))
		if a.Status != http.StatusBadRequest {
			t.Errorf("settings of reports are no report: %d %s", a.Status, a.Text)
		}
		a = c.Must(http.StatusCreated, "POST", "/products", []byte(`{"name":"a\\u0000 \u00e9 🚨"}`))
		if a.Get("name") != `a\u0000 é 🚨` {
			t.Errorf("a name with a backslash: %s", a.Text)
		}
	})
}
