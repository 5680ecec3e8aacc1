package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// networkError says in words why there is no answer of a server within a time limit.
func networkError(err error, u *url.URL, limit time.Duration) *callError {
	host := u.Host
	if text := certificateError(err, host); text != "" {
		return &callError{text: text}
	}
	var proxy *net.OpError
	if errors.As(err, &proxy) && proxy.Op == "proxyconnect" {
		return &callError{repeat: true, text: fmt.Sprintf("the proxy of HTTPS_PROXY does not connect to %s: %s; "+
			"if %s needs no proxy, add it to NO_PROXY", host, networkCause(proxy.Err, limit), u.Hostname())}
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return &callError{text: fmt.Sprintf("%s does not speak HTTPS: should --url be http://%s?", host, host)}
	}
	return &callError{repeat: true, text: fmt.Sprintf("cannot reach Gatecrier at %s: %s", host, networkCause(err, limit))}
}

// certificateError says what is wrong with the certificate of a host, "" for nothing.
func certificateError(err error, host string) string {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		roots   x509.SystemRootsError
		other   *tls.CertificateVerificationError
	)
	const trust = "add the certificate of its authority to those that this machine trusts, " +
		"or name the file: SSL_CERT_FILE=ca.pem"
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("the TLS certificate of %s is not trusted: its authority is unknown here; %s", host, trust)
	case errors.As(err, &name):
		return fmt.Sprintf("the TLS certificate of %s is for another name: use a name of the certificate in --url", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the TLS certificate of %s has expired or is not valid yet: "+
			"renew it, and check the clock of this machine", host)
	case errors.As(err, &roots):
		return fmt.Sprintf("the TLS certificate of %s cannot be checked: this machine has no trusted authorities; "+
			"install its package ca-certificates, or name a file: SSL_CERT_FILE=ca.pem", host)
	case errors.As(err, &invalid), errors.As(err, &other):
		return fmt.Sprintf("the TLS certificate of %s is not trusted; %s", host, trust)
	}
	return ""
}

// networkCause says why a connection failed.
func networkCause(err error, limit time.Duration) string {
	var dns *net.DNSError
	var timeout net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host %s does not exist; check --url and the DNS of this machine", plain(dns.Name))
	case errors.As(err, &dns):
		return fmt.Sprintf("the host %s cannot be resolved; check the DNS of this machine", plain(dns.Name))
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; check that Gatecrier runs there, and --url"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "this machine has no route to it; check --url and the network"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("it took longer than %s", limit)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the connection timed out; check --url, and that no firewall is in between"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was interrupted"
	case errors.As(err, &record):
		return "it does not speak HTTPS; check --url"
	case errors.As(err, &alert):
		return "it refused the TLS handshake; a proxy or an old TLS version can be the reason"
	}
	return plain(rootCause(err).Error())
}

// rootCause returns the innermost error, which has no addresses and names of system calls around it.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
