package apptest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"gatecrier/app/apptest"
)

// mailProvider issues a new access token and a new refresh token each time, and takes only the
// newest of both.
type mailProvider struct {
	url string

	mu      sync.Mutex
	issued  int
	refused int
	broken  bool
}

const firstRefreshToken = "refresh-0"

func newMailProvider(t *testing.T) *mailProvider {
	t.Helper()
	m := &mailProvider{}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// ServeHTTP issues tokens.
func (m *mailProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if got := r.PostFormValue("refresh_token"); m.broken || got != fmt.Sprintf("refresh-%d", m.issued) {
		m.refused++
		http.Error(w, `{"error":"invalid_grant","error_description":"`+got+` has expired"}`, http.StatusBadRequest)
		return
	}
	m.issued++
	io.WriteString(w, fmt.Sprintf( //nolint:errcheck // the client sees it
		`{"token_type":"Bearer","expires_in":3600,"access_token":"access-%d","refresh_token":"refresh-%d"}`,
		m.issued, m.issued))
}

// count returns how many tokens it has issued and refused.
func (m *mailProvider) count() (issued, refused int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.issued, m.refused
}

// setBroken makes it refuse all refresh tokens.
func (m *mailProvider) setBroken(broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = broken
}

// Next checks the only response of XOAUTH2.
func (m *mailProvider) Next(response []byte) (challenge []byte, done bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if string(response) != fmt.Sprintf("user=gates@example.org\x01auth=Bearer access-%d\x01\x01", m.issued) {
		return nil, false, smtp.ErrAuthFailed
	}
	return nil, true, nil
}

// AuthMechanisms offers XOAUTH2 if the server has a provider.
func (s *mailSession) AuthMechanisms() []string {
	if s.box.provider == nil {
		return nil
	}
	return []string{"XOAUTH2"}
}

// Auth implements smtp.AuthSession.
func (s *mailSession) Auth(string) (sasl.Server, error) {
	if s.box.provider == nil {
		return nil, errors.New("no sign-in")
	}
	return s.box.provider, nil
}

// Emails are sent with access tokens. The refresh token that the endpoint issues is stored: it is
// used after the token has expired, after a restart and under another key.
func TestEmail_XOAUTH2(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box, port := newMailServer(t)
		box.provider = newMailProvider(t)
		c := p.Client("admin")
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/mail", object{"smtp_auth": "xoauth2"})
		for _, field := range []string{
			"smtp_user", "smtp_oauth_token_url", "smtp_oauth_client_id", "smtp_oauth_client_secret",
		} {
			if !strings.Contains(a.Text, `"`+field+`"`) {
				t.Errorf("%s is not named: %s", field, a.Text)
			}
		}
		useXOAUTH2(c, box.provider, port)
		admin := signedInAs(t, p, "admin")
		wantTestMail := func(text string) {
			t.Helper()
			_, page := admin.post("/admin/settings/mail/test", "to", "eve@example.org")
			if !strings.Contains(page, text) || strings.Contains(page, "refresh-") || strings.Contains(page, "access-") {
				t.Errorf("the page has no %q, or a token", text)
			}
		}
		wantTestMail("Accepted by the mail server")
		p.Clock.Advance(time.Hour)
		if a := c.Must(http.StatusOK, "POST", "/doctor", nil); strings.Contains(a.Text, "mail server cannot be used") {
			t.Errorf("doctor: %s", a.Text)
		}
		if issued, refused := box.provider.count(); issued != 2 || refused != 0 {
			t.Errorf("%d tokens, %d refused", issued, refused)
		}
		box.provider.setBroken(true)
		p.Clock.Advance(time.Hour)
		wantTestMail("invalid_grant: [hidden] has expired")
		a = c.Must(http.StatusOK, "POST", "/doctor", nil)
		if !strings.Contains(a.Text, "127.0.0.1 has refused an access token: invalid_grant") {
			t.Errorf("doctor: %s", a.Text)
		}
		box.provider.setBroken(false)
		a = c.Must(http.StatusOK, "GET", "/settings/mail", nil)
		if a.ID("version") != 1 || a.Get("secrets.smtp_oauth_refresh_token") != true {
			t.Errorf("settings: %s", a.Text)
		}
		for _, text := range []string{a.Text, c.Must(http.StatusOK, "GET", "/audit", nil).Text, p.Logged()} {
			if strings.Contains(text, "refresh-") || strings.Contains(text, "client secret 4711") {
				t.Errorf("a secret is shown: %s", text)
			}
		}
	})
}

func TestEmail_RefreshTokenOutlivesKeyAndProgram(t *testing.T) {
	t.Parallel()
	box, port := newMailServer(t)
	box.provider = newMailProvider(t)
	p := apptest.Start(t, apptest.Options{})
	useXOAUTH2(p.Client("admin"), box.provider, port)
	p.Client("admin").Must(http.StatusOK, "POST", "/doctor", nil)
	p.Stop()
	mustRun(t, dataDir(p.Dir), "key", "rotate")
	again := apptest.Start(t, apptest.Options{Dir: p.Dir})
	a := again.Client("admin").Must(http.StatusOK, "POST", "/doctor", nil)
	if issued, refused := box.provider.count(); issued != 2 || refused != 0 {
		t.Errorf("%d tokens, %d refused: %s", issued, refused, a.Text)
	}
	// An administrator's new token replaces the stored one.
	again.Client("admin").Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_oauth_refresh_token": "another"})
	a = again.Client("admin").Must(http.StatusOK, "POST", "/doctor", nil)
	if _, refused := box.provider.count(); refused == 0 {
		t.Errorf("the stored token is used: %s", a.Text)
	}
}

// useXOAUTH2 makes the program sign in to the mail server with a refresh token.
func useXOAUTH2(c *apptest.Client, m *mailProvider, port int) {
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{
		"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none",
		"smtp_auth": "xoauth2", "smtp_user": "gates@example.org", "smtp_oauth_grant": "refresh_token",
		"smtp_oauth_token_url": m.url, "smtp_oauth_client_id": "gatecrier",
		"smtp_oauth_client_secret": "client secret 4711", "smtp_oauth_refresh_token": firstRefreshToken,
	})
}

// A preset fills in the form and saves nothing.
func TestSettings_MailPresets(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := signedInAs(t, p, "admin")
	for preset, want := range map[string]string{
		"microsoft": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
		"google":    "https://oauth2.googleapis.com/token",
	} {
		_, page := admin.get("/admin/settings/mail?preset=" + preset)
		if !strings.Contains(page, want) || !strings.Contains(page, "filled in, not saved") {
			t.Errorf("%s: not filled in", preset)
		}
	}
	if _, page := admin.get("/admin/settings/mail"); strings.Contains(page, "oauth2.googleapis.com") {
		t.Error("a preset was saved")
	}
	c := p.Client("admin")
	for endpoint, want := range map[string]string{
		"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token": "Replace {tenant}",
		"http://login.example.org/token":                               "Enter an https:// URL",
		"https://10.1.2.3/token":                                       "not allowed for outgoing messages",
	} {
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", "/settings/mail",
			object{"smtp_auth": "xoauth2", "smtp_oauth_token_url": endpoint})
		if !strings.Contains(a.Text, want) {
			t.Errorf("%s: %s", endpoint, a.Text)
		}
	}
}
