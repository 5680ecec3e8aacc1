package settings

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"gatecrier/app/fault"
)

// tokenEndpoint names the servers that get the secrets of the application: the endpoint, and the mail
// server, which gets the access tokens that are issued for them.
func tokenEndpoint(values lookup) string {
	if endpoint, _ := values("smtp_oauth_token_url").(string); endpoint != "" {
		return endpoint + " and " + mailServer(values)
	}
	return "no token endpoint and " + mailServer(values)
}

// oauthFields are where XOAUTH2 gets its access tokens.
func oauthFields() []Field { return slices.Concat(oauthEndpoint(), oauthCredentials()) }

func oauthEndpoint() []Field {
	return []Field{
		{
			Name:     "smtp_oauth_grant",
			Label:    "Access tokens are requested with",
			Constant: "SMTP_OAUTH_GRANT",
			Kind:     KindChoice,
			Default:  GrantClient,
			Choices: []Choice{
				{GrantClient, "Client credentials", "The application signs in as itself (Microsoft 365)."},
				{GrantRefresh, "Refresh token", "The application acts for the user who has agreed (Google, Microsoft 365)."},
			},
		},
		{
			Name:        "smtp_oauth_token_url",
			Label:       "Token endpoint",
			Constant:    "SMTP_OAUTH_TOKEN_URL",
			Kind:        KindText,
			Default:     "",
			MaxLength:   500,
			Placeholder: "https://login.example.org/token",
			Help:        "The HTTPS URL that issues access tokens. Allow a private address in the section Delivery.",
		},
	}
}

func oauthCredentials() []Field {
	return []Field{
		{
			Name:      "smtp_oauth_client_id",
			Label:     "Client ID",
			Constant:  "SMTP_OAUTH_CLIENT_ID",
			Kind:      KindText,
			Default:   "",
			MaxLength: 300,
			Help:      "The ID of the application that is registered with the provider.",
		},
		{
			Name:      "smtp_oauth_client_secret",
			Label:     "Client secret",
			Constant:  "SMTP_OAUTH_CLIENT_SECRET",
			Kind:      KindSecret,
			sentTo:    tokenEndpoint,
			Default:   "",
			MaxLength: 1000,
			Help:      "The value of the secret, not its ID. Stored encrypted, and never shown again.",
		},
		{
			Name:      "smtp_oauth_scope",
			Label:     "Scope",
			Constant:  "SMTP_OAUTH_SCOPE",
			Kind:      KindText,
			Default:   "",
			MaxLength: 500,
			Help:      "What the token is for. Separate several scopes with spaces.",
		},
		{
			Name:      "smtp_oauth_refresh_token",
			Label:     "Refresh token",
			Constant:  "SMTP_OAUTH_REFRESH_TOKEN",
			Kind:      KindSecret,
			sentTo:    tokenEndpoint,
			Default:   "",
			MaxLength: 8000,
			Help:      "Stored encrypted, and never shown again. If the endpoint issues another one, that is stored and used.",
		},
	}
}

// validateOAuth checks that XOAUTH2 has all that it needs.
func validateOAuth(ctx context.Context, hosts Hosts, before, next lookup, fieldErrs *fault.Fields) []string {
	text := func(field string) string { t, _ := next(field).(string); return t }
	if text("smtp_auth") != AuthXOAuth2 {
		return nil
	}
	required := []string{"smtp_user", "smtp_oauth_token_url", "smtp_oauth_client_id"}
	if text("smtp_oauth_grant") == GrantClient {
		required = append(required, "smtp_oauth_client_secret", "smtp_oauth_scope")
	} else {
		required = append(required, "smtp_oauth_refresh_token")
	}
	for _, field := range required {
		if text(field) == "" {
			fieldErrs.Add(field, "Required for XOAUTH2 with these settings")
		}
	}
	endpoint := text("smtp_oauth_token_url")
	if endpoint == "" || endpoint == before("smtp_oauth_token_url") && before("smtp_auth") == AuthXOAuth2 {
		return nil
	}
	if reason := badEndpoint(hosts, endpoint); reason != "" {
		fieldErrs.Add("smtp_oauth_token_url", reason)
		return nil
	}
	if warning := hosts.CheckWarning(ctx, endpoint); warning != "" {
		return []string{"smtp_oauth_token_url: " + warning}
	}
	return nil
}

// badEndpoint returns why a token endpoint is not allowed, "" if it is. It gets secrets, so it must
// have TLS, unless they stay on this machine.
func badEndpoint(hosts Hosts, endpoint string) string {
	if strings.ContainsAny(endpoint, "{}") {
		return "Replace {tenant} with the ID of your directory (tenant)"
	}
	if err := hosts.CheckURL(endpoint); err != nil {
		return err.Error()
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.User != nil {
		return "Enter a URL without a user and a password"
	}
	addr, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && addr.Unmap().IsLoopback()
	if u.Scheme != "https" && !local {
		return "Enter an https:// URL: the client secret is sent to it"
	}
	return ""
}
