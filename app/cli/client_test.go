package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rawError is what an error of Go's network code looks like.
var rawError = regexp.MustCompile(`dial tcp|read tcp|write tcp|lookup |x509:|tls:|Get "|Post "|invalid character`)

// pushTo pushes a file to an address, and returns stderr.
func pushTo(t *testing.T, address string) string {
	t.Helper()
	inFolder(t, "a.json")
	var errs strings.Builder
	in := testInvocation(t)
	in.stderr = &errs
	code := in.run([]string{"push", "--url", address, "--token", "gct_test", "--product", "Shop", "a.json"})
	if code != 1 || strings.Count(errs.String(), "\n") != 1 || rawError.MatchString(errs.String()) {
		t.Errorf("exit %d: %s", code, &errs)
	}
	return errs.String()
}

// answering returns the address of a server that answers every request alike.
func answering(t *testing.T, status int, contentType, body string, headers ...string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		writeText(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestClient_SaysInWordsWhatAServerAnswers(t *testing.T) {
	const page, problem = "text/html", "application/problem+json"
	for _, test := range []struct {
		status            int
		contentType, body string
		want              string
	}{
		{
			401, problem, `{"detail":"This token is unknown, expired or revoked"}`,
			"This token is unknown, expired or revoked (401); check --token or GATECRIER_TOKEN",
		},
		{403, problem, `{"detail":"Your role does not allow that"}`, "(403); use a token whose role allows it"},
		{413, problem, `{"detail":"The body is too large"}`, "The body is too large (413); an administrator can raise"},
		{
			422, problem, `{"detail":"Some fields are invalid","errors":[{"name":"name","message":"No\n\u001b[31m"}]}`,
			"Some fields are invalid (422); name: No\n",
		},
		{
			200, "application/json", `{"items":[]}`,
			`product "Shop" not found, or the token has no access to it: check --product (the exact name)`,
		},
		{200, page, "<html>Sign in</html>", "with a web page instead of JSON: this is not the API of Gatecrier; check --url"},
		{401, page, "<html>", "a proxy in between asks for a sign-in of its own"},
		{
			404, "text/plain", "404 page not found",
			"answered 404 Not Found: this is not the API of Gatecrier; --url is its address alone",
		},
		{
			413, page, "<html>nginx</html>",
			"a proxy in front of Gatecrier refuses a report of this size; raise its limit (nginx: client_max_body_size)",
		},
		{
			502, page, "<html>",
			"answered 502 Bad Gateway with a web page instead of JSON: a proxy in between cannot reach Gatecrier; use --retry",
		},
		{503, "text/plain", "", "answered 503 Service Unavailable; use --retry 5m to retry until it succeeds"},
		{500, problem, `{"detail":"Something went wrong"}`, "Something went wrong (500)"},
	} {
		if got := pushTo(t, answering(t, test.status, test.contentType, test.body)); !strings.Contains(got, test.want) {
			t.Errorf("%d %s: %s, want %q in it", test.status, test.body, got, test.want)
		}
	}
	moved := answering(t, 301, page, "", "Location", "https://gate.example/api/v1/products")
	if got := pushTo(t, moved); !strings.Contains(got, "it redirects to https://gate.example; use that address as --url") {
		t.Errorf("a redirection: %s", got)
	}
}

func TestClient_SaysInWordsWhyThereIsNoAnswer(t *testing.T) {
	if got := pushTo(t, "http://127.0.0.1:1"); !strings.Contains(got,
		"cannot reach Gatecrier at 127.0.0.1:1: connection refused; check that Gatecrier runs there, and --url") {
		t.Errorf("refused: %s", got)
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	if got := pushTo(t, secure.URL); !strings.Contains(got, "is not trusted: its authority is unknown here; add") ||
		!strings.Contains(got, "SSL_CERT_FILE=ca.pem") {
		t.Errorf("not trusted: %s", got)
	}
	host := strings.TrimPrefix(secure.URL, "https://")
	if got := pushTo(t, "http://"+host); !strings.Contains(got, "it expects HTTPS; is --url https://"+host+"?") {
		t.Errorf("HTTP to HTTPS: %s", got)
	}
	plainHost := strings.TrimPrefix(answering(t, 200, "text/plain", ""), "http://")
	want := "does not speak HTTPS: should --url be http://" + plainHost + "?"
	if got := pushTo(t, "https://"+plainHost); !strings.Contains(got, want) {
		t.Errorf("HTTPS to HTTP: %s", got)
	}
	broken := httptest.NewServer(http.HandlerFunc(breaksOff))
	t.Cleanup(broken.Close)
	if got := pushTo(t, broken.URL); !strings.Contains(got, "the connection was interrupted") {
		t.Errorf("broken off: %s", got)
	}
}

func TestNetworkError_HasNoInternals(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "gate.example:8443"}
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: u.String(), Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	tlsError := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	call := func(name string, errno syscall.Errno) error { return dial(os.NewSyscallError(name, errno)) }
	for _, test := range []struct {
		err    error
		want   string
		repeat bool
	}{
		{
			dial(&net.DNSError{Name: "gate.example", IsNotFound: true}),
			"cannot reach Gatecrier at gate.example:8443: the host gate.example does not exist; check --url and the DNS", true,
		},
		{dial(&net.DNSError{Name: "gate.example", Err: "misbehaving", IsTemporary: true}), "cannot be resolved", true},
		{call("connect", syscall.EHOSTUNREACH), "no route to it", true},
		{call("connect", syscall.ETIMEDOUT), "the connection timed out; check --url, and that no firewall", true},
		{call("read", syscall.ECONNRESET), "the connection was interrupted", true},
		{dial(io.ErrUnexpectedEOF), "the connection was interrupted", true},
		{dial(context.DeadlineExceeded), "it took longer than 1m0s", true},
		{dial(tls.AlertError(40)), "it refused the TLS handshake", true},
		{dial(errors.New("odd")), "cannot reach Gatecrier at gate.example:8443: odd", true},
		{
			&url.Error{Op: "Get", Err: &net.OpError{Op: "proxyconnect", Net: "tcp", Err: syscall.ECONNREFUSED}},
			"the proxy of HTTPS_PROXY does not connect to gate.example:8443: connection refused", true,
		},
		{
			tlsError(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}),
			"the TLS certificate of gate.example:8443 is for another name", false,
		},
		{tlsError(x509.CertificateInvalidError{Reason: x509.Expired}), "has expired or is not valid yet", false},
		{tlsError(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), "is not trusted", false},
		{tlsError(x509.SystemRootsError{}), "no trusted authorities; install its package ca-certificates", false},
	} {
		e := networkError(test.err, u, time.Minute)
		if !strings.Contains(e.text, test.want) || e.repeat != test.repeat || rawError.MatchString(e.text) {
			t.Errorf("%v: %t %q, want %q", test.err, e.repeat, e.text, test.want)
		}
	}
}

func TestGate_SaysThatATokenCannotRead(t *testing.T) {
	for _, detail := range []string{"There is no such product", "There is no such branch"} {
		checkTokenCannotRead(t, detail)
	}
}

func checkTokenCannotRead(t *testing.T, detail string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/gate") {
			refuses(404, detail)(w, r)
			return
		}
		writeText(w, `{"items":[{"id":7,"name":"Shop"}]}`)
	}))
	t.Cleanup(s.Close)
	var errs strings.Builder
	in := testInvocation(t)
	in.stderr = &errs
	code := in.run([]string{"gate", "--url", s.URL, "--token", "x", "--product", "Shop"})
	if code != 1 || !strings.Contains(errs.String(), "the role upload can only push: use a token with the role reader") {
		t.Errorf("exit %d: %s", code, &errs)
	}
}
