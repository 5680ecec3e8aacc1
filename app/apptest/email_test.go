package apptest_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
)

// mailServer is a mail server that keeps the emails it gets.
type mailServer struct {
	mu       sync.Mutex
	mails    []receivedMail
	refuse   func(to string) error // nil takes all
	provider *mailProvider         // of XOAUTH2; nil for no sign-in
}

type receivedMail struct{ to, text string }

type mailSession struct {
	box *mailServer
	to  []string
}

// NewSession implements smtp.Backend.
func (b *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailSession{box: b}, nil }

func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	refuse := s.box.refuse
	s.box.mu.Unlock()
	if refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, receivedMail{strings.Join(s.to, ","), string(text)})
	return err
}

func (s *mailSession) Reset() { s.to = nil }

func (*mailSession) Logout() error { return nil }

// refuseRecipients sets the function that accepts or refuses recipients; nil accepts all.
func (b *mailServer) refuseRecipients(refuse func(to string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = refuse
}

func (b *mailServer) received() []receivedMail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]receivedMail(nil), b.mails...)
}

// newMailServer starts a mail server on this host, and returns its port.
func newMailServer(t *testing.T) (*mailServer, int) {
	t.Helper()
	box := &mailServer{}
	server := smtp.NewServer(box)
	server.Domain, server.AllowInsecureAuth = "localhost", true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener) //nolint:errcheck // it says that it was closed
	}()
	t.Cleanup(func() {
		server.Close() //nolint:errcheck // the listener goes with it
		<-done
	})
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return box, n
}

// Each address of the field gets one email per change, with the name of its user. Without a sender
// address, a delivery row gives the reason why nothing was sent.
func TestEmail_OneMailPerAddress(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		box, port := newMailServer(t)
		c := p.Client("admin")
		_, err := p.Accounts.Create(t.Context(),
			account.NewUser{Name: "eve", FirstName: "Eve", Email: "Eve@example.org", Password: apptest.Password})
		if err != nil {
			t.Fatal(err)
		}
		s := newProduct(t, c, "Shop", "")
		a := c.Must(http.StatusUnprocessableEntity, "PATCH", s.path, object{"email_to": "eve@example.org, not an address"})
		if a.Get("errors.0.name") != "email_to" || !strings.Contains(a.Text, "not an address") {
			t.Errorf("the wrong address is not named: %s", a.Text)
		}
		a = c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "eve@example.org, ops@example.org; EVE@example.org"})
		if a.Get("email_to") != "eve@example.org, ops@example.org" {
			t.Errorf("stored: %s", a.Text)
		}

		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		apptest.Eventually(t, "both are skipped", func() bool {
			return c.Do("GET", "/deliveries?state=skipped", nil).Get("items.1") != nil
		})
		a = c.Must(http.StatusOK, "GET", "/deliveries?state=skipped", nil)
		if !strings.Contains(a.Text, "EMAIL_FROM is empty") {
			t.Errorf("why: %s", a.Text)
		}

		c.Must(http.StatusOK, "PATCH", "/settings/mail",
			object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
		apptest.Eventually(t, "both have come", func() bool {
			return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.1") != nil
		})
		mails := box.received()
		if len(mails) != 2 || mails[0].to == mails[1].to {
			t.Fatalf("%d mails: %+v", len(mails), mails)
		}
		for _, m := range mails {
			greeting := "Hello,"
			if m.to == "eve@example.org" {
				greeting = "Hello Eve,"
			}
			for _, want := range []string{
				"Subject: Security gate passed: Shop", greeting, "multipart/alternative", "text/plain",
				"text/html", "Passed: within all thresholds",
			} {
				if !strings.Contains(m.text, want) {
					t.Errorf("the mail to %s lacks %q:\n%s", m.to, want, m.text)
				}
			}
		}
	})
}
