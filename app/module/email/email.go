// Package email sends messages by email, as text and HTML: a connection has one address, and all
// use the mail server of the settings.
package email

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"html/template"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"gatecrier/app/module"
	"gatecrier/app/oauth"
	"gatecrier/app/outbound"
)

const fieldTo = "to"

// The values of Server.TLS.
const (
	TLSNone     = "none"     // none; then signing in is only allowed to this machine
	TLSStart    = "starttls" // STARTTLS, required
	TLSImplicit = "tls"      // from the first byte
)

// The values of Server.Auth. "" is AuthPassword.
const (
	AuthPassword = "password"
	AuthXOAuth2  = "xoauth2"
)

// Server is the mail server. Without a From or a Host no mail is sent.
type Server struct {
	Host     string
	Port     int
	TLS      string       // TLSNone, TLSStart, TLSImplicit
	Auth     string       // AuthPassword, AuthXOAuth2
	User     string       // "" for no sign-in
	Password string       // of AuthPassword
	OAuth    oauth.Config // of AuthXOAuth2
	From     string       // an address
}

// Email is the module.
type Email struct {
	client *outbound.Client
	tokens *oauth.Source
	server func() Server
	greet  func(ctx context.Context, address string) string
	now    func() time.Time
	page   *template.Template
	roots  *x509.CertPool // nil is the system's
	limits limits
	idle   idle
}

// limits are the timeouts.
type limits struct {
	connect    time.Duration // for TLS; the guarded dialer has its own limit for TCP
	total      time.Duration // a whole attempt
	firstReply time.Duration // the first answer on an idle connection
	idle       time.Duration // waiting for another mail
	quit       time.Duration // RSET after a refused mail, and QUIT
}

// New returns the module. It connects through client to what server returns at the time, and signs
// in with tokens if that is set. It greets the user of an address by the first name that greet
// returns ("" for none), and dates mails by now.
func New(
	client *outbound.Client,
	tokens *oauth.Source,
	server func() Server,
	greet func(ctx context.Context, address string) string,
	now func() time.Time,
) *Email {
	return &Email{
		client: client, tokens: tokens, server: server, greet: greet, now: now, page: newPage(),
		limits: limits{
			connect: 10 * time.Second, total: 20 * time.Second,
			firstReply: 5 * time.Second, idle: 30 * time.Second, quit: 2 * time.Second,
		},
	}
}

// Descriptor describes the module.
func (*Email) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "email", Title: "Email", Icon: "mail",
		Summary: "An email to one address, through the mail server in the settings",
		Fields: []module.Field{{
			Name: fieldTo, Label: "Address", Kind: module.FieldEmail, Placeholder: "team@example.org",
			Help:     "One address. Users who cannot edit it see its first letter and its domain.",
			Required: true, MaxLen: 254,
		}},
		Limits:    module.Limits{Ordered: true, Parallel: 4, PerSecond: 1, Burst: 10},
		OneServer: true,
	}
}

// Prepare checks the address.
func (e *Email) Prepare(c module.Config) (module.Config, error) {
	c, fieldErrs := e.Descriptor().Clean(c)
	if to := c[fieldTo]; to != "" && asciiAddress(to) == "" {
		fieldErrs.Add(fieldTo, "must be one email address, such as team@example.org")
	}
	if err := fieldErrs.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint returns the first letter of the address, and its domain.
func (*Email) Hint(c module.Config) string { return hint(c[fieldTo]) }

func hint(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return ""
	}
	return address[:1] + "…" + address[at:]
}

// Send mails a message once.
func (e *Email) Send(ctx context.Context, c module.Config, m module.Message) module.Result {
	return e.SendTo(ctx, c[fieldTo], m)
}

// SendTo mails a message to an address once, like all mail.
func (e *Email) SendTo(ctx context.Context, to string, m module.Message) module.Result {
	s := e.server()
	switch {
	case s.From == "":
		return module.Skipped("EMAIL_FROM is empty, no email is sent")
	case s.Host == "":
		return module.Skipped("SMTP_HOST is empty, no email is sent")
	}
	from, rcpt := asciiAddress(s.From), asciiAddress(to)
	switch {
	case from == "":
		return module.Permanent("EMAIL_FROM is not an email address")
	case rcpt == "":
		return module.Permanent("the recipient is not an email address")
	}
	start := time.Now() // a duration, so not the injected time
	ctx, cancel := context.WithTimeout(ctx, e.limits.total)
	defer cancel()
	body, err := e.compose(m, from, rcpt, e.greet(ctx, to))
	if err != nil {
		return module.Permanent("the email could not be composed")
	}
	o := e.transfer(ctx, s, envelope{from: from, to: rcpt, body: body})
	return o.result(s, to, time.Since(start))
}

// SendTest mails a test message to an address, with an optional link.
func (e *Email) SendTest(ctx context.Context, to, link string) module.Result {
	return e.SendTo(ctx, to, module.Message{
		ID:      "test_" + rand.Text(),
		Type:    "gatecrier.test",
		Version: 1,
		Time:    e.now(),
		Test:    true,
		Tone:    module.ToneGood,
		Title:   "Test email from Gatecrier",
		Why:     "The email settings work: all emails are sent in the way of this one.",
		Link:    link,
	})
}

// asciiAddress returns an address that every mail server accepts, with its domain as it is looked
// up, or "". Few servers accept local parts in quotes or beyond ASCII, and a domain in brackets
// would be an address without a name.
func asciiAddress(address string) string {
	parsed, err := mail.ParseAddress(address)
	at := strings.LastIndexByte(address, '@')
	if err != nil || parsed.Address != address || len(address) > 254 || at < 1 || at > 64 {
		return ""
	}
	local := address[:at]
	isOdd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\(),:;<>@[]`, r) }
	if strings.ContainsFunc(local, isOdd) {
		return ""
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || domain == "" || strings.ContainsAny(domain, "[]: ") {
		return ""
	}
	return local + "@" + domain
}
