package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatecrier/static"
)

// ask sends a request with header pairs and returns the answer.
func ask(t *testing.T, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w
}

func TestURL(t *testing.T) {
	for name, want := range map[string]string{
		"css/gatecrier.css":     `^/static/css/gatecrier\.[0-9a-f]{8}\.css$`,
		"js/gatecrier.js":       `^/static/js/gatecrier\.[0-9a-f]{8}\.js$`,
		"vendor/tabler.min.css": `^/static/vendor/tabler\.min\.[0-9a-f]{8}\.css$`,
		"vendor/htmx.min.js":    `^/static/vendor/htmx\.min\.[0-9a-f]{8}\.js$`,
		"icon/icon.svg":         `^/static/icon/icon\.[0-9a-f]{8}\.svg$`,
		"icons.svg":             `^/static/icons\.[0-9a-f]{8}\.svg$`,
		"css/missing.css":       `^/static/css/missing\.css$`,
	} {
		if got := static.URL(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("URL(%q) = %q, want %s", name, got, want)
		}
	}
}

func TestHandlerServesFiles(t *testing.T) {
	for name, wantType := range map[string]string{
		"css/gatecrier.css":         "text/css; charset=utf-8",
		"js/gatecrier.js":           "text/javascript; charset=utf-8",
		"icons.svg":                 "image/svg+xml",
		"icon/unread.svg":           "image/svg+xml",
		"icon/icon-180.png":         "image/png",
		"icon/manifest.webmanifest": "application/manifest+json",
		"vendor/LICENSE.tabler.txt": "text/plain; charset=utf-8",
	} {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for path, caching := range map[string]string{
			static.URL(name):  "public, max-age=31536000, immutable",
			"/static/" + name: "no-cache",
		} {
			answer := ask(t, http.MethodGet, path)
			h := answer.Header()
			if answer.Code != http.StatusOK || answer.Body.String() != string(want) {
				t.Errorf("%s: status %d, or other content than the file's", path, answer.Code)
			}
			if h.Get("Cache-Control") != caching || h.Get("Content-Type") != wantType {
				t.Errorf("%s: cached %q, type %q", path, h.Get("Cache-Control"), h.Get("Content-Type"))
			}
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/static/", http.StatusNotFound},
		{http.MethodGet, "/static/css", http.StatusNotFound},
		{http.MethodGet, "/static/css/gatecrier.00000000.css", http.StatusNotFound},
		{http.MethodGet, "/static/../static.go", http.StatusNotFound},
		{http.MethodGet, "/static/vendor.json", http.StatusNotFound},
		{http.MethodGet, "/css/gatecrier.css", http.StatusNotFound},
		{http.MethodPost, "/static/icons.svg", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/static/icons.svg", http.StatusMethodNotAllowed},
	} {
		if got := ask(t, test.method, test.path).Code; got != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, got, test.want)
		}
	}
}

func TestHandlerCompresses(t *testing.T) {
	plain := ask(t, http.MethodGet, "/static/vendor/tabler.min.css").Body.String()
	for header, want := range map[string]string{
		"gzip":                    "gzip",
		"br;q=1.0, GZIP;q=0.5":    "gzip",
		"":                        "",
		"gzip;q=0":                "",
		"br, gzip; q=0.000, zstd": "",
	} {
		answer := ask(t, http.MethodGet, static.URL("vendor/tabler.min.css"), "Accept-Encoding", header)
		if got := answer.Header().Get("Content-Encoding"); got != want {
			t.Fatalf("Accept-Encoding %q: encoded %q, want %q", header, got, want)
		}
		if got := decoded(t, answer); got != plain {
			t.Errorf("Accept-Encoding %q: the content differs", header)
		}
		if got := answer.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("Vary: %q", got)
		}
	}
}

// decoded reads a body and checks its length on the way.
func decoded(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	raw := answer.Body.String()
	if got := answer.Header().Get("Content-Length"); got != strconv.Itoa(len(raw)) {
		t.Errorf("Content-Length %q for %d bytes", got, len(raw))
	}
	if answer.Header().Get("Content-Encoding") != "gzip" {
		return raw
	}
	z, err := gzip.NewReader(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestHandlerRevalidates(t *testing.T) {
	seen := map[string]bool{}
	for _, encoding := range []string{"", "gzip"} {
		tag := ask(t, http.MethodGet, "/static/icons.svg", "Accept-Encoding", encoding).Header().Get("ETag")
		if tag == "" || seen[tag] {
			t.Fatalf("Accept-Encoding %q: the tag %q is empty or used twice", encoding, tag)
		}
		seen[tag] = true
		answer := ask(t, http.MethodGet, "/static/icons.svg", "Accept-Encoding", encoding, "If-None-Match", tag)
		if answer.Code != http.StatusNotModified || answer.Body.String() != "" {
			t.Errorf("Accept-Encoding %q: status %d, want an empty 304", encoding, answer.Code)
		}
	}
}

func TestHandlerHead(t *testing.T) {
	answer := ask(t, http.MethodHead, static.URL("icons.svg"), "Accept-Encoding", "gzip")
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Length") == "0" || answer.Body.String() != "" {
		t.Errorf("status %d, length %s, or a body", answer.Code, answer.Header().Get("Content-Length"))
	}
}
