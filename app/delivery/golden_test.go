package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/app/module/discord"
	"gatecrier/app/module/email"
	"gatecrier/app/module/ilert"
	"gatecrier/app/module/mattermost"
	"gatecrier/app/module/moduletest"
	"gatecrier/app/module/slack"
	"gatecrier/app/module/teams"
	"gatecrier/app/module/webhook"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

var update = flag.Bool("update", false, "write the messages to testdata")

// goldenAt is the time of all events and mails.
var goldenAt = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// goldenEvents returns an event of each kind, by the name of its section in the files.
func goldenEvents() []struct {
	name    string
	payload event.Payload
} {
	shop := event.Product{ID: 7, Name: "Shop"}
	findings := []event.Finding{
		{
			ID: 31, Title: "CVE-2024-3094", Severity: models.Critical, Component: "xz 5.6.0", Fix: "5.6.2", KEV: true,
			Change: event.ChangeNew,
			URL:    "https://advisories.example/CVE-2024-3094",
		},
		{
			ID: 32, Title: "CVE-2021-44228", Severity: models.High, Component: "log4j-core 2.14.1", Unfixed: true,
			Change: event.ChangeReopened,
		},
	}
	accepted := findings[0]
	accepted.Change = ""
	failed := event.GateChange{
		Product: shop, Branch: "main", From: models.GatePassed, To: models.GateFailed,
		Why:    "1 critical (threshold 0), 6 high (threshold 2)",
		Counts: models.Counts{Critical: 1, High: 6}, Thresholds: &models.Counts{High: 2}, Policy: "product",
		Cause:   event.Cause{Kind: event.CauseImport, Text: "a report of grype (deps)"},
		Failing: event.Failing{New: 4, Reopened: 3, Items: findings},
	}
	passed := event.GateChange{
		Product: shop, Branch: "main", From: models.GateFailed, To: models.GatePassed, Why: "within all thresholds",
		Thresholds: &models.Counts{High: 2}, Cause: failed.Cause, Failing: event.Failing{Items: []event.Finding{}},
	}
	disabled := passed
	disabled.From, disabled.To, disabled.Why = models.GatePassed, models.GateNone, "the gate is disabled"
	exception := event.Exception{
		Group: 5, From: models.ExceptionReported, Product: &shop, Class: "ValueError", Message: "no such price",
		Function: "shop.cart.total", Release: "1.4.0", Environment: "production",
		Trace: []string{"shop.cart.total", "shop.cart.checkout"}, First: true,
	}
	task := exception
	task.From, task.Product, task.Class = models.ExceptionTask, nil, "*fs.PathError"
	request := task
	request.From, request.Reference = models.ExceptionRequest, "0198f0a4"
	hook := event.Connector{ID: 3, Name: "On call", Module: "webhook"}
	yesterday := goldenAt.Add(-24 * time.Hour)
	return []struct {
		name    string
		payload event.Payload
	}{
		{"gate failed", failed},
		{"gate passed", passed},
		{"gate not evaluated", disabled},
		{"waivers", event.WaiverExpiring{
			Product: shop, Count: 3, First: goldenAt.Add(72 * time.Hour),
			Waivers: []event.Waiver{{Finding: accepted, Until: goldenAt.Add(72 * time.Hour)}},
		}},
		{"stale product", event.ProductStale{
			Product: shop, Branch: "main", State: event.StalenessStale, Last: yesterday, After: 86400,
		}},
		{"reports again", event.ProductStale{
			Product: shop, Branch: "main", State: event.StalenessBack, Last: yesterday, After: 86400,
		}},
		{"reported exception", exception},
		{"exception of a task", task},
		{"exception of a request", request},
		{"exceptions", event.ExceptionsJoined{
			Product: &shop, Since: yesterday, Until: goldenAt, Limit: 20, Notifications: 31, Groups: 12,
			Exceptions: []event.JoinedException{{Group: 5, Class: "ValueError", Count: 40, Regressed: true}},
		}},
		{"ingest key over its budget", event.IngestBudgetExceeded{Product: shop, Per: "day", Limit: 1000, Until: goldenAt}},
		{"silence ended", event.SilenceEnded{
			Silence: 4, Product: &shop, Author: "eve", Reason: "A migration", Started: yesterday, Ended: goldenAt, Held: 2,
			Products: 1, Named: []event.HeldBack{{ID: 9, Name: "No recent reports", At: yesterday}},
		}},
		{"silence ended while the gate fails", event.SilenceEnded{
			Silence: 5, Product: &shop, Author: "eve", Reason: "A migration", Started: yesterday, Ended: goldenAt, Held: 1,
			Products: 1, Named: []event.HeldBack{{ID: 9, Name: "Security gate failed (1 critical)", At: yesterday}},
			Gate: &failed.To, Why: "1 critical (threshold 0)",
		}},
		{"connection fails", event.ConnectorError{
			Connection: hook, Product: &shop, State: event.TroubleDown, Reason: "503", Since: yesterday, Waiting: 2,
		}},
		{"connection recovers", event.ConnectorRecovery{Connection: hook, Product: &shop, Since: yesterday, Late: 2}},
		{"event not routed", event.RoutingFailure{
			Event: 8, Type: event.GateChanged, At: yesterday, Product: &shop, Reason: "no such product", Tries: 5,
		}},
		{"attacked account", event.AccountAttack{UserID: 2, Tries: 40}},
	}
}

// goldenChannels returns the channels, each with its configuration.
func goldenChannels(t *testing.T) map[string]struct {
	shower module.Shower
	config module.Config
} {
	t.Helper()
	type channel = struct {
		shower module.Shower
		config module.Config
	}
	client := moduletest.NewClient(t)
	now := func() time.Time { return goldenAt }
	url := module.Config{"url": "https://receiver.example/hooks/T0pS3cretPath4711"}
	mail := email.New(client, nil, func() email.Server { return email.Server{From: "gates@example.org"} },
		func(context.Context, string) string { return "Eve" }, now)
	return map[string]channel{
		"discord":    {discord.New(client), url},
		"mattermost": {mattermost.New(client), url},
		"slack":      {slack.New(client), url},
		"teams":      {teams.New(client), url},
		"webhook": {webhook.New(client, now), module.Config{
			"url": url["url"], "format": "standard", "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
		}},
		"ilert": {ilert.New(client), module.Config{"url": url["url"], "integration_key": "il1api0460d849fcdc753d4f"}},
		"email": {mail, module.Config{"to": "eve@example.org"}},
	}
}

// The message of each type of event in each channel is the one in testdata: "go test -update" writes
// it, and a review reads it.
func TestMessages_Golden(t *testing.T) {
	d := goldenDispatcher(t)
	for name, channel := range goldenChannels(t) {
		var b bytes.Buffer
		for i, one := range goldenEvents() {
			text := goldenText(t, channel.shower, channel.config, goldenMessage(t, d, name, int64(i), one.payload))
			fmt.Fprintf(&b, "=== %s\n%s\n", one.name, text)
		}
		compareGolden(t, name+".txt", b.Bytes())
	}
}

// The HTML of emails is the one in testdata, for events with a list, with failing observations or
// with the place of an exception.
func TestMails_Golden(t *testing.T) {
	d := goldenDispatcher(t)
	channel := goldenChannels(t)["email"]
	mail, ok := channel.shower.(*email.Email)
	if !ok {
		t.Fatalf("%T", channel.shower)
	}
	for i, one := range goldenEvents() {
		switch one.name {
		case "gate failed", "gate passed", "waivers", "reported exception", "connection fails":
			m := goldenMessage(t, d, "email", int64(i), one.payload)
			html, err := mail.Preview(t.Context(), m, channel.config["to"])
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, "email-"+strings.ReplaceAll(one.name, " ", "-")+".html", []byte(html))
		}
	}
}

func goldenDispatcher(t *testing.T) *Dispatcher {
	t.Helper()
	return New(Parts{
		Store:    modelstest.SQLite(t),
		UserData: func() bool { return true },
		BaseURL:  func() string { return "https://gates.example" },
	})
}

// compareGolden compares a text with a file in testdata, or writes the file.
func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "messages", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (-want +got); run the test with -update and read the change:\n%s", file, diff)
	}
}

// goldenMessage returns the message about an event in a channel.
func goldenMessage(t *testing.T, d *Dispatcher, name string, i int64, p event.Payload) module.Message {
	t.Helper()
	body, err := event.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	kind, version := p.Kind()
	e := models.Event{ID: 100 + i, Type: string(kind), Version: version, Actor: "ci", At: goldenAt, Payload: body}
	c := models.Connection{Module: name}
	product := int64(7)
	if strings.Contains(string(body), `"name":"Shop"`) {
		e.ProductID, c.ProductID = product, &product
	}
	n, err := event.Describe(e)
	if err != nil {
		t.Fatal(err)
	}
	row := models.Delivery{
		UUID: fmt.Sprintf("0198f0a4-0000-7000-8000-%012d", i), Origin: models.OriginEvent, EventID: e.ID, Title: n.Title,
	}
	m, err := d.message(t.Context(), c, sendTask{delivery: row, event: e})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// goldenText returns what a channel sends, JSON with line breaks.
func goldenText(t *testing.T, shower module.Shower, config module.Config, m module.Message) string {
	t.Helper()
	shown, err := shower.Show(t.Context(), config, m)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(shown.Body), "", " ") == nil {
		return indented.String()
	}
	return strings.Join(shown.Head, "\n") + "\n\n" + strings.ReplaceAll(shown.Body, "\r", "")
}
