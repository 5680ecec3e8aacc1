package email

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/module"
	"gatecrier/app/module/moduletest"
	"gatecrier/app/outbound"
)

func TestTransfer(t *testing.T) {
	good, roots := certify(t, "127.0.0.1")
	tests := []struct {
		name, way  string
		mechanisms []string
		signIn     []string
		secured    bool
	}{
		{"plain", TLSNone, nil, nil, false},
		{"plain, signing in to this machine", TLSNone, []string{"PLAIN"}, []string{"PLAIN"}, false},
		{"STARTTLS", TLSStart, nil, nil, true},
		{"STARTTLS, PLAIN", TLSStart, []string{"LOGIN", "PLAIN"}, []string{"PLAIN"}, true},
		{"STARTTLS, LOGIN", TLSStart, []string{"LOGIN"}, []string{"LOGIN"}, true},
		{"TLS", TLSImplicit, nil, nil, true},
		{"TLS, PLAIN", TLSImplicit, []string{"PLAIN"}, []string{"PLAIN"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			box := &mailbox{mechanisms: tt.mechanisms}
			s := serve(t, box, tt.way, good)
			if tt.mechanisms != nil {
				s.User, s.Password = "gates", password
			}
			e := newTest(t, &s)
			e.roots = roots
			r := e.Send(t.Context(), module.Config{"to": "ada@example.org"}, moduletest.Usual())
			if r.Kind() != module.KindDelivered || r.Reason != "accepted by 127.0.0.1" || r.Status != 250 ||
				!strings.HasPrefix(r.Answer, "250 ") ||
				!r.Private ||
				r.Duration <= 0 {
				t.Fatalf("result = %v %+v", r.Kind(), r)
			}
			got := box.got()
			if len(got) != 1 || got[0].from != "gates@example.org" || got[0].to != "ada@example.org" ||
				box.secured[0] != tt.secured {
				t.Fatalf("mails = %v, secured = %v", got, box.secured)
			}
			if diff := cmp.Diff(tt.signIn, box.signedIn); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(string(got[0].body), "Subject: Security gate of Shop failed") {
				t.Errorf("mail = %s", got[0].body)
			}
		})
	}
}

func TestTLSIsRequired(t *testing.T) {
	good, roots := certify(t, "127.0.0.1")
	other, otherRoots := certify(t, "mx.example.org")
	tests := []struct {
		name, offered, wanted string
		certificate           tls.Certificate
		want                  string
	}{
		{"STARTTLS not offered", TLSNone, TLSStart, good, "it does not offer STARTTLS, which the settings require"},
		{"TLS not spoken", TLSNone, TLSImplicit, good, "it does not speak TLS on this port"},
		{
			"a way that is not known is STARTTLS",
			TLSNone,
			"",
			good,
			"it does not offer STARTTLS, which the settings require",
		},
		{"another name, STARTTLS", TLSStart, TLSStart, other, "its certificate is for another name"},
		{"another name, TLS", TLSImplicit, TLSImplicit, other, "its certificate is for another name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			box := &mailbox{mechanisms: []string{"PLAIN"}}
			s := serve(t, box, tt.offered, tt.certificate)
			s.TLS, s.User, s.Password = tt.wanted, "gates", password
			e := newTest(t, &s)
			e.roots = roots
			if strings.Contains(tt.name, "another") {
				e.roots = otherRoots
			}
			r := send(t, e)
			if r.Kind() != module.KindTransient || r.Reason != "127.0.0.1: "+tt.want || len(box.got()) != 0 ||
				len(box.signedIn) != 0 {
				t.Errorf("result = %v %+v, %d mails, signed in %v", r.Kind(), r, len(box.got()), box.signedIn)
			}
		})
	}
	t.Run("unknown authority", func(t *testing.T) {
		for _, way := range []string{TLSStart, TLSImplicit} {
			s := serve(t, &mailbox{}, way, good)
			e := newTest(t, &s)
			e.roots = otherRoots
			if r := send(t, e); r.Kind() != module.KindTransient ||
				r.Reason != "127.0.0.1: its certificate is signed by an unknown authority" {
				t.Errorf("%s: %v %+v", way, r.Kind(), r)
			}
		}
	})
}

// send mails the usual message, and checks what every result must have.
func send(t *testing.T, e *Email) module.Result {
	t.Helper()
	r := e.SendTo(t.Context(), "ada@example.org", moduletest.Usual())
	told := r.Reason + r.Answer
	if r.Reason == "" || strings.Contains(told, password) || strings.Contains(told, "ada@example.org") || r.Duration <= 0 {
		t.Errorf("result = %+v", r)
	}
	return r
}

func TestSigningIn(t *testing.T) {
	good, roots := certify(t, "127.0.0.1")
	box := &mailbox{mechanisms: []string{"PLAIN"}}
	s := serve(t, box, TLSStart, good)
	s.User, s.Password = "gates", "wrong"
	e := newTest(t, &s)
	e.roots = roots
	if r := send(t, e); r.Kind() != module.KindRejected || r.Status != 535 ||
		r.Reason != "127.0.0.1 has refused to let us sign in: 535" {
		t.Errorf("wrong password: %v %+v", r.Kind(), r)
	}
	box.mechanisms = []string{"GSSAPI"}
	if r := send(t, e); r.Kind() != module.KindTransient || !strings.HasSuffix(r.Reason, errNoMechanism.Error()) {
		t.Errorf("no mechanism: %v %+v", r.Kind(), r)
	}
	s.Host, s.TLS = "192.0.2.1", TLSNone
	if r := e.SendTo(t.Context(), "ada@example.org", moduletest.Usual()); r.Kind() != module.KindRejected ||
		!strings.HasSuffix(r.Reason, errOpenSignIn.Error()) {
		t.Errorf("signing in in the open: %v %+v", r.Kind(), r)
	}
	if len(box.got()) != 0 {
		t.Errorf("mails = %v", box.got())
	}
}

func TestRefusals(t *testing.T) {
	steps := map[string]string{
		"GREETING": "to accept email",
		"AUTH":     "to let us sign in",
		"MAIL":     "the sender",
		"RCPT":     "the recipient",
		"DATA":     "the message",
		"BODY":     "the message",
	}
	for verb, words := range steps {
		for code, want := range map[string]module.Kind{
			"421": module.KindTransient, "451": module.KindTransient, "550": module.KindRejected,
			"554": module.KindRejected,
		} {
			t.Run(verb+" "+code, func(t *testing.T) {
				s := script(t, map[string]string{verb: code + "-5.9.9 no, <ada@example.org>\r\n" + code + " 5.9.9 never"})
				s.User, s.Password = "gates", password
				r := send(t, newTest(t, &s))
				answer := code + " 5.9.9 no, <a…@example.org>\n5.9.9 never"
				if r.Kind() != want || fmt.Sprint(r.Status) != code || r.Reason != "127.0.0.1 has refused "+words+": "+code ||
					r.Answer != answer || !r.Private || r.Unsure {
					t.Errorf("result = %v %+v", r.Kind(), r)
				}
			})
		}
	}
}

func TestPermanentRefusals(t *testing.T) {
	for _, tt := range []struct {
		verb, reply string
		want        module.Kind
	}{
		{"RCPT", "550 5.1.1 no such user", module.KindPermanent},
		{"RCPT", "550 5.1.10 no mail here", module.KindPermanent},
		{"RCPT", "550 5.7.1 not from you", module.KindRejected},
		{"RCPT", "450 4.1.1 ask later", module.KindTransient},
		{"RCPT", "550 no such user", module.KindRejected},
		{"MAIL", "550 5.1.1 strange", module.KindRejected},
		{"BODY", "552 5.3.4 too large", module.KindPermanent},
		{"BODY", "554 5.6.0 spam", module.KindRejected},
	} {
		s := script(t, map[string]string{tt.verb: tt.reply})
		if r := send(t, newTest(t, &s)); r.Kind() != tt.want || r.Answer != tt.reply {
			t.Errorf("%s %s: %v %+v", tt.verb, tt.reply, r.Kind(), r)
		}
	}
}

func TestBrokenServers(t *testing.T) {
	long := strings.Repeat("250-x\r\n", 60_000)
	for verb, replies := range map[string][]string{
		"GREETING": {"DROP", "HANG", "HTTP/1.1 400 Bad Request", "", "220-" + long, "\x00\xff"},
		"EHLO":     {"DROP", "HANG", long},
		"AUTH":     {"DROP", "HANG", "334 !!!"},
		"MAIL":     {"DROP", "HANG", "what"},
		"RCPT":     {"DROP", "HANG"},
		"DATA":     {"DROP", "HANG", "250 ok"},
		"BODY":     {"DROP", "HANG", "what", long},
	} {
		for _, reply := range replies {
			t.Run(verb+" "+reply[:min(len(reply), 8)], func(t *testing.T) {
				s := script(t, map[string]string{verb: reply})
				s.User, s.Password = "gates", password
				e := newTest(t, &s)
				if reply == "HANG" {
					e.limits.total = 100 * time.Millisecond
				}
				r := send(t, e)
				if r.Unsure != (verb == "BODY") {
					t.Errorf("unsure = %v", r.Unsure)
				}
				if verb == "GREETING" && reply == "" {
					if r.Kind() != module.KindRejected {
						t.Errorf("result = %v %+v", r.Kind(), r)
					}
					return
				}
				if r.Kind() != module.KindTransient || r.Status != 0 || r.Answer != "" ||
					!strings.HasPrefix(r.Reason, "127.0.0.1: ") {
					t.Errorf("result = %v %+v", r.Kind(), r)
				}
				if reply == "HANG" && r.Reason != "127.0.0.1: no response in time" {
					t.Errorf("reason = %q", r.Reason)
				}
			})
		}
	}
}

func TestHangingHandshake(t *testing.T) {
	s := script(t, map[string]string{"GREETING": "HANG"})
	s.TLS = TLSImplicit
	e := newTest(t, &s)
	e.limits.connect = 50 * time.Millisecond
	if r := send(t, e); r.Kind() != module.KindTransient || r.Reason != "127.0.0.1: no response in time" {
		t.Errorf("result = %v %+v", r.Kind(), r)
	}
}

// Whatever a server does after it has accepted a mail, the mail is delivered.
func TestErrorsAfterTheMailDoNotMatter(t *testing.T) {
	for _, reply := range []string{"DROP", "HANG", "421 bye"} {
		s := script(t, map[string]string{"QUIT": reply})
		e := newTest(t, &s)
		e.limits.quit = 50 * time.Millisecond
		if r := send(t, e); r.Kind() != module.KindDelivered || r.Answer != "250 2.0.0 queued as 4711" {
			t.Errorf("%s: %v %+v", reply, r.Kind(), r)
		}
		e.Close()
	}
}

func TestCancelledContext(t *testing.T) {
	s := script(t, map[string]string{"EHLO": "HANG"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	r := newTest(t, &s).SendTo(ctx, "ada@example.org", moduletest.Usual())
	if r.Kind() != module.KindTransient || time.Since(began) > 5*time.Second {
		t.Errorf("result = %v %+v after %v", r.Kind(), r, time.Since(began))
	}
}

func TestUnreachableServer(t *testing.T) {
	l := listen(t)
	s := Server{Host: "127.0.0.1", Port: port(l), TLS: TLSNone, From: "gates@example.org"}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if r := send(t, newTest(t, &s)); r.Kind() != module.KindTransient || r.Reason != "127.0.0.1: connection refused" {
		t.Errorf("result = %v %+v", r.Kind(), r)
	}
}

func TestGuardRefusesTheServer(t *testing.T) {
	box := &mailbox{}
	good, _ := certify(t, "127.0.0.1")
	s := serve(t, box, TLSNone, good)
	client := outbound.New(outbound.Policy{}, slog.New(slog.DiscardHandler))
	e := New(client, nil, func() Server { return s }, greetAda, time.Now)
	if r := send(t, e); r.Kind() != module.KindBlocked || r.Status != 0 || r.Answer != "" || len(box.got()) != 0 {
		t.Errorf("result = %v %+v", r.Kind(), r)
	}
}

// A server that repeats what it received does not reveal the password.
func TestRepeatedPasswordIsMasked(t *testing.T) {
	for _, pass := range []string{password, "short"} {
		s := Server{User: "gates", Password: pass}
		said := strings.Join(secrets(s, ""), " ")
		s2 := script(t, map[string]string{"AUTH": "535 5.7.8 no: " + said, "BODY": "250 I know " + said})
		s2.User, s2.Password = s.User, s.Password
		r := newTest(t, &s2).SendTo(t.Context(), "ada@example.org", moduletest.Usual())
		if r.Answer != "535 5.7.8 no: [hidden] [hidden] [hidden]" {
			t.Errorf("answer = %q", r.Answer)
		}
	}
}

func TestMailsAreSentInParallel(t *testing.T) {
	box := &mailbox{}
	good, _ := certify(t, "127.0.0.1")
	s := serve(t, box, TLSNone, good)
	e := newTest(t, &s)
	results := make(chan module.Result, 8)
	for range cap(results) {
		go func() { results <- send(t, e) }()
	}
	for range cap(results) {
		if r := <-results; r.Kind() != module.KindDelivered {
			t.Errorf("result = %v %+v", r.Kind(), r)
		}
	}
	if n := len(box.got()); n != 8 {
		t.Errorf("%d mails", n)
	}
}
