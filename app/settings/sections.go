package settings

import (
	"context"
)

// Sections returns all sections in the order of their pages. baseURL is the default of the
// address for users. badNetworks and badSpec return the reason why a list of networks and hosts,
// or the cron expression of a job, is not allowed, "" if it is.
func Sections(
	baseURL string, badNetworks func(list string) string, hosts Hosts, jobs []Job, badSpec func(spec string) string,
) []Section {
	return []Section{
		generalSection(baseURL),
		gateSection(),
		mailSection(hosts),
		exceptionSection(),
		reportsSection(),
		deliverySection(badNetworks),
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
