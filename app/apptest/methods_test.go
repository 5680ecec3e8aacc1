package apptest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// exchange is a request without a body, and what its response must be.
type exchange struct {
	method, path string
	status       int
	allow        string
}

func TestMethods_AreNamed(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	for _, test := range []exchange{
		{"DELETE", "/api/v1/products", 405, "GET, HEAD, OPTIONS, POST"},
		{"PUT", "/api/v1/products/1", 405, "DELETE, GET, HEAD, OPTIONS, PATCH"},
		{"GET", "/api/v1/products/1/reports", 405, "OPTIONS, POST"},
		{"HEAD", "/api/v1/products/1/reports", 405, "OPTIONS, POST"},
		{"POST", "/api/v1/openapi.json", 405, "GET, HEAD, OPTIONS"},
		{"GET", "/api/1/envelope/", 405, "OPTIONS, POST"},
		{"PUT", "/api/1/envelope", 405, "OPTIONS, POST"},
		{"TRACE", "/api/v1/products", 405, "GET, HEAD, OPTIONS, POST"},
		{"OPTIONS", "/api/v1/products", 204, "GET, HEAD, OPTIONS, POST"},
		{"OPTIONS", "/products/1", 204, "GET, HEAD, OPTIONS"},
		{"DELETE", "/products/1", 405, "GET, HEAD, OPTIONS"},
		{"POST", "/healthz", 405, "GET, HEAD, OPTIONS"},
		{"GET", "/logout", 405, "OPTIONS, POST"},
		{"DELETE", "/api/v1/nothing", 404, ""},
		{"DELETE", "/nothing", 404, ""},
		{"OPTIONS", "/api/v1/nothing", 404, ""},
		{"OPTIONS", "/api/1/envelope/", 204, ""}, // with the headers of CORS instead
	} {
		r := exchanged(t, p, test.method, test.path, "")
		if r.status != test.status || r.header.Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow %q", test.method, test.path, r.status, r.header.Get("Allow"))
		}
		if test.status != http.StatusMethodNotAllowed || test.method == "HEAD" {
			continue
		}
		media := "text/html; charset=utf-8"
		if strings.HasPrefix(test.path, "/api/") {
			media = "application/problem+json"
		}
		if got := r.header.Get("Content-Type"); got != media || !strings.Contains(r.text, "use one of "+test.allow) {
			t.Errorf("%s %s: %s\n%s", test.method, test.path, got, r.text)
		}
	}
}

func TestHead_IsGetWithoutBody(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	shop := newProduct(t, c, "Shop", "")
	for _, path := range []string{
		"/api/v1/products", "/api/v1" + shop.path, "/api/v1/products/777", "/api/v1/openapi.json",
		"/healthz", "/readyz", "/login", "/", "/nothing", "/static/icons.svg",
	} {
		get, head := exchanged(t, p, "GET", path, c.Token), exchanged(t, p, "HEAD", path, c.Token)
		if head.status != get.status || head.text != "" {
			t.Errorf("%s: %d, as GET %d\n%s", path, head.status, get.status, head.text)
		}
		for _, name := range []string{"Content-Type", "Location", "ETag"} {
			if get.header.Get(name) != head.header.Get(name) {
				t.Errorf("%s: %s is %q, of GET %q", path, name, head.header.Get(name), get.header.Get(name))
			}
		}
	}
	// A stream ends after its header.
	if status, text := newPageClient(t, p, "admin").request("HEAD", "/inbox/live"); status != 200 || text != "" {
		t.Errorf("the stream: %d %s", status, text)
	}
}

type exchangeResult struct {
	status int
	header http.Header
	text   string
}

// exchanged sends a request without a body, and follows no redirect.
func exchanged(t *testing.T, p *apptest.Program, method, path, token string) exchangeResult {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close() //nolint:errcheck // it was read
	if err != nil {
		t.Fatal(err)
	}
	return exchangeResult{res.StatusCode, res.Header, string(text)}
}
