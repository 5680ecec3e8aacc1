package settings

import (
	"context"
)

// Environment are the values of the environment that settings join.
type Environment struct {
	BaseURL       string // the first value of the address for users
	AllowNetworks string // networks that are allowed whatever the settings say
}

// Sections returns all sections in the order of their pages. badNetworks and badSpec return the
// reason why a list of networks and hosts, or the cron expression of a job, is not allowed, "" if it
// is.
func Sections(
	env Environment, badNetworks func(list string) string, hosts Hosts, jobs []Job, badSpec func(spec string) string,
) []Section {
	return []Section{
		generalSection(env.BaseURL),
		gateSection(),
		mailSection(hosts),
		exceptionSection(),
		reportsSection(),
		deliverySection(env.AllowNetworks, badNetworks),
		usersSection(),
		jobsSection(jobs, badSpec),
		retentionSection(),
		backupSection(),
	}
}

// Hosts checks the host of a server, or a URL. CheckHost and CheckURL refuse it; the others return
// the reason why an accepted one cannot be reached, "" if it can.
type Hosts interface {
	CheckHost(host string, port uint16) error
	CheckHostWarning(ctx context.Context, host string, port uint16) string
	CheckURL(raw string) error
	CheckWarning(ctx context.Context, raw string) string
}
