// Package email sends messages by mail: text and HTML, to one address for a
// connection, by the one mail server of the settings.
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
	"gatecrier/app/outbound"
)

const fieldTo = "to"

// The ways of TLS to a mail server.
const (
	TLSNone     = "none"     // none at all; then nobody signs in, but to this machine itself
	TLSStart    = "starttls" // asked for in the open, and insisted on
	TLSImplicit = "tls"      // from the first byte
)

// Server is how mail is sent. Without a From or a Host none is.
type Server struct {
	Host     string
	Port     int
	TLS      string // TLSNone, TLSStart, TLSImplicit
	User     string // "" is without signing in
	Password string
	From     string // an address
}

// Email is the module.
type Email struct {
	client *outbound.Client
	server func() Server
	greet  func(ctx context.Context, address string) string
	now    func() time.Time
	page   *template.Template
	roots  *x509.CertPool // nil is the system's
	limits limits
	idle   idle
}

// limits are how long things may take.
type limits struct {
	connect    time.Duration // TCP by the guarded dialer's own limit, and as long for TLS
	total      time.Duration // all of an attempt
	firstReply time.Duration // the first answer on a connection that was idle
	idle       time.Duration // waiting for another mail
	quit       time.Duration // forgetting a refused mail, and the farewell
}

// New returns the module. It connects through client to what server says at the
// time, greets an address's user by the first name that greet knows ("" for
// none), and dates mail by now.
func New(
	client *outbound.Client,
	server func() Server,
	greet func(ctx context.Context, address string) string,
	now func() time.Time,
) *Email {
	return &Email{
		client: client, server: server, greet: greet, now: now, page: newPage(),
		limits: limits{
			connect: 10 * time.Second, total: 20 * time.Second,
			firstReply: 5 * time.Second, idle: 30 * time.Second, quit: 2 * time.Second,
		},
	}
}

// Descriptor tells about mail.
func (*Email) Descriptor() module.Descriptor {
	return module.Descriptor{
		Name: "email", Title: "Email", Icon: "mail",
		Summary: "A mail to one address, by the mail server of the settings",
		Fields: []module.Field{{
			Name: fieldTo, Label: "Address", Kind: module.FieldEmail, Placeholder: "team@example.org",
			Help:     "One address. Those who may not edit this see its first letter and its domain.",
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
		fieldErrs.Add(fieldTo, "must be one mail address, like team@example.org")
	}
	if err := fieldErrs.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Hint is the first letter of the address, and its domain.
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

// SendTo mails a message to an address once, in the way that all mail goes.
func (e *Email) SendTo(ctx context.Context, to string, m module.Message) module.Result {
	s := e.server()
	switch {
	case s.From == "":
		return module.Skipped("EMAIL_FROM is empty, no mail is sent")
	case s.Host == "":
		return module.Skipped("SMTP_HOST is empty, no mail is sent")
	}
	from, rcpt := asciiAddress(s.From), asciiAddress(to)
	switch {
	case from == "":
		return module.Permanent("EMAIL_FROM is not a mail address")
	case rcpt == "":
		return module.Permanent("the recipient is not a mail address")
	}
	start := time.Now() // a duration, so not the injected time
	ctx, cancel := context.WithTimeout(ctx, e.limits.total)
	defer cancel()
	body, err := e.compose(m, from, rcpt, e.greet(ctx, to))
	if err != nil {
		return module.Permanent("the mail could not be written")
	}
	o := e.transfer(ctx, s, envelope{from: from, to: rcpt, body: body})
	return o.result(s, to, time.Since(start))
}

// SendTest mails a test message to an address, with a link that may be "".
func (e *Email) SendTest(ctx context.Context, to, link string) module.Result {
	return e.SendTo(ctx, to, module.Message{
		ID:      "test_" + rand.Text(),
		Type:    "gatecrier.test",
		Version: 1,
		Time:    e.now(),
		Test:    true,
		Tone:    module.ToneGood,
		Title:   "Test mail from Gatecrier",
		Why:     "The mail settings work: this mail has come by the way that all of them go.",
		Link:    link,
	})
}

// asciiAddress is an address that every mail server can take, with its domain
// as it is looked up, or "". Local parts in quotes or beyond ASCII are for few
// servers, and domains in brackets would be a way around names.
func asciiAddress(address string) string {
	parsed, err := mail.ParseAddress(address)
	at := strings.LastIndexByte(address, '@')
	if err != nil || parsed.Address != address || len(address) > 254 || at < 1 || at > 64 {
		return ""
	}
	local := address[:at]
	if strings.ContainsFunc(
		local, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\(),:;<>@[]`, r) },
	) {
		return ""
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || domain == "" || strings.ContainsAny(domain, "[]: ") {
		return ""
	}
	return local + "@" + domain
}
