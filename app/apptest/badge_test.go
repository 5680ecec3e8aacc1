package apptest_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// badgeResponse is a response whose body was read.
type badgeResponse struct {
	Status  int
	Header  http.Header
	Cookies int
	Length  int64
}

// fetchBadge requests a picture without signing in.
func fetchBadge(t *testing.T, method, url, known string) (badgeResponse, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", "session=nonsense")
	if known != "" {
		req.Header.Set("If-None-Match", known)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return badgeResponse{res.StatusCode, res.Header, len(res.Cookies()), res.ContentLength}, string(text)
}

func TestBadge_ShowsGateState(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		if a := c.Must(http.StatusOK, "GET", s.path, nil); strings.Contains(a.Text, "badge") {
			t.Errorf("off by default: %s", a.Text)
		}
		url, _ := c.Must(http.StatusCreated, "POST", s.path+"/badge", nil).Get("url").(string)
		if !strings.HasPrefix(url, p.URL+"/badge/") || len(url) != len(p.URL+"/badge/")+26+len(".svg") {
			t.Fatalf("the address: %s", url)
		}
		if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("badge_url") != url {
			t.Errorf("in the product: %s", a.Text)
		}
		if a := c.Must(http.StatusOK, "GET", "/products", nil); strings.Contains(a.Text, "badge_url") {
			t.Errorf("in the list: %s", a.Text)
		}
		p.User("rita")
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "rita", "role": "writer"})
		if a := p.Client("rita").Must(http.StatusOK, "GET", s.path, nil); strings.Contains(a.Text, "badge") {
			t.Errorf("for a user who cannot edit: %s", a.Text)
		}

		res, text := fetchBadge(t, "GET", url, "")
		checkBadge(t, res, text, "none")
		tag := res.Header.Get("ETag")
		if res, text := fetchBadge(t, "GET", url, `"x", W/`+tag); res.Status != http.StatusNotModified || text != "" ||
			res.Header.Get("ETag") != tag {
			t.Errorf("known already: %d %q", res.Status, text)
		}
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(3)})
		res, text = fetchBadge(t, "GET", url, tag)
		checkBadge(t, res, text, "failed")
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(0)})
		res, text = fetchBadge(t, "GET", url, res.Header.Get("ETag"))
		checkBadge(t, res, text, "passed")
		if strings.Contains(text, "Shop") {
			t.Error("it contains the product's name")
		}
		if res, text := fetchBadge(t, "HEAD", url, ""); res.Status != http.StatusOK || text != "" || res.Length <= 0 {
			t.Errorf("HEAD: %d, %d bytes", res.Status, res.Length)
		}

		next, _ := c.Must(http.StatusCreated, "POST", s.path+"/badge", nil).Get("url").(string)
		gone := []string{
			url,
			strings.TrimSuffix(next, ".svg"),
			next + ".svg",
			strings.ToLower(next),
			p.URL + "/badge/.svg",
			p.URL + "/badge/",
			p.URL + "/badge/x",
			p.URL + "/badge/%25.svg",
			p.URL + "/badge/a/b.svg",
		}
		for _, old := range gone {
			if res, text := fetchBadge(t, "GET", old, ""); res.Status != http.StatusNotFound || res.Cookies > 0 ||
				strings.Contains(text, "xmlns") {
				t.Errorf("%s: %d", old, res.Status)
			}
		}
		res, text = fetchBadge(t, "GET", next, "")
		checkBadge(t, res, text, "passed")
		c.Must(http.StatusNoContent, "DELETE", s.path+"/badge", nil)
		c.Must(http.StatusNoContent, "DELETE", s.path+"/badge", nil)
		if res, _ := fetchBadge(t, "GET", next, ""); res.Status != http.StatusNotFound {
			t.Errorf("removed: %d", res.Status)
		}
		a := c.Must(http.StatusOK, "GET", "/audit", nil)
		if strings.Count(a.Text, `"badge"`) != 6 || strings.Contains(a.Text, strings.TrimPrefix(next, p.URL)) ||
			strings.Contains(a.Text, strings.TrimPrefix(url, p.URL)) {
			t.Errorf("audit: %s", a.Text)
		}
	})
}

// checkBadge checks that a response is the picture of a state, without scripts, links or styles.
func checkBadge(t *testing.T, res badgeResponse, text, state string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "image/svg+xml", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
		"Cross-Origin-Resource-Policy": "cross-origin", "Vary": "",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
		t.Errorf("CSP %q", csp)
	}
	if res.Status != http.StatusOK || res.Cookies > 0 || res.Header.Get("ETag") == "" {
		t.Errorf("%d, %d cookies, ETag %q", res.Status, res.Cookies, res.Header.Get("ETag"))
	}
	var svg struct {
		XMLName xml.Name
		Role    string   `xml:"role,attr"`
		Label   string   `xml:"aria-label,attr"`
		Title   string   `xml:"title"`
		Texts   []string `xml:"g>text"`
	}
	if err := xml.Unmarshal([]byte(text), &svg); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	want := "Security gate: " + state
	if svg.XMLName.Space != "http://www.w3.org/2000/svg" || svg.Role != "img" || svg.Label != want || svg.Title != want ||
		strings.Join(svg.Texts, " ") != "gate "+state {
		t.Errorf("the picture: %+v", svg)
	}
	for _, no := range []string{"<script", "href", "style", "url(", "<!"} {
		if strings.Contains(text, no) {
			t.Errorf("%s is in the picture: %s", no, text)
		}
	}
}
