package settings

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"gatecrier/app/fault"
)

func mailSection(hosts Hosts) Section {
	return Section{
		Name:    SectionMail,
		Title:   "Email",
		Summary: "The server that sends emails (SMTP).",
		validate: func(ctx context.Context, before, next lookup, fieldErrs *fault.Fields) []string {
			return slices.Concat(
				validateServer(ctx, hosts, before, next, fieldErrs),
				validateOAuth(ctx, hosts, before, next, fieldErrs),
			)
		},
		Fields: guarded(slices.Concat(serverFields(), signInFields(), oauthFields())),
	}
}

// serverFields are the sender, and how to reach the server.
func serverFields() []Field {
	return []Field{
		{
			Name:        "email_from",
			Label:       "Sender address",
			Constant:    "EMAIL_FROM",
			Kind:        KindText,
			Default:     "",
			Placeholder: "gatecrier@example.org",
			Help:        "The sender's address. While it is empty, emails are skipped; the delivery log shows them.",
			check:       badAddress,
		},
		{
			Name:        "smtp_host",
			Label:       "Mail server",
			Constant:    "SMTP_HOST",
			Kind:        KindText,
			Default:     "",
			MaxLength:   253,
			Placeholder: "smtp.example.org",
			Help:        "A host name or an IP address. Allow a private one in the section Delivery.",
			check:       badHost,
		},
		{
			Name:     "smtp_port",
			Label:    "Port",
			Constant: "SMTP_PORT",
			Kind:     KindInt,
			Default:  int64(587),
			Min:      1,
			Max:      65535,
			Help:     "587 with STARTTLS, 465 with TLS, 25 between servers.",
		},
		{
			Name:     "smtp_tls",
			Label:    "Encryption",
			Constant: "SMTP_TLS",
			Kind:     KindChoice,
			Default:  TLSStart,
			Choices: []Choice{
				{TLSStart, "STARTTLS", "Required: nothing is sent to a server that does not offer it. The usual port is 587."},
				{TLSImplicit, "Implicit TLS", "The connection is encrypted from its start. The usual port is 465."},
				{TLSNone, "None", "Nothing is encrypted. Use it only within a trusted network."},
			},
		},
	}
}

// signInFields are how to sign in to the server.
func signInFields() []Field {
	return []Field{
		{
			Name:     "smtp_auth",
			Label:    "Sign-in",
			Constant: "SMTP_AUTH",
			Kind:     KindChoice,
			Default:  AuthPassword,
			Choices: []Choice{
				{AuthPassword, "User and password", "Leave the user empty for a server without authentication."},
				{
					AuthXOAuth2, "XOAUTH2",
					"Signs in with an access token instead of a password, as Microsoft 365 and Google require.",
				},
			},
		},
		{
			Name:     "smtp_user",
			Label:    "User",
			Constant: "SMTP_USER",
			Kind:     KindText,
			Default:  "",
			Help:     "With XOAUTH2: the email address of the mailbox.",
		},
		{
			Name:      "smtp_password",
			Label:     "Password",
			Constant:  "SMTP_PASSWORD",
			Kind:      KindSecret,
			sentTo:    mailServer,
			needed:    signsInByPassword,
			Default:   "",
			MaxLength: 1000,
			Help:      "Stored encrypted, and never shown again.",
		},
	}
}

// mailServer names the server that gets the sign-in, and how it is protected on the way.
func mailServer(values lookup) string {
	if values("smtp_host") == "" {
		return "no mail server"
	}
	mode, _ := values("smtp_tls").(string)
	words := map[string]string{TLSStart: "with STARTTLS", TLSImplicit: "with implicit TLS", TLSNone: "without encryption"}
	return fmt.Sprintf("%v:%v %s", values("smtp_host"), values("smtp_port"), words[mode])
}

// signsInByPassword reports whether the mail server is sent the password.
func signsInByPassword(values lookup) bool {
	return values("smtp_host") != "" && values("smtp_auth") == AuthPassword && values("smtp_user") != ""
}

// validateServer checks the host of a mail server that has changed.
func validateServer(ctx context.Context, hosts Hosts, before, next lookup, fieldErrs *fault.Fields) []string {
	host, _ := next("smtp_host").(string)
	port, _ := next("smtp_port").(int64)
	if host == "" || host == before("smtp_host") && port == before("smtp_port") {
		return nil
	}
	if err := hosts.CheckHost(host, uint16(port)); err != nil { //nolint:gosec // a port
		fieldErrs.Add("smtp_host", err.Error())
		return nil
	}
	if warning := hosts.CheckHostWarning(ctx, host, uint16(port)); warning != "" { //nolint:gosec // a port
		return []string{"smtp_host: " + warning}
	}
	return nil
}

func badAddress(text string) string {
	if text == "" {
		return ""
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text {
		return "Enter an email address, such as gatecrier@example.org"
	}
	return ""
}

func badHost(text string) string {
	if strings.ContainsAny(text, " /@") || strings.Contains(text, "://") {
		return "Enter a host name or an IP address, without a port or a path"
	}
	return ""
}
