package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// getNoRedirect requests a page without following redirects, and returns the status and the text.
func getNoRedirect(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// signInAs signs a user in with a new HTTP client.
func signInAs(t *testing.T, p *apptest.Program, name, password string) *http.Client {
	t.Helper()
	c := newHTTPClient(t)
	status, to := submitForm(t, c, p.URL+"/login", encodeForm("name", name, "password", password), formKind)
	if status != http.StatusSeeOther {
		t.Fatalf("%s signed in: %d to %q", name, status, to)
	}
	return c
}

func isSignedIn(t *testing.T, p *apptest.Program, c *http.Client) bool {
	t.Helper()
	status, _ := getNoRedirect(t, c, p.URL+"/inbox")
	return status == http.StatusOK
}

// enableMail sets email up with a new mailServer.
func enableMail(t *testing.T, p *apptest.Program) *mailServer {
	t.Helper()
	box, port := newMailServer(t)
	p.Client("admin").
		Must(http.StatusOK, "PATCH", "/settings/mail",
			object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
	return box
}

var linkIn = regexp.MustCompile(`http://\S+/login/(?:reset|mail)\?link=[\w-]{43}`)

// linkMails returns the emails with a link to choose a password or to confirm an address.
func (b *mailServer) linkMails() []receivedMail {
	var list []receivedMail
	for _, m := range b.received() {
		if linkIn.MatchString(m.plainText()) {
			list = append(list, m)
		}
	}
	return list
}

// waitLink waits for the nth email with a link to choose a password or to confirm an address, and
// returns the link and its recipient.
func (b *mailServer) waitLink(t *testing.T, n int) (address, to string) {
	t.Helper()
	apptest.Eventually(t, fmt.Sprintf("mail %d comes", n), func() bool { return len(b.linkMails()) >= n })
	m := b.linkMails()[n-1]
	return linkIn.FindString(m.plainText()), m.to
}

func linkSecret(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("link")
}

// newHTTPClient returns a client with a cookie jar that follows no redirects.
func newHTTPClient(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// submitForm sends a form, and returns the status and the target of a redirect.
func submitForm(t testing.TB, c *http.Client, address string, body io.Reader, kind string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res.StatusCode, res.Header.Get("Location")
}

const formKind = "application/x-www-form-urlencoded"

func encodeForm(pairs ...string) io.Reader {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return strings.NewReader(v.Encode())
}

func signInAdmin(t *testing.T, p *apptest.Program) *http.Client {
	t.Helper()
	c := newHTTPClient(t)
	status, to := submitForm(t, c, p.URL+"/login", encodeForm("name", "admin", "password", apptest.Password), formKind)
	if status != http.StatusSeeOther || to != "/" {
		t.Fatalf("signed in: %d to %q", status, to)
	}
	return c
}

// postForm sends a form, and returns the status and the page that answers.
func postForm(t *testing.T, c *http.Client, address string, body io.Reader) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
