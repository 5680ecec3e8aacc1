package email

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"gatecrier/app/module"
	"gatecrier/app/oauth"
	"gatecrier/app/outbound"
)

// result returns the result of a transfer with the server's answer. It hides the password, and the
// address, which not every reader of the result can see.
func (o outcome) result(s Server, to string, took time.Duration) module.Result {
	r := module.Delivered("accepted by " + s.Host)
	answer, code := o.accepted, 250
	switch said := o.serverError(); {
	case o.err == nil:
	case said != nil:
		code, answer = said.Code, fmt.Sprintf("%d %s", said.Code, said.Msg)
		r = o.resultOfRefusal(s, said)
	default:
		code, answer = 0, ""
		r = o.resultOfFailure(s)
	}
	for _, secret := range secrets(s, o.token) {
		answer = strings.ReplaceAll(answer, secret, "[hidden]")
	}
	answer = strings.ReplaceAll(answer, to, hint(to))
	// FromAnswer cleans the text, so that it can be stored.
	received := outbound.Answer{Status: code, Body: []byte(answer), Private: o.private, Duration: took}
	r = module.FromAnswer(received, nil).WithMeaning(r)
	r.Unsure = o.unsure
	return r
}

// serverError returns the server's refusal, nil if it sent none.
func (o outcome) serverError() *textproto.Error {
	var said *textproto.Error
	if errors.As(o.err, &said) && said.Code >= 400 && said.Code < 600 {
		return said
	}
	return nil
}

// secrets returns the password or the access token, and their encoded forms, which some servers
// repeat.
func secrets(s Server, token string) []string {
	encode := base64.StdEncoding.EncodeToString
	if token != "" {
		said := "user=" + s.User + "\x01auth=Bearer " + token + "\x01\x01"
		return []string{encode([]byte(said)), encode([]byte(token)), token}
	}
	if s.User == "" || s.Password == "" {
		return nil
	}
	return []string{encode([]byte("\x00" + s.User + "\x00" + s.Password)), encode([]byte(s.Password)), s.Password}
}

// resultOfRefusal returns the result of a refusal.
func (o outcome) resultOfRefusal(s Server, said *textproto.Error) module.Result {
	reason := fmt.Sprintf("%s has refused %s: %d", s.Host, o.step, said.Code)
	switch {
	case said.Code < 500:
		return module.Transient(reason)
	case o.isForGood(said):
		return module.Permanent(reason)
	}
	return module.Rejected(reason)
}

// isForGood reports whether the refusal is certainly permanent: the mailbox or the domain does not
// exist, or the message is too large (RFC 3463).
func (o outcome) isForGood(said *textproto.Error) bool {
	extended, _, _ := strings.Cut(said.Msg, " ")
	switch extended {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1":
		return o.step == stepRecipient
	case "5.2.3", "5.3.4":
		return o.step == stepRecipient || o.step == stepMessage
	}
	return false
}

// resultOfFailure returns the result of a transfer without an answer.
func (o outcome) resultOfFailure(s Server) module.Result {
	var token *oauth.Error
	switch {
	case errors.Is(o.err, outbound.ErrRefused):
		return module.Blocked(o.err.Error())
	case errors.As(o.err, &token) && !token.Temporary():
		return module.Rejected(token.Error())
	case errors.As(o.err, &token) && token.Wait() > 0:
		return module.RetryAfter(token.Wait(), token.Error())
	case errors.As(o.err, &token):
		return module.Transient(token.Error())
	case o.step == stepDial: // the dialer's errors are for users, and name the host
		return module.Transient(o.err.Error())
	case errors.Is(o.err, errOpenSignIn):
		return module.Rejected(s.Host + ": " + errOpenSignIn.Error())
	}
	return module.Transient(s.Host + ": " + reasonOf(o.err))
}

// reasonOf returns fixed words: the errors of the libraries quote what they read.
func reasonOf(err error) string {
	var timeout net.Error
	for _, ours := range []error{errNoTLS, errNoMechanism, errNoXOAuth2, errTooMuch} {
		if errors.Is(err, ours) {
			return ours.Error()
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped before it answered"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no response in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &timeout):
		return "the connection was closed before it answered"
	}
	return cmp.Or(outbound.HandshakeReason(err), "it does not follow SMTP")
}
