package outbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
)

// failure is an error that can be shown and stored: a host, a reason in fixed words, and at most a
// cause that reveals no more than the reason. The errors of net/http quote URLs, headers and the
// server's data, so none is kept.
type failure struct {
	host, reason string
	cause        error
	unsure       bool
}

// ErrUnsure is in the errors of exchanges whose request might have arrived: the connection was
// established, and then no answer came.
var ErrUnsure = errors.New("it might have arrived")

// Error returns "host: reason".
func (f *failure) Error() string { return f.host + ": " + f.reason }

// Unwrap returns ErrRefused, an error of package context, or nil.
func (f *failure) Unwrap() error { return f.cause }

// Is reports whether target is ErrUnsure and the request might have arrived.
func (f *failure) Is(target error) bool { return f.unsure && target == ErrUnsure }

// newFailure returns in fixed words why an exchange failed; connected reports whether it had a
// connection.
func newFailure(host string, connected bool, err error) error {
	f := &failure{host: host, unsure: connected}
	f.reason, f.cause = reasonOf(connected, err)
	return f
}

func reasonOf(connected bool, err error) (string, error) {
	switch {
	case errors.Is(err, ErrRefused):
		return "its address is not allowed for outgoing messages; an administrator can allow it", ErrRefused
	case errors.Is(err, context.Canceled):
		return "stopped before it answered", context.Canceled
	case isTimeout(err) && connected:
		return "no response in time", context.DeadlineExceeded
	case isTimeout(err):
		return "no connection in time", context.DeadlineExceeded
	}
	return brokenReason(err), nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func brokenReason(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the host does not exist"
	case errors.As(err, &dns):
		return "its name could not be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no route to host"
	case errors.Is(err, errHandshake):
		return cmp.Or(HandshakeReason(err), "the TLS handshake failed")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before it answered"
	}
	return "the request failed; the response is perhaps not HTTP"
}

// HandshakeReason returns why TLS failed, in fixed words, or "" if the error says nothing about TLS.
func HandshakeReason(err error) string {
	var (
		plain     tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &plain):
		return "it does not speak TLS on this port"
	case errors.As(err, &authority):
		return "its certificate is signed by an unknown authority"
	case errors.As(err, &name):
		return "its certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet"
	case errors.As(err, &invalid):
		return "its certificate is not valid"
	}
	return ""
}
