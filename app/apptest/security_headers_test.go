package apptest_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// Each response makes the browser run and load only what the program serves, to show it in no
// frame, to guess no content type and to cache nothing.
func TestSecurityHeaders_OnEveryResponse(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	policy := map[string]string{
		"default-src":     "'none'",
		"script-src":      "'self'",
		"style-src":       "'self'",
		"img-src":         "'self' data:",
		"font-src":        "'self'",
		"connect-src":     "'self'",
		"manifest-src":    "'self'",
		"form-action":     "'self'",
		"base-uri":        "'none'",
		"frame-ancestors": "'none'",
	}
	for _, ask := range []string{
		"GET /login", "GET /", "GET /no-such-page", "DELETE /login", "POST /login", "GET /api/v1/products",
		"GET /api/v1/no-such-thing",
		"GET /api/v1/openapi.json", "GET /healthz", "POST /api/v1/products",
	} {
		method, path, _ := strings.Cut(ask, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for directive := range strings.SplitSeq(res.Header.Get("Content-Security-Policy"), ";") {
			name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
			got[name] = sources
		}
		if !maps.Equal(got, policy) {
			t.Errorf("%s (%d): policy %v, want %v", ask, res.StatusCode, got, policy)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if values := res.Header.Values(header); !slices.Equal(values, []string{want}) {
				t.Errorf("%s (%d): %s is %q, want %q", ask, res.StatusCode, header, values, want)
			}
		}
	}
}
