package email

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"gatecrier/app/module"
	"gatecrier/app/oauth"
)

// provider is a token endpoint, and the mail server that takes its newest token.
type provider struct {
	url string

	mu      sync.Mutex
	issued  int
	ended   bool   // the newest token ends at once
	refuse  string // an answer with status 401
	signIns []string
}

func (p *provider) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != "" {
		http.Error(w, p.refuse, http.StatusUnauthorized)
		return
	}
	p.issued++
	io.WriteString(w, fmt.Sprintf( //nolint:errcheck // the client sees it
		`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, p.issued))
}

// set changes what the provider does.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// check takes the initial response of the mechanism, and refuses it as servers do: with a challenge
// that has the reason, then with an error.
func (p *provider) check(said string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signIns = append(p.signIns, said)
	return !p.ended && said == fmt.Sprintf("user=gates@example.org\x01auth=Bearer token-%d\x01\x01", p.issued)
}

// xoauth2Server is the server's side of XOAUTH2.
type xoauth2Server struct {
	check   func(said string) bool
	text    string // of the error
	refused bool
}

// Next takes the initial response, and then the empty one to a challenge.
func (x *xoauth2Server) Next(response []byte) ([]byte, bool, error) {
	switch {
	case x.refused:
		return nil, false, &smtp.SMTPError{
			Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 3},
			Message: cmp.Or(x.text, "Authentication unsuccessful"),
		}
	case x.check(string(response)):
		return nil, true, nil
	}
	x.refused = true
	return []byte(`{"status":"401","schemes":"bearer"}`), false, nil
}

// newProvider starts a provider, and a mail server of it; the module signs in to that.
func newProvider(t *testing.T, way string) (*provider, *mailbox, *Email) {
	t.Helper()
	p := &provider{}
	web := httptest.NewServer(p)
	t.Cleanup(web.Close)
	p.url = web.URL
	good, roots := certify(t, "127.0.0.1")
	box := &mailbox{mechanisms: []string{"PLAIN", "XOAUTH2"}}
	box.xoauth2 = func() sasl.Server { return &xoauth2Server{check: p.check} }
	s := serve(t, box, way, good)
	s.Auth, s.User, s.Password = AuthXOAuth2, "gates@example.org", password
	s.OAuth = oauth.Config{
		Grant: oauth.GrantClient, TokenURL: p.url, ClientID: "gatecrier", ClientSecret: "client-secret-4711", Scope: "mail",
	}
	e := newTest(t, &s)
	e.roots = roots
	return p, box, e
}

func TestXOAUTH2(t *testing.T) {
	for _, way := range []string{TLSNone, TLSStart, TLSImplicit} {
		t.Run(way, func(t *testing.T) {
			p, box, e := newProvider(t, way)
			for range 3 {
				deliver(t, e)
			}
			want := []string{"user=gates@example.org\x01auth=Bearer token-1\x01\x01"}
			if len(box.got()) != 3 || !slices.Equal(p.signIns, want) {
				t.Errorf("%d mails, signed in %q", len(box.got()), p.signIns)
			}
			if err := e.Check(t.Context()); err != nil || p.issued != 1 {
				t.Errorf("check: %v, %d tokens", err, p.issued)
			}
		})
	}
}

// A token that has ended before its time is replaced once.
func TestXOAUTH2_TokenIsReplaced(t *testing.T) {
	for name, use := range map[string]func(*testing.T, *Email){
		"send":  deliver,
		"check": func(t *testing.T, e *Email) { t.Helper(); check(t, e, "") },
	} {
		t.Run(name, func(t *testing.T) {
			p, _, e := newProvider(t, TLSNone)
			check(t, e, "")
			p.set(func() { p.issued = 7 }) // the first one is not the newest any more
			use(t, e)
			if p.issued != 8 || len(p.signIns) != 3 {
				t.Errorf("%d tokens, %q", p.issued, p.signIns)
			}
		})
	}
}

func TestXOAUTH2_Refused(t *testing.T) {
	p, box, e := newProvider(t, TLSNone)
	p.ended = true
	r := send(t, e)
	if r.Kind() != module.KindRejected || r.Status != 535 || r.Reason != "127.0.0.1 has refused to let us sign in: 535" ||
		p.issued != 2 || len(p.signIns) != 2 || len(box.got()) != 0 {
		t.Errorf("%v %+v, %d tokens", r.Kind(), r, p.issued)
	}
	check(t, e, "127.0.0.1 has refused to let us sign in: 535")
}

func TestXOAUTH2_AnswerHidesTheToken(t *testing.T) {
	p, box, e := newProvider(t, TLSNone)
	p.ended = true
	box.xoauth2 = func() sasl.Server {
		return &xoauth2Server{check: p.check, text: fmt.Sprintf("token-%d is wrong", p.issued)}
	}
	if r := send(t, e); r.Kind() != module.KindRejected || !strings.Contains(r.Answer, "[hidden] is wrong") {
		t.Errorf("%v %+v", r.Kind(), r)
	}
}

func TestXOAUTH2_NoToken(t *testing.T) {
	for answer, want := range map[string]module.Kind{
		`{"error":"invalid_client","error_description":"client-secret-4711 is wrong"}`: module.KindRejected,
		`{"error":"temporarily_unavailable"}`:                                          module.KindTransient,
	} {
		p, box, e := newProvider(t, TLSNone)
		p.refuse = answer
		r := send(t, e)
		if r.Kind() != want || !strings.HasPrefix(r.Reason, "127.0.0.1 has refused an access token: ") ||
			strings.Contains(r.Reason, "4711") || len(box.all()) != 0 {
			t.Errorf("%v %+v", r.Kind(), r)
		}
		check(t, e, r.Reason)
	}
}

func TestXOAUTH2_NotOffered(t *testing.T) {
	_, box, e := newProvider(t, TLSNone)
	box.mechanisms = []string{"PLAIN"}
	if r := send(t, e); r.Kind() != module.KindTransient || !strings.Contains(r.Reason, "does not offer XOAUTH2") {
		t.Errorf("%v %+v", r.Kind(), r)
	}
}

func TestXOAUTH2_NotInTheClear(t *testing.T) {
	p, _, e := newProvider(t, TLSNone)
	s := e.server()
	s.Host = "mail.example"
	e.server = func() Server { return s }
	if r := send(t, e); r.Kind() != module.KindRejected || p.issued != 0 {
		t.Errorf("%v %+v", r.Kind(), r)
	}
}

// check signs in without a mail, and compares the error.
func check(t *testing.T, e *Email, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := e.Check(ctx)
	if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
		t.Errorf("check: %v, want %q", err, want)
	}
}
