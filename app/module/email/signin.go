package email

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// codeNotSignedIn is the code of a server that refuses a password or a token (RFC 4954).
const codeNotSignedIn = 535

// overNew opens a connection and uses it. If the server refuses the access token, which can end
// before its time, it does so once more with another token.
func (e *Email) overNew(ctx context.Context, s Server, use func(context.Context, *connection) outcome) outcome {
	if s.User != "" && s.TLS == TLSNone && !isThisMachine(s.Host) {
		return outcome{step: stepSignIn, err: errOpenSignIn}
	}
	o := e.overNewOnce(ctx, s, use)
	if !o.refusedToken() || ctx.Err() != nil {
		return o
	}
	e.tokens.Forget(o.token)
	return e.overNewOnce(ctx, s, use)
}

func (e *Email) overNewOnce(ctx context.Context, s Server, use func(context.Context, *connection) outcome) outcome {
	token := ""
	if s.Auth == AuthXOAuth2 {
		var err error
		if token, err = e.tokens.Token(ctx, s.OAuth); err != nil {
			return outcome{step: stepToken, err: err}
		}
	}
	c, err := e.dial(ctx, s)
	if err != nil {
		return outcome{step: stepDial, err: err}
	}
	c.token = token
	return use(ctx, c)
}

// refusedToken reports whether the server has refused the access token.
func (o outcome) refusedToken() bool {
	said := o.serverError()
	return o.token != "" && o.step == stepSignIn && said != nil && said.Code == codeNotSignedIn
}

func (e *Email) dial(ctx context.Context, s Server) (*connection, error) {
	c := &connection{server: s, policy: e.client.PolicyVersion()}
	conn, err := e.client.Dial(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, err
	}
	c.raw, c.limited = conn, &limitedConn{Conn: conn}
	return c, nil
}

// signIn signs in, if the settings have a user. overNew has checked that this is not in the clear.
func signIn(c *smtp.Client, s Server, token string) error {
	if s.User == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	switch {
	case s.Auth == AuthXOAuth2 && !slices.Contains(mechanisms, "XOAUTH2"):
		return errNoXOAuth2
	case s.Auth == AuthXOAuth2:
		return c.Auth(smtp.XOAuth2Auth(s.User, token))
	case slices.Contains(mechanisms, "PLAIN"):
		return c.Auth(smtp.PlainAuth("", s.User, s.Password, s.Host, true))
	case slices.Contains(mechanisms, "LOGIN"):
		return c.Auth(smtp.LoginAuth(s.User, s.Password, s.Host, true))
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return c.Auth(smtp.CRAMMD5Auth(s.User, s.Password))
	}
	return errNoMechanism
}
