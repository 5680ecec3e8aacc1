package email

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"github.com/wneessen/go-mail/smtp"
)

// letter is a mail in its envelope.
type letter struct {
	from, to string
	body     []byte
}

// step is where in the conversation something went wrong, in words that follow
// "has refused".
type step string

// The steps.
const (
	stepDial      step = ""
	stepConnect   step = "the connection"
	stepTLS       step = "TLS"
	stepSignIn    step = "to let us sign in"
	stepSender    step = "the sender"
	stepRecipient step = "the recipient"
	stepMessage   step = "the message"
)

// outcome is how a transfer ended.
type outcome struct {
	step     step
	err      error
	accepted string // what the server said to a mail that it has taken
	private  bool   // it is at an address that is not public
}

// What the settings and the server do not agree on.
var (
	errNoTLS       = errors.New("it does not offer STARTTLS, which the settings insist on")
	errOpenSignIn  = errors.New("signing in without TLS is done only to this machine itself")
	errNoMechanism = errors.New("it offers no way to sign in that we know")
	errTooMuch     = errors.New("it says more than a mail server should")
)

// transfer hands a letter to the server. ctx, which has a deadline, bounds it
// all but a short farewell.
func (e *Email) transfer(ctx context.Context, s Server, l letter) outcome {
	if s.User != "" && s.TLS == TLSNone && !isThisMachine(s.Host) {
		return outcome{step: stepSignIn, err: errOpenSignIn}
	}
	conn, err := e.client.Dial(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return outcome{step: stepDial, err: err}
	}
	defer drop(conn)
	stop := context.AfterFunc(ctx, func() { drop(conn) })
	defer stop()
	o := e.converse(ctx, &bounded{Conn: conn, left: maxHeard}, s, l)
	o.private = isPrivate(conn.RemoteAddr())
	if errors.Is(o.err, net.ErrClosed) && ctx.Err() != nil {
		o.err = ctx.Err()
	}
	return o
}

func (e *Email) converse(ctx context.Context, conn net.Conn, s Server, l letter) outcome {
	config := &tls.Config{ServerName: s.Host, RootCAs: e.roots, MinVersion: tls.VersionTLS12}
	if s.TLS == TLSImplicit {
		secured, err := e.handshake(ctx, conn, config)
		if err != nil {
			return outcome{step: stepTLS, err: err}
		}
		conn = secured
	}
	c, err := smtp.NewClient(conn, s.Host)
	if err != nil {
		return outcome{step: stepConnect, err: err}
	}
	c.SkipSMTPUTF8(true) // addresses are ASCII
	if err := c.Hello(helloName(conn.LocalAddr())); err != nil {
		return outcome{step: stepConnect, err: err}
	}
	if s.TLS != TLSImplicit && s.TLS != TLSNone {
		if err := startTLS(c, config); err != nil {
			return outcome{step: stepTLS, err: err}
		}
	}
	if err := signIn(c, s); err != nil {
		return outcome{step: stepSignIn, err: err}
	}
	return e.handOver(c, conn, l)
}

func (e *Email) handshake(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.connect)
	defer cancel()
	secured := tls.Client(conn, config)
	err := secured.HandshakeContext(ctx)
	return secured, err
}

// startTLS asks for TLS. What the server said before is forgotten with it.
func startTLS(c *smtp.Client, config *tls.Config) error {
	if offered, _ := c.Extension("STARTTLS"); !offered {
		return errNoTLS
	}
	return c.StartTLS(config)
}

// signIn has checked before that it is not done in the open.
func signIn(c *smtp.Client, s Server) error {
	if s.User == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return c.Auth(smtp.PlainAuth("", s.User, s.Password, s.Host, true))
	case slices.Contains(mechanisms, "LOGIN"):
		return c.Auth(smtp.LoginAuth(s.User, s.Password, s.Host, true))
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return c.Auth(smtp.CRAMMD5Auth(s.User, s.Password))
	}
	return errNoMechanism
}

func (e *Email) handOver(c *smtp.Client, conn net.Conn, l letter) outcome {
	if err := c.Mail("<" + l.from + ">"); err != nil {
		return outcome{step: stepSender, err: err}
	}
	if err := c.Rcpt("<" + l.to + ">"); err != nil {
		return outcome{step: stepRecipient, err: err}
	}
	w, err := c.Data()
	if err != nil {
		return outcome{step: stepMessage, err: err}
	}
	if _, err := w.Write(l.body); err != nil {
		return outcome{step: stepMessage, err: err}
	}
	if err := w.Close(); err != nil {
		return outcome{step: stepMessage, err: err}
	}
	o := outcome{accepted: "250"}
	if d, ok := w.(*smtp.DataCloser); ok {
		o.accepted += " " + d.ServerResponse()
	}
	e.farewell(c, conn)
	return o
}

// farewell is for the server's log alone: the mail is accepted, and stays so
// whatever comes of it.
func (e *Email) farewell(c *smtp.Client, conn net.Conn) {
	if err := conn.SetDeadline(time.Now().Add(e.limits.quit)); err != nil {
		return
	}
	c.Quit() //nolint:errcheck,gosec // the connection is closed in any case
}

// drop closes a connection that is not needed any more.
func drop(c io.Closer) {
	c.Close() //nolint:errcheck,gosec // nothing was left to be written
}

// helloName is the address literal that RFC 5321, 4.1.4, wants of those who have
// no public name.
func helloName(local net.Addr) string {
	tcp, ok := local.(*net.TCPAddr)
	if !ok {
		return "localhost"
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if addr.Is4() {
		return "[" + addr.String() + "]"
	}
	return "[IPv6:" + addr.String() + "]"
}

func isThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func isPrivate(remote net.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	return !ok || ssrf.New(ssrf.WithAnyPort()).SafeAddr(tcp.AddrPort().Addr().Unmap()) != nil
}

// maxHeard is what a server may say in all, in bytes.
const maxHeard = 256 << 10

// bounded ends a connection whose other side does not stop talking.
type bounded struct {
	net.Conn
	left int
}

// Read reads on until too much has come.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
