package apptest_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// pageClient is a user who is signed in to the pages.
type pageClient struct {
	t *testing.T
	p *apptest.Program
	c *http.Client
}

func newPageClient(t *testing.T, p *apptest.Program, name string) pageClient {
	t.Helper()
	s := pageClient{t, p, newHTTPClient(t)}
	status, _ := submitForm(t, s.c, p.URL+"/login", encodeForm("name", name, "password", apptest.Password), formKind)
	if status != http.StatusSeeOther {
		t.Fatalf("%s does not get in: %d", name, status)
	}
	return s
}

// request sends a request, and returns the status and the page, or the target of a redirect.
func (s pageClient) request(method, path string, pairs ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.p.URL+path, encodeForm(pairs...))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := s.c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		s.t.Error(err)
	}
	if to := res.Header.Get("Location"); to != "" {
		return res.StatusCode, to
	}
	return res.StatusCode, string(text)
}

// must calls request and stops the test unless the response has the status.
func (s pageClient) must(status int, method, path string, pairs ...string) string {
	s.t.Helper()
	got, text := s.request(method, path, pairs...)
	if got != status {
		s.t.Fatalf("%s %s: %d, want %d\n%s", method, path, got, status, text)
	}
	return text
}

// pageUser is a user who is signed in to the pages with an HTTP client.
type pageUser struct {
	t    *testing.T
	url  string
	http *http.Client
}

func signedInAs(t *testing.T, p *apptest.Program, name string) pageUser {
	t.Helper()
	c := newHTTPClient(t)
	status, to := submitForm(t, c, p.URL+"/login", encodeForm("name", name, "password", apptest.Password), formKind)
	if status != http.StatusSeeOther || to != "/" {
		t.Fatalf("signed in: %d to %q", status, to)
	}
	return pageUser{t, p.URL, c}
}

// get requests a page.
func (v pageUser) get(path string) (status int, text string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.send(req)
}

// post sends a form, and returns the page that answers it.
func (v pageUser) post(path string, pairs ...string) (status int, text string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, encodeForm(pairs...))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.send(req)
}

func (v pageUser) send(req *http.Request) (status int, text string) {
	v.t.Helper()
	res, err := v.http.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		v.t.Error(err)
	}
	return res.StatusCode, string(body)
}

// wantText fails the test unless a page has each of the texts.
func (v pageUser) wantText(path string, texts ...string) {
	v.t.Helper()
	status, page := v.get(path)
	if status != http.StatusOK {
		v.t.Errorf("%s: %d", path, status)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			v.t.Errorf("%s does not show %q", path, text)
		}
	}
}

// wantNoText fails the test if a page has any of the texts.
func (v pageUser) wantNoText(path string, texts ...string) {
	v.t.Helper()
	status, page := v.get(path)
	if status != http.StatusOK {
		v.t.Errorf("%s: %d", path, status)
	}
	for _, text := range texts {
		if strings.Contains(page, text) {
			v.t.Errorf("%s shows %q", path, text)
		}
	}
}

// mustPost sends a form, and fails the test unless it succeeds.
func (v pageUser) mustPost(path string, pairs ...string) {
	v.t.Helper()
	if status, text := v.post(path, pairs...); status != http.StatusSeeOther {
		v.t.Errorf("POST %s: %d\n%s", path, status, fieldErrors(text))
	}
}

var fieldErrorPattern = regexp.MustCompile(`(?s)class="gc-err".*?<span>(.*?)</span>`)

// fieldErrors returns the errors beside a page's fields.
func fieldErrors(page string) string {
	var all []string
	for _, m := range fieldErrorPattern.FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, "; ")
}

// wantFieldError sends a form, and fails the test unless it is refused with a reason beside a
// field.
func (v pageUser) wantFieldError(reason, path string, pairs ...string) {
	v.t.Helper()
	if status, text := v.post(path, pairs...); status != http.StatusUnprocessableEntity ||
		!strings.Contains(fieldErrors(text), reason) {
		v.t.Errorf("POST %s: %d, %q, want %q", path, status, fieldErrors(text), reason)
	}
}

// uploadReport sends a file by the form of an upload page.
func (v pageUser) uploadReport(
	page, name string, report []byte, fields map[string]string,
) (status int, text string) {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, value := range fields {
		if err := form.WriteField(field, value); err != nil {
			v.t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := file.Write(report); err != nil {
		v.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+page, &body)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.send(req)
}
