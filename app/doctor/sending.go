package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gatecrier/app/number"
	"gatecrier/app/outbound"
	"gatecrier/models"
)

func (p Parts) mail(ctx context.Context) Check {
	if p.Mail == nil {
		return skipped("Not checked: the settings cannot be read.")
	}
	host, from := p.Mail()
	switch {
	case host == "" && from == "":
		return warning("Set SMTP_HOST and EMAIL_FROM in the email settings, if email is needed.",
			"No mail server is set: no email is sent, not even for forgotten passwords.")
	case from == "":
		return problem("Set EMAIL_FROM in the email settings.", "EMAIL_FROM is empty: no email is sent.")
	case host == "":
		return problem("Set SMTP_HOST in the email settings.", "SMTP_HOST is empty: no email is sent.")
	}
	if err := p.CheckMail(ctx); err != nil {
		return problem("Check the mail server and the email settings. Emails wait until then.",
			"The mail server cannot be used: %v.", err)
	}
	return ok("%s accepts the connection. No email was sent.", host)
}

func (p Parts) jobs(ctx context.Context) Check {
	if p.Jobs == nil {
		return skipped("Not checked: the settings cannot be read.")
	}
	list, err := p.Jobs(ctx)
	if err != nil {
		return skipped(fmt.Sprintf("The runs of jobs cannot be read: %v.", err))
	}
	var failed, overdue []string
	for _, j := range list {
		switch {
		case j.Failed != "":
			failed = append(failed, fmt.Sprintf("%s (%s)", j.Title, strings.TrimRight(j.Failed, ".")))
		case !j.Overdue.IsZero():
			overdue = append(overdue, fmt.Sprintf("%s (due %s)", j.Title, j.Overdue.UTC().Format(time.RFC3339)))
		}
	}
	const advice = "Check the page Jobs and the log, and run the job again there."
	switch {
	case len(failed) > 0:
		return problem(advice, "The last run failed: %s.", strings.Join(append(failed, overdue...), "; "))
	case len(overdue) > 0 && p.Serving:
		return problem("Check the log, and restart the server.", "Overdue: %s.", strings.Join(overdue, "; "))
	case len(overdue) > 0:
		return warning("They run when a server runs.", "Overdue: %s.", strings.Join(overdue, "; "))
	}
	return ok("No job (%d) has failed or is overdue.", len(list))
}

const (
	dialers      = 16               // connections at a time
	dialTime     = 10 * time.Second // for one address
	maxNamed     = 10               // addresses that are named
	maxAddresses = 500              // different ones that are tried
)

// addresses connects to where messages go, through the guard, and sends nothing.
func (p Parts) addresses(ctx context.Context) Check {
	if p.Addresses == nil {
		return skipped("Not checked: the connections cannot be read.")
	}
	list, unread, err := p.Addresses(ctx)
	if err != nil {
		return skipped(fmt.Sprintf("The connections cannot be read: %v.", err))
	}
	byAddress := map[string][]Address{}
	for _, a := range list {
		if _, known := byAddress[a.Address]; known || len(byAddress) < maxAddresses {
			byAddress[a.Address] = append(byAddress[a.Address], a)
		}
	}
	failures := p.dialAll(ctx, byAddress)
	var texts []string
	personal, blocked := 0, false
	for _, address := range sortedKeys(failures) {
		var names []string
		for _, a := range byAddress[address] {
			if a.Personal {
				personal++
			} else {
				names = append(names, a.Name)
			}
		}
		blocked = blocked || errors.Is(failures[address], outbound.ErrRefused)
		if len(names) > 0 {
			texts = append(texts, fmt.Sprintf("%v (%s)", failures[address], strings.Join(names, ", ")))
		}
	}
	if more := len(texts) - maxNamed; more > 0 {
		texts = append(texts[:maxNamed], fmt.Sprintf("and %d more", more))
	}
	if personal > 0 {
		texts = append(texts, number.Of(personal, "connection of a user", "connections of users"))
	}
	if unread > 0 {
		texts = append(texts,
			"the configuration of "+number.Of(unread, "connection", "connections")+" cannot be opened")
	}
	if len(texts) == 0 {
		return ok("The servers of all connections are reachable (%s of %s). No message was sent.",
			number.Of(len(byAddress), "address", "addresses"), number.Of(connectionsOf(byAddress), "connection", "connections"))
	}
	advice := "Check the connections on the page Health."
	if blocked {
		advice += " Private addresses are allowed by GATECRIER_ALLOW_NETWORKS or in the section Delivery of the settings."
	}
	return problem(advice, "Not reached: %s.", strings.Join(texts, "; "))
}

// connectionsOf returns how many connections have one of the addresses.
func connectionsOf(byAddress map[string][]Address) int {
	n := 0
	for _, list := range byAddress {
		n += len(list)
	}
	return n
}

// dialAll returns the errors by address.
func (p Parts) dialAll(ctx context.Context, addresses map[string][]Address) map[string]error {
	failures := map[string]error{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	slots := make(chan struct{}, dialers)
	for _, address := range sortedKeys(addresses) {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, dialTime)
			defer cancel()
			conn, err := p.Dial(ctx, "tcp", address)
			if err == nil {
				err = conn.Close()
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures[address] = err
			}
		})
	}
	wait.Wait()
	return failures
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (p Parts) held(ctx context.Context) Check {
	if p.Held == nil {
		return skipped(needsDatabase)
	}
	n, err := p.Held(ctx)
	switch {
	case err != nil:
		return skipped(fmt.Sprintf("The held messages cannot be read: %v.", err))
	case n > 0:
		return warning("Send them with gatecrier held send, cancel them with gatecrier held cancel, or use the page Health.",
			"%s held since a restore, until an administrator decides.", number.Of(n, "message is", "messages are"))
	}
	return ok("No message is held.")
}

// instanceTime is how long an instance counts as running after it has started a job.
const instanceTime = 2 * time.Hour

func (p Parts) instances(ctx context.Context) Check {
	switch {
	case p.Store == nil:
		return skipped(needsDatabase)
	case p.Store.Dialect() == models.SQLite && p.Serving:
		return ok("A server runs.")
	case p.Store.Dialect() == models.SQLite:
		return warning("Start gatecrier serve.", "No server runs on this database: nothing is received or sent.")
	}
	n, err := p.Store.RecentInstances(ctx, p.Now().Add(-instanceTime))
	switch {
	case err != nil:
		return skipped(fmt.Sprintf("The instances cannot be read: %v.", err))
	case n == 0:
		return warning("Start gatecrier serve, or check its log.", "No instance has run a job in the last 2 hours.")
	}
	return ok("%s run jobs in the last 2 hours.", number.Of(n, "instance has", "instances have"))
}
