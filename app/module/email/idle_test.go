package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
	"gatecrier/app/outbound"
)

// deliver sends a mail that must arrive.
func deliver(t *testing.T, e *Email) {
	t.Helper()
	if r := send(t, e); r.Kind() != module.KindDelivered || r.Unsure {
		t.Fatalf("result = %v %+v", r.Kind(), r)
	}
}

// plain returns a module and its mail server without TLS.
func plain(t *testing.T, box *mailbox) (*Email, *Server) {
	t.Helper()
	good, _ := certify(t, "127.0.0.1")
	s := serve(t, box, TLSNone, good)
	return newTest(t, &s), &s
}

// expect checks how many mails and connections a server got.
func (b *mailbox) expect(t *testing.T, mails, connections int) {
	t.Helper()
	if got, all := len(b.got()), len(b.all()); got != mails || all != connections {
		t.Errorf("%d mails over %d connections, want %d over %d", got, all, mails, connections)
	}
}

// count returns the number of idle connections.
func (i *idle) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.conns)
}

func TestMailsShareAConnection(t *testing.T) {
	good, roots := certify(t, "127.0.0.1")
	for _, way := range []string{TLSNone, TLSStart, TLSImplicit} {
		t.Run(way, func(t *testing.T) {
			box := &mailbox{mechanisms: []string{"PLAIN"}}
			s := serve(t, box, way, good)
			s.User, s.Password = "gates", password
			e := newTest(t, &s)
			e.roots = roots
			for range 20 {
				deliver(t, e)
			}
			if len(box.got()) != 20 || len(box.signedIn) != 1 || box.secured[19] != (way != TLSNone) {
				t.Errorf("%d mails, signed in %v", len(box.got()), box.signedIn)
			}
		})
	}
}

func TestConnectionIsReplacedAfterMaxUsed(t *testing.T) {
	box := &mailbox{}
	e, _ := plain(t, box)
	for range 2*maxUsed + 1 {
		deliver(t, e)
	}
	box.expect(t, 2*maxUsed+1, 3)
	for _, s := range box.all()[:2] {
		s.wait(t)
	}
}

// A server can close an idle connection, with or without a reply.
func TestServerClosesAnIdleConnection(t *testing.T) {
	for name, end := range map[string]func(net.Conn) error{
		"close": net.Conn.Close,
		"reset": func(c net.Conn) error { return errors.Join(c.(*net.TCPConn).SetLinger(0), c.Close()) },
		"421": func(c net.Conn) error {
			_, err := io.WriteString(c, "421 4.4.2 idle for too long\r\n")
			return errors.Join(err, c.Close())
		},
		"nonsense": func(c net.Conn) error {
			_, err := io.WriteString(c, strings.Repeat("what? ", 10_000))
			return errors.Join(err, c.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			box := &mailbox{}
			e, _ := plain(t, box)
			for i := range 3 {
				deliver(t, e)
				if err := end(box.all()[i].conn.Conn()); err != nil {
					t.Fatal(err)
				}
			}
			deliver(t, e)
			box.expect(t, 4, 4)
		})
	}
}

// The answer of an idle connection to MAIL decides whether a new one takes the mail.
func TestIdleConnection_AnswerToMAIL(t *testing.T) {
	stopped := make(chan struct{})
	defer close(stopped)
	for name, tt := range map[string]struct {
		answer func(*session) error
		want   module.Kind
	}{
		"421":   {func(*session) error { return &smtp.SMTPError{Code: 421, Message: "too many"} }, module.KindDelivered},
		"drop":  {func(s *session) error { return s.conn.Conn().Close() }, module.KindDelivered},
		"hang":  {func(*session) error { <-stopped; return nil }, module.KindDelivered},
		"451":   {func(*session) error { return &smtp.SMTPError{Code: 451, Message: "later"} }, module.KindTransient},
		"550":   {func(*session) error { return &smtp.SMTPError{Code: 550, Message: "no"} }, module.KindRejected},
		"taken": {func(*session) error { return nil }, module.KindDelivered},
	} {
		t.Run(name, func(t *testing.T) {
			box := &mailbox{onMail: func(s *session) error {
				if s.mails > 1 {
					return tt.answer(s)
				}
				return nil
			}}
			e, _ := plain(t, box)
			e.limits.firstReply = 50 * time.Millisecond
			deliver(t, e)
			if r := send(t, e); r.Kind() != tt.want || r.Unsure {
				t.Errorf("result = %v %+v", r.Kind(), r)
			}
			mails, connections := 2, 2
			switch {
			case tt.want != module.KindDelivered:
				mails, connections = 1, 1
				if e.idle.count() != 0 {
					t.Error("a connection that refuses is kept")
				}
			case name == "taken":
				connections = 1
			}
			box.expect(t, mails, connections)
		})
	}
}

// Once MAIL is answered, a mail uses only this connection.
func TestMailIsNotResentAfterMAIL(t *testing.T) {
	second := func(s *session) error {
		if s.mails > 1 {
			return s.conn.Conn().Close()
		}
		return nil
	}
	for name, box := range map[string]*mailbox{"RCPT": {onRcpt: second}, "BODY": {onData: second}} {
		t.Run(name, func(t *testing.T) {
			e, _ := plain(t, box)
			deliver(t, e)
			if r := send(t, e); r.Kind() != module.KindTransient || r.Unsure != (name == "BODY") {
				t.Errorf("result = %v %+v", r.Kind(), r)
			}
			if n := len(box.all()); n != 1 || e.idle.count() != 0 {
				t.Errorf("%d connections, %d idle", n, e.idle.count())
			}
		})
	}
}

// A change of any setting needs a new connection.
func TestChangedSettingsNeedANewConnection(t *testing.T) {
	for name, change := range map[string]func(s *Server, other Server){
		"host":     func(s *Server, _ Server) { s.Host = "localhost" },
		"port":     func(s *Server, other Server) { s.Port = other.Port },
		"TLS":      func(s *Server, _ Server) { s.TLS = TLSStart },
		"user":     func(s *Server, _ Server) { s.User = "other" },
		"password": func(s *Server, _ Server) { s.Password = "other" },
		"from":     func(s *Server, _ Server) { s.From = "others@example.org" },
	} {
		t.Run(name, func(t *testing.T) {
			box, otherBox := &mailbox{mechanisms: []string{"PLAIN"}}, &mailbox{mechanisms: []string{"PLAIN"}}
			e, s := plain(t, box)
			_, other := plain(t, otherBox)
			s.User, s.Password = "gates", password
			deliver(t, e)
			change(s, *other)
			r := send(t, e)
			box.all()[0].wait(t) // the old one does not stay open until it expires
			refused := name == "TLS" || name == "user" || name == "password"
			if (r.Kind() == module.KindDelivered) == refused || len(box.all())+len(otherBox.all()) != 2 {
				t.Errorf("result = %v %+v, %d connections", r.Kind(), r, len(box.all())+len(otherBox.all()))
			}
		})
	}
}

func TestChangedPolicyNeedsANewConnection(t *testing.T) {
	box := &mailbox{}
	e, _ := plain(t, box)
	allow, err := outbound.ParseAllow("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, e)
	e.client.SetPolicy(outbound.Policy{})
	if r := send(t, e); r.Kind() != module.KindBlocked {
		t.Errorf("result = %v %+v", r.Kind(), r)
	}
	box.all()[0].wait(t)
	e.client.SetPolicy(outbound.Policy{Allow: allow})
	deliver(t, e)
	e.client.SetPolicy(outbound.Policy{Allow: allow})
	deliver(t, e)
	box.expect(t, 3, 3)
}

func TestChangesDuringAMailApplyToTheNext(t *testing.T) {
	var now atomic.Pointer[Server]
	allow, err := outbound.ParseAllow("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Policy{Allow: allow}, slog.New(slog.DiscardHandler))
	e := New(client, nil, func() Server { return *now.Load() }, greetAda, time.Now)
	defer e.Close()
	changes := []func(){
		func() { client.SetPolicy(outbound.Policy{Allow: allow}) },
		func() {
			s := *now.Load()
			s.From = "others@example.org"
			now.Store(&s)
		},
		func() {},
	}
	begun := 0
	box := &mailbox{onData: func(*session) error {
		changes[begun]()
		begun++
		return nil
	}}
	good, _ := certify(t, "127.0.0.1")
	s := serve(t, box, TLSNone, good)
	now.Store(&s)
	for i := range changes {
		deliver(t, e)
		if kept := e.idle.count(); kept != i/2 {
			t.Errorf("%d connections kept after mail %d", kept, i)
		}
	}
	box.expect(t, 3, 3)
}

func TestConnectionIsReusedAfterARefusedMail(t *testing.T) {
	box := &mailbox{onRcpt: func(s *session) error {
		if strings.HasPrefix(s.now.to, "nobody@") {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		}
		return nil
	}, onData: func(s *session) error {
		if s.mails == 4 {
			return &smtp.SMTPError{Code: 554, Message: "spam"}
		}
		return nil
	}}
	e, _ := plain(t, box)
	for _, want := range []module.Kind{
		module.KindPermanent, module.KindDelivered, module.KindPermanent, module.KindRejected, module.KindDelivered,
	} {
		to := "ada@example.org"
		if want == module.KindPermanent {
			to = "nobody@example.org"
		}
		if r := e.SendTo(t.Context(), to, moduletest.Usual()); r.Kind() != want || r.Unsure {
			t.Errorf("result = %v %+v, want %v", r.Kind(), r, want)
		}
	}
	box.expect(t, 2, 1)
}

// After a temporary refusal, a connection that has taken emails is closed: the server can limit the
// emails of a connection.
func TestConnectionIsClosedAfterATemporaryRefusal(t *testing.T) {
	box := &mailbox{onRcpt: func(s *session) error {
		if s.mails > 2 {
			return &smtp.SMTPError{Code: 452, Message: "too many for one session"}
		}
		return nil
	}}
	e, _ := plain(t, box)
	for i := range 6 {
		want := module.KindDelivered
		if i%3 == 2 {
			want = module.KindTransient
		}
		if r := send(t, e); r.Kind() != want {
			t.Errorf("mail %d: %v %+v", i, r.Kind(), r)
		}
	}
	box.expect(t, 4, 2)
}

func TestParallelMailsArriveOnce(t *testing.T) {
	box := &mailbox{}
	e, _ := plain(t, box)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 10 {
				m := moduletest.Usual()
				m.ID = fmt.Sprintf("mail-%d-%d", i, j)
				if r := e.SendTo(t.Context(), "ada@example.org", m); r.Kind() != module.KindDelivered {
					t.Errorf("result = %v %+v", r.Kind(), r)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, l := range box.got() {
		seen[parse(t, l.body).header.Get("Message-Id")] = true
	}
	if kept := e.idle.count(); len(seen) != 80 || len(box.got()) != 80 || kept < 1 || kept > maxIdle {
		t.Errorf("%d mails, %d of them different, %d connections kept", len(box.got()), len(seen), kept)
	}
	e.Close()
	for _, s := range box.all() {
		s.wait(t)
	}
}

func TestIdleConnectionExpires(t *testing.T) {
	box := &mailbox{}
	e, _ := plain(t, box)
	e.limits.idle = 5 * time.Millisecond
	deliver(t, e)
	box.all()[0].wait(t)
	if n := e.idle.count(); n != 0 {
		t.Errorf("%d connections kept", n)
	}
	deliver(t, e)
	box.expect(t, 2, 2)
	box.all()[1].wait(t)
}

// An expired connection is not taken, even if its timer is late.
func TestExpiredConnectionIsNotTaken(t *testing.T) {
	box := &mailbox{}
	e, _ := plain(t, box)
	deliver(t, e)
	e.idle.conns[0].until = time.Now()
	deliver(t, e)
	box.expect(t, 2, 2)
	box.all()[0].wait(t)
}

func TestQuitIsSentOnce(t *testing.T) {
	s, h := scriptCounted(t, nil)
	e := newTest(t, &s)
	for range 3 {
		deliver(t, e)
	}
	if n := h.count("QUIT"); n != 0 {
		t.Errorf("QUIT %d times, and the connection is kept", n)
	}
	e.Close()
	if h.count("QUIT") != 1 || h.count("GREETING") != 1 || h.count("RSET") != 0 {
		t.Errorf("heard %v", h.verbs)
	}
	deliver(t, e) // no connection is kept after Close
	if n := e.idle.count(); n != 0 {
		t.Errorf("%d connections kept", n)
	}
}

// The end of ctx ends the connection, even one that was idle.
func TestCancelledContextClosesTheIdleConnection(t *testing.T) {
	for _, hook := range []string{"MAIL", "BODY"} {
		t.Run(hook, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			hang := func(s *session) error {
				if s.mails > 1 {
					cancel()
					_, err := s.conn.Conn().Read(make([]byte, 1)) // until the client closes
					return err
				}
				return nil
			}
			box := &mailbox{onMail: hang}
			if hook == "BODY" {
				box = &mailbox{onData: hang}
			}
			e, _ := plain(t, box)
			deliver(t, e)
			r := e.SendTo(ctx, "ada@example.org", moduletest.Usual())
			if r.Kind() != module.KindTransient || r.Reason != "127.0.0.1: stopped before it answered" ||
				r.Unsure != (hook == "BODY") {
				t.Errorf("result = %v %+v", r.Kind(), r)
			}
			box.all()[0].wait(t)
			if e.idle.count() != 0 {
				t.Error("the connection is kept")
			}
			box.expect(t, 1, 1)
		})
	}
}

// The bound on what a server sends applies to each mail, not to all mails of a connection.
func TestReceivedBytesAreBoundedPerMail(t *testing.T) {
	s, h := scriptCounted(t, map[string]string{"BODY": strings.Repeat("250-x\r\n", maxReceived/10) + "250 x"})
	e := newTest(t, &s)
	for range 3 {
		deliver(t, e)
	}
	if n := h.count("GREETING"); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A server with a surplus reply would answer each later command with the reply to the one before.
func TestSurplusRepliesCloseTheConnection(t *testing.T) {
	s, h := scriptCounted(t, map[string]string{"BODY": "250 ok\r\n250 very ok"})
	e := newTest(t, &s)
	for range 2 {
		deliver(t, e)
	}
	if n := h.count("GREETING"); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// A mail that was not sent completely has not arrived.
func TestPartlyWrittenMailIsNotUnsure(t *testing.T) {
	for _, size := range []int{100, 100_000} {
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			play(theirs, nil, &verbCounts{verbs: map[string]int{}, last: "DATA"})
		}()
		e := newTest(t, &Server{})
		c := &connection{server: Server{Host: "127.0.0.1", TLS: TLSNone}, raw: ours, limited: &limitedConn{Conn: ours}}
		mail := envelope{from: "a@example.org", to: "b@example.org", body: []byte(strings.Repeat("x", size))}
		o := e.deliverOver(t.Context(), c, mail)
		<-done
		if o.err == nil || o.step != stepMessage || o.unsure {
			t.Errorf("outcome = %+v", o)
		}
	}
}

// Idle connections need no goroutine, and leave none behind.
func TestIdleConnectionsHaveNoGoroutines(t *testing.T) {
	box := &mailbox{}
	e, _ := plain(t, box)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if r := send(t, e); r.Kind() != module.KindDelivered {
				t.Errorf("result = %v %+v", r.Kind(), r)
			}
		})
	}
	all.Wait()
	if n := e.idle.count(); n == 0 {
		t.Error("no connection is kept")
	}
	untilNone(t)
	e.Close()
	untilNone(t)
}

// untilNone waits until no goroutine runs this package's code.
func untilNone(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		stacks := make([]byte, 1<<20)
		text := string(stacks[:runtime.Stack(stacks, true)])
		if !strings.Contains(text, "/email/idle.go") && !strings.Contains(text, "/email/transfer.go") {
			return
		}
		<-tick.C
	}
	t.Error("goroutines are left")
}
