package app

import (
	"context"

	"gatecrier/app/exception"
	"gatecrier/app/module/email"
	"gatecrier/app/oauth"
	"gatecrier/app/outbound"
	"gatecrier/jobs"
)

// The parts read the settings through these functions, so that a change is effective at once.

// canSendMail reports whether mail is set up.
func (a *App) canSendMail() bool {
	s := a.mailServer()
	return s.From != "" && s.Host != ""
}

// mailServer returns the current mail server.
func (a *App) mailServer() email.Server {
	m := a.Settings.Mail()
	return email.Server{
		Host:     m.Host,
		Port:     m.Port,
		TLS:      m.TLS,
		Auth:     m.Auth,
		User:     m.User,
		Password: m.Password,
		OAuth:    oauth.Config(m.OAuth),
		From:     m.From,
	}
}

// keepRefreshToken stores the refresh token of the mail server's account. An error is logged only:
// the token is used while the program runs, and the next exchange stores it.
func (a *App) keepRefreshToken(ctx context.Context, instead, token string) error {
	err := a.Settings.KeepRefreshToken(ctx, instead, token)
	if err != nil {
		a.log.WarnContext(ctx, "store refresh token of mail server", "error", err)
	}
	return err
}

// greeting returns the first name of the user with an email address, "" if there is no such user.
// An error is logged only: a mail without a name is better than no mail.
func (a *App) greeting(ctx context.Context, address string) string {
	name, err := a.Store.FirstNameOf(ctx, address)
	if err != nil {
		a.log.WarnContext(ctx, "look up recipient name", "error", err)
	}
	return name
}

// outboundPolicy returns a function that gives client the allowed networks of the environment
// and of the settings.
func (a *App) outboundPolicy(client *outbound.Client) func() {
	current := "\x00"
	return func() {
		list := a.config.AllowNetworks + "," + a.Settings.Delivery().AllowNetworks
		if list == current {
			return
		}
		allow, err := outbound.ParseAllow(list)
		if err != nil { // both lists were checked before they were saved
			a.log.Error("parse allowed networks", "error", err)
			return
		}
		current = list
		client.SetPolicy(outbound.Policy{Allow: allow})
	}
}

// exceptionPolicy returns the current rules of grouping exceptions and notifying of them.
func (a *App) exceptionPolicy() exception.Policy {
	s := a.Settings.Exceptions()
	return exception.Policy{
		Grouping: exception.Grouping(s.Grouping), Window: s.RateLimit, MaxPerHour: s.MaxPerHour,
	}
}

// keyLimits returns the current budget of an ingest key.
func (a *App) keyLimits() exception.KeyLimits {
	s := a.Settings.Exceptions()
	return exception.KeyLimits{PerMinute: s.KeyPerMinute, PerDay: s.KeyPerDay}
}

// badNetworks returns the reason why a list of networks is not allowed, "" if it is.
func badNetworks(list string) string {
	if _, err := outbound.ParseAllow(list); err != nil {
		return err.Error()
	}
	return ""
}

// badSpec returns the reason why the cron expression of a job is not allowed, "" if it is.
func (a *App) badSpec(spec string) string { return jobs.BadSpec(spec, a.Store.Now()) }
