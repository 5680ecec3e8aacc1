package admin

import (
	"slices"

	"gatecrier/app/settings"
	"gatecrier/templates/page"
)

// mailPreset is the part of the email settings that is the same for all customers of a provider.
type mailPreset struct {
	name, title string
	values      map[string]string
	then        string // what is left to do
}

// mailPresets are the providers that the form knows.
var mailPresets = []mailPreset{
	{
		name: "microsoft", title: "Microsoft 365",
		values: map[string]string{ //nolint:gosec // public addresses, no credentials
			"smtp_host": "smtp.office365.com", "smtp_port": "587", "smtp_tls": settings.TLSStart,
			"smtp_auth": settings.AuthXOAuth2, "smtp_oauth_grant": settings.GrantClient,
			"smtp_oauth_token_url": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
			"smtp_oauth_scope":     "https://outlook.office365.com/.default",
		},
		then: "Replace {tenant} with your directory (tenant) ID. Enter the sender, the mailbox as user, the client ID " +
			"and the client secret. Then save.",
	},
	{
		name: "google", title: "Google",
		values: map[string]string{ //nolint:gosec // public addresses, no credentials
			"smtp_host": "smtp.gmail.com", "smtp_port": "587", "smtp_tls": settings.TLSStart,
			"smtp_auth": settings.AuthXOAuth2, "smtp_oauth_grant": settings.GrantRefresh,
			"smtp_oauth_token_url": "https://oauth2.googleapis.com/token", "smtp_oauth_scope": "https://mail.google.com/",
		},
		then: "Enter the sender, the mailbox as user, the client ID, the client secret and the refresh token. Then save.",
	},
}

// findMailPreset returns the preset with a name.
func findMailPreset(name string) (mailPreset, bool) {
	i := slices.IndexFunc(mailPresets, func(p mailPreset) bool { return p.name == name })
	if i < 0 {
		return mailPreset{}, false
	}
	return mailPresets[i], true
}

// mailPresetLinks returns the links of the form.
func mailPresetLinks() []page.SettingsLink {
	var links []page.SettingsLink
	for _, p := range mailPresets {
		links = append(links, page.SettingsLink{Name: p.name, Title: p.title})
	}
	return links
}
