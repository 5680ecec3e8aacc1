package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/module"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/models"
)

const (
	longAgo    = 90 * 24 * time.Hour
	settleTime = 20 * time.Second // bounds the delivery of one report's messages
	pollEvery  = 2 * time.Millisecond
)

// seed creates the history: it sets the clock to each day in turn and uses the program as in the
// present.
func (d *Demo) seed(ctx context.Context) error {
	now := time.Now()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	for _, p := range sampleUsers {
		n := account.NewUser{Name: p.name, FirstName: p.first, Email: p.name + "@demo.example", Password: rand.Text()}
		if _, err := d.Accounts.Create(ctx, n); err != nil {
			return err
		}
	}
	port, err := strconv.ParseInt(d.receiver.MailPort(), 10, 64)
	if err != nil {
		return err
	}
	mail := map[string]any{
		"email_from": "gatecrier@demo.example",
		"smtp_host":  "127.0.0.1",
		"smtp_port":  port,
		"smtp_tls":   settings.TLSNone,
	}
	if _, err := d.Settings.Update(ctx, actor, settings.SectionMail,
		settings.Change{Values: mail, Password: d.state.Password}); err != nil {
		return err
	}
	ids := make([]int64, len(sampleProducts))
	for i, t := range sampleProducts {
		if ids[i], err = d.create(ctx, actor, t); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	d.state.Guided = ids[0]
	if err := d.group(ctx, actor, ids); err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	for _, m := range d.moments(now, ids) {
		d.clock.set(m.at)
		if err := m.do(ctx); err != nil {
			return err
		}
		if err := d.waitSettled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// moments returns the reports and exceptions of the history in order.
func (d *Demo) moments(now time.Time, ids []int64) []moment {
	list := d.exceptionMoments(now, ids)
	for i, t := range sampleProducts {
		for _, day := range t.days {
			at := now.Add(-time.Duration(day.ago)*24*time.Hour - 3*time.Hour + time.Duration(i)*17*time.Minute)
			list = append(list, moment{at, func(ctx context.Context) error {
				if _, err := d.send(ctx, t, ids[i], day.findings); err != nil {
					return fmt.Errorf("%s, %d days ago: %w", t.name, day.ago, err)
				}
				return nil
			}})
		}
	}
	slices.SortStableFunc(list, func(a, b moment) int { return a.at.Compare(b.at) })
	return list
}

// create creates a sample product with its members and targets.
func (d *Demo) create(ctx context.Context, actor authz.Actor, t sampleProduct) (int64, error) {
	slug := strings.ReplaceAll(strings.ToLower(t.name), " ", "-")
	at := "http://127.0.0.1:" + d.receiver.HTTPPort()
	draft := product.Draft{
		Name:          t.name,
		Description:   t.description,
		DefaultBranch: product.DefaultBranch,
		GateMode:      models.GateStandard,
	}
	for _, module := range t.targets {
		switch module {
		case "email":
			list := slug + "-team@demo.example"
			draft.Targets.EmailTo = &list
		case "slack":
			url := at + "/slack/" + slug
			draft.Targets.Slack = &url
		case "teams":
			url := at + "/teams/" + slug
			draft.Targets.MSTeams = &url
		}
	}
	row, err := d.Products.Create(ctx, actor, draft)
	if err != nil {
		return 0, err
	}
	for name, role := range t.roles {
		if _, err := d.Products.SetMember(ctx, actor, product.InProduct(row.ID), name, role); err != nil {
			return 0, err
		}
	}
	if !slices.Contains(t.targets, "webhook") {
		return row.ID, nil
	}
	path := "/webhook/" + slug
	saved, err := d.Connections.Create(ctx, actor, row.ID, connection.Draft{
		Module: "webhook",
		Name:   "Release bot",
		Config: module.Config{"url": at + path},
	})
	if err != nil {
		return 0, err
	}
	d.state.Secrets[path] = saved.Made["secret"]
	d.receiver.SetSecret(path, saved.Made["secret"])
	return row.ID, nil
}

// group creates the sample groups, and an authorization group with the role reader in all of them.
func (d *Demo) group(ctx context.Context, actor authz.Actor, ids []int64) error {
	team, err := d.Products.SaveAuthorizationGroup(ctx, actor, 0, readerGroup, 0)
	if err != nil {
		return err
	}
	for i, name := range readerNames {
		if err := d.Products.SetAuthorizationMember(ctx, actor, team.ID, name, i == 0); err != nil {
			return err
		}
	}
	for _, p := range sampleGroups {
		row, err := d.Products.CreateGroup(ctx, actor, product.GroupDraft{Name: p.name, Description: p.description})
		if err != nil {
			return err
		}
		for i, t := range sampleProducts {
			if slices.Contains(p.things, t.name) {
				if err := d.Products.Move(ctx, actor, ids[i], row.ID); err != nil {
					return err
				}
			}
		}
		at := product.InGroup(row.ID)
		for name, role := range p.roles {
			if _, err := d.Products.SetMember(ctx, actor, at, name, role); err != nil {
				return err
			}
		}
		if err := d.Products.SetAuthorizationRole(ctx, actor, at, readerGroup, models.RoleReader); err != nil {
			return err
		}
	}
	return nil
}

// waitSettled waits until all messages are delivered.
func (d *Demo) waitSettled(ctx context.Context) error {
	cause := errors.New("messages do not arrive at the demo's receiver")
	ctx, cancel := context.WithTimeoutCause(ctx, settleTime, cause)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		done, err := d.isSettled(ctx)
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// isSettled reports whether no event and no delivery is waiting.
func (d *Demo) isSettled(ctx context.Context) (bool, error) {
	work, err := d.Store.EventWork(ctx, "notify", 1)
	if err != nil || len(work) > 0 {
		return false, err
	}
	states, err := d.Store.DeliveriesSince(
		ctx, models.SystemScope("the demo waits for its own messages"), d.clock.Now().Add(-time.Hour),
	)
	return states[models.DeliveryPending]+states[models.DeliverySending]+states[models.DeliveryRetrying] == 0, err
}
