package email

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
	"github.com/wneessen/go-mail/smtp"
)

// envelope is a mail with its sender and its recipient.
type envelope struct {
	from, to string
	body     []byte
}

// step is where in the conversation an error occurred, in words that follow "has refused".
type step string

// The steps of a transfer.
const (
	stepToken     step = "a token"
	stepDial      step = ""
	stepConnect   step = "to accept email"
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
	accepted string // the answer of the server to an accepted mail
	private  bool   // the server is at an address that is not public
	unsure   bool   // everything was sent, and no answer came
	stale    bool   // the connection ended while it was idle, nothing was sent
	token    string // the access token that was used
}

// codeClosing is the code of a server that is about to close the connection (RFC 5321, 3.8).
const codeClosing = 421

// Errors between the settings and the server.
var (
	errNoTLS       = errors.New("it does not offer STARTTLS, which the settings require")
	errOpenSignIn  = errors.New("without TLS, Gatecrier signs in only on this machine")
	errNoMechanism = errors.New("it offers no supported way to sign in")
	errNoXOAuth2   = errors.New("it does not offer XOAUTH2, which the settings require")
	errTooMuch     = errors.New("its answers are too long for a mail server")
)

// connection is a connection to a server, for one mail after another.
type connection struct {
	server  Server       // the settings when it was opened
	policy  uint64       // the version of the policy when it was opened
	token   string       // the access token to sign in with; "" for none
	raw     net.Conn     // TCP
	limited *limitedConn // raw, with a bound on what the server sends
	client  *smtp.Client // nil until the session is open
	used    int          // mails, with the current one
	until   time.Time    // the end of its idle time
	timer   *time.Timer  // ends it then; nil unless it has been idle
}

// transfer passes a mail to the server, over an idle connection or a new one. ctx, which has a
// deadline, bounds it all.
func (e *Email) transfer(ctx context.Context, s Server, env envelope) outcome {
	if c := e.takeIdle(s); c != nil {
		if o := e.deliverOver(ctx, c, env); !o.stale {
			return o
		}
	}
	return e.overNew(ctx, s, func(ctx context.Context, c *connection) outcome {
		return e.deliverOver(ctx, c, env)
	})
}

// deliverOver passes a mail over a connection, and then keeps the connection for others or closes
// it. It ends with ctx.
func (e *Email) deliverOver(ctx context.Context, c *connection, env envelope) outcome {
	stop := context.AfterFunc(ctx, func() { closeQuietly(c.raw) })
	c.limited.left = maxReceived
	c.used++
	o := e.converse(ctx, c, env)
	o.token, o.private = c.token, isPrivate(c.raw.RemoteAddr())
	o.stale = c.used > 1 && o.step == stepSender && o.unanswered() && ctx.Err() == nil
	if errors.Is(o.err, net.ErrClosed) && ctx.Err() != nil {
		o.err = ctx.Err()
	}
	if ready := e.isReusable(c, o); stop() && ready {
		e.keepIdle(c)
	} else {
		closeQuietly(c.raw)
	}
	return o
}

// unanswered reports whether a connection broke instead of an answer, or the server is about to
// close it (421).
func (o outcome) unanswered() bool {
	said := o.serverError()
	return o.err != nil && (said == nil || said.Code == codeClosing)
}

// isReusable reports whether a connection can take another mail after this outcome. A refusal on a
// connection that has taken others can be because of them, unless it is for good.
func (e *Email) isReusable(c *connection, o outcome) bool {
	if o.err != nil {
		said := o.serverError()
		ours := o.step == stepSender || o.step == stepRecipient || o.step == stepMessage
		if said == nil || said.Code == codeClosing || !ours {
			return false
		}
		if c.used > 1 && (o.step == stepSender || said.Code < 500) {
			return false
		}
		if c.withDeadline(e.limits.quit, c.client.Reset) != nil {
			return false
		}
	}
	return c.client.Text.R.Buffered() == 0 // otherwise it sent more than was asked
}

// withDeadline runs a part of the conversation within a limit.
func (c *connection) withDeadline(limit time.Duration, do func() error) error {
	if err := c.raw.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	return errors.Join(do(), c.raw.SetDeadline(time.Time{}))
}

func (e *Email) converse(ctx context.Context, c *connection, env envelope) outcome {
	mail := func() error { return c.client.Mail("<" + env.from + ">") }
	var err error
	if c.client == nil {
		if o := e.openSession(ctx, c); o.err != nil {
			return o
		}
		err = mail()
	} else {
		err = c.withDeadline(e.limits.firstReply, mail)
	}
	if err != nil {
		return outcome{step: stepSender, err: err}
	}
	return handOver(c.client, env)
}

// openSession makes a new connection ready for mail.
func (e *Email) openSession(ctx context.Context, c *connection) outcome {
	s := c.server
	var conn net.Conn = c.limited
	config := &tls.Config{ServerName: s.Host, RootCAs: e.roots, MinVersion: tls.VersionTLS12}
	if s.TLS == TLSImplicit {
		secured, err := e.handshake(ctx, conn, config)
		if err != nil {
			return outcome{step: stepTLS, err: err}
		}
		conn = secured
	}
	client, err := smtp.NewClient(conn, s.Host)
	if err != nil {
		return outcome{step: stepConnect, err: err}
	}
	client.SkipSMTPUTF8(true) // addresses are ASCII
	if err := client.Hello(helloName(conn.LocalAddr())); err != nil {
		return outcome{step: stepConnect, err: err}
	}
	if s.TLS != TLSImplicit && s.TLS != TLSNone {
		if err := startTLS(client, config); err != nil {
			return outcome{step: stepTLS, err: err}
		}
	}
	if err := signIn(client, s, c.token); err != nil {
		return outcome{step: stepSignIn, err: err}
	}
	c.client = client
	return outcome{}
}

func (e *Email) handshake(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.connect)
	defer cancel()
	secured := tls.Client(conn, config)
	err := secured.HandshakeContext(ctx)
	return secured, err
}

// startTLS starts TLS, and discards what the server said before.
func startTLS(c *smtp.Client, config *tls.Config) error {
	if offered, _ := c.Extension("STARTTLS"); !offered {
		return errNoTLS
	}
	return c.StartTLS(config)
}

// handOver does the part of the conversation after the sender.
func handOver(c *smtp.Client, env envelope) outcome {
	if err := c.Rcpt("<" + env.to + ">"); err != nil {
		return outcome{step: stepRecipient, err: err}
	}
	w, err := c.Data()
	if err != nil {
		return outcome{step: stepMessage, err: err}
	}
	if _, err := w.Write(env.body); err != nil {
		return outcome{step: stepMessage, err: err}
	}
	if err := w.Close(); err != nil {
		o := outcome{step: stepMessage, err: err}
		// Close does not distinguish errors of writing and reading. Flush repeats an error of
		// writing: then the end of the message was not sent.
		o.unsure = o.serverError() == nil && c.Text.W.Flush() == nil
		return o
	}
	o := outcome{accepted: "250"}
	if d, ok := w.(*smtp.DataCloser); ok {
		o.accepted += " " + d.ServerResponse()
	}
	return o
}

// closeQuietly closes a connection that is not needed any more.
func closeQuietly(c io.Closer) {
	c.Close() //nolint:errcheck,gosec // everything was written
}

// helloName returns the address literal for clients without a public name (RFC 5321, 4.1.4).
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

// maxReceived bounds what a server can send about one mail, in bytes.
const maxReceived = 256 << 10

// limitedConn ends a connection whose server does not stop sending.
type limitedConn struct {
	net.Conn
	left int
}

// Read fails once too much has arrived.
func (b *limitedConn) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
