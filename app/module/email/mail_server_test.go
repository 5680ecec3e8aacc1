package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"gatecrier/app/oauth"
	"gatecrier/app/outbound"
)

const password = "Pa55word-4711"

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// newTest returns a module that can reach this machine, and greets Ada.
func newTest(t testing.TB, s *Server) *Email {
	t.Helper()
	allow, err := outbound.ParseAllow("127.0.0.0/8, [::1], localhost")
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Policy{Allow: allow}, slog.New(slog.DiscardHandler))
	tokens := oauth.New(client, func() time.Time { return noon }, nil)
	e := New(client, tokens, func() Server { return *s }, greetAda, func() time.Time { return noon })
	t.Cleanup(e.Close)
	return e
}

func greetAda(_ context.Context, address string) string {
	if address == "ada@example.org" {
		return "Ada"
	}
	return ""
}

// certify returns a certificate for a name, and the roots to verify it.
func certify(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// mailbox is a mail server that records what it gets.
type mailbox struct {
	mechanisms []string
	xoauth2    func() sasl.Server // of the mechanism; it does its own checks
	// Each can refuse a mail or break the connection; nil accepts all.
	onMail func(*session) error
	onRcpt func(*session) error
	onData func(*session) error

	mu       sync.Mutex
	mails    []envelope
	sessions []*session // one for each connection, two with STARTTLS
	signedIn []string   // by which mechanism
	secured  []bool
}

func (b *mailbox) got() []envelope {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]envelope(nil), b.mails...)
}

// all returns the conversations so far.
func (b *mailbox) all() []*session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*session(nil), b.sessions...)
}

// NewSession begins a conversation.
func (b *mailbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &session{box: b, conn: c, ended: make(chan struct{})}
	b.sessions = append(b.sessions, s)
	return s, nil
}

type session struct {
	box   *mailbox
	conn  *smtp.Conn
	now   envelope
	mails int // that have begun
	auth  bool
	ended chan struct{}
}

func (s *session) Reset() { s.now = envelope{} }

func (s *session) Logout() error {
	close(s.ended)
	return nil
}

// wait waits for the end of the conversation.
func (s *session) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		t.Error("a connection is kept open")
	}
}

// run returns the error of a hook, nil without one.
func (s *session) run(hook func(*session) error) error {
	if hook == nil {
		return nil
	}
	return hook(s)
}

func (s *session) AuthMechanisms() []string { return s.box.mechanisms }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, pass string) error {
		if user != "gates" || pass != password {
			return smtp.ErrAuthFailed
		}
		s.auth = true
		s.box.mu.Lock()
		s.box.signedIn = append(s.box.signedIn, mechanism)
		s.box.mu.Unlock()
		return nil
	}
	if mechanism == "XOAUTH2" {
		s.auth = true
		return s.box.xoauth2(), nil
	}
	if mechanism == "PLAIN" {
		return sasl.NewPlainServer(func(_, user, pass string) error { return check(user, pass) }), nil
	}
	return &loginServer{check: check}, nil
}

// loginServer asks for the user and the password in turn, as servers do.
type loginServer struct {
	check func(user, pass string) error
	said  []string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if response != nil {
		l.said = append(l.said, string(response))
	}
	switch len(l.said) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.said[0], l.said[1])
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if len(s.box.mechanisms) > 0 && !s.auth {
		return smtp.ErrAuthRequired
	}
	if s.now.to != "" {
		return errors.New("the last mail has not been forgotten")
	}
	s.mails++
	s.now.from = from
	return s.run(s.box.onMail)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.now.to = to
	return s.run(s.box.onRcpt)
}

func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.body = body
	if err := s.run(s.box.onData); err != nil {
		return err
	}
	_, secured := s.conn.TLSConnectionState()
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails, s.box.secured = append(s.box.mails, s.now), append(s.box.secured, secured)
	return nil
}

// serve starts a mail server with one of the values of Server.TLS.
func serve(t *testing.T, box *mailbox, way string, certificate tls.Certificate) Server {
	t.Helper()
	server := smtp.NewServer(box)
	server.Domain, server.AllowInsecureAuth = "mx.example", true
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if way == TLSStart {
		server.TLSConfig = config
	}
	l := listen(t)
	s := Server{Host: "127.0.0.1", Port: port(l), TLS: way, From: "gates@example.org"}
	if way == TLSImplicit {
		l = tls.NewListener(l, config)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		// Both: the server knows its listener only after it has begun to serve.
		if err := errors.Join(l.Close(), server.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := <-done; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// script starts a server that answers verbs with the given replies, and others as usual.
// "GREETING" and "BODY" are verbs, "DROP" and "HANG" replies.
func script(t *testing.T, replies map[string]string) Server {
	t.Helper()
	s, _ := scriptCounted(t, replies)
	return s
}

type verbCounts struct {
	last string // after the reply to it all is over

	mu    sync.Mutex
	verbs map[string]int
}

func (h *verbCounts) hear(verb string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.verbs[verb]++
}

func (h *verbCounts) count(verb string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.verbs[verb]
}

func scriptCounted(t *testing.T, replies map[string]string) (Server, *verbCounts) {
	t.Helper()
	l, h := listen(t), &verbCounts{verbs: map[string]int{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			all.Go(func() { play(conn, replies, h) })
		}
		all.Wait()
	}()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("a connection is kept open")
		}
	})
	return Server{Host: "127.0.0.1", Port: port(l), TLS: TLSNone, From: "gates@example.org"}, h
}

func play(conn net.Conn, replies map[string]string, h *verbCounts) {
	defer closeQuietly(conn)
	usual := map[string]string{
		"GREETING": "220 mx.example",
		"EHLO":     "250-mx.example\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN",
		"AUTH":     "235 2.7.0 in",
		"MAIL":     "250 ok",
		"RCPT":     "250 ok",
		"DATA":     "354 go on",
		"BODY":     "250 2.0.0 queued as 4711",
		"RSET":     "250 ok",
		"QUIT":     "221 bye",
	}
	in := bufio.NewReader(conn)
	for verb := "GREETING"; verb != "END"; verb = readVerb(in, verb) {
		h.hear(verb)
		reply, told := replies[verb]
		if !told {
			reply = usual[verb]
		}
		switch reply {
		case "":
			reply = "502 5.5.1 what?"
		case "DROP":
			return
		case "HANG":
			io.Copy(io.Discard, in) //nolint:errcheck // until they hang up
			return
		}
		if _, err := fmt.Fprintf(conn, "%s\r\n", reply); err != nil || verb == "QUIT" || verb == h.last {
			return
		}
		if verb == "DATA" && !strings.HasPrefix(reply, "354") {
			verb = "" // no mail follows
		}
	}
}

// readVerb reads the verb of a line, or after DATA a whole mail. It returns "END" if the client
// has closed the connection.
func readVerb(in *bufio.Reader, before string) string {
	var body bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "END"
		}
		if before != "DATA" {
			verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			return strings.ToUpper(verb)
		}
		body.WriteString(line)
		if line == ".\r\n" {
			return "BODY"
		}
	}
}
