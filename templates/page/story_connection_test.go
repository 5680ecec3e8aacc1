package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// conditions returns connections' health by their states.
func conditions() map[string]Condition {
	return map[string]Condition{
		"paused": {
			State:       "paused",
			Since:       days(1),
			Failures:    80,
			Probes:      75,
			Reason:      "connection refused",
			LastSuccess: days(5),
			Waiting:     12345,
		},
		"down": {
			State:       "down",
			Since:       ago(3 * time.Hour),
			NextAt:      now.Add(8 * time.Minute),
			Failures:    8,
			Probes:      3,
			Reason:      "503 Service Unavailable",
			LastSuccess: ago(4 * time.Hour),
			Waiting:     14,
		},
		"opened": {State: "down", Since: ago(time.Second), Failures: 5, Server: true, Reason: script},
		"gone": {
			State:       "gone",
			Since:       days(2),
			Reason:      "410 Gone: the receiver says this address is finished",
			LastSuccess: days(2),
		},
		"rejecting": {
			State:       "rejecting",
			Since:       days(2),
			Refusals:    4,
			Reason:      "400 Bad Request: " + long + long,
			LastSuccess: days(3),
		},
		"failing": {
			State:       "failing",
			Since:       ago(2 * time.Minute),
			Failures:    1,
			Reason:      "503 Service Unavailable",
			LastSuccess: ago(2 * time.Hour),
			Waiting:     3,
		},
		"refused": {State: "failing", Refusals: 2, Reason: "404 Not Found", LastSuccess: days(1)},
		"off":     {State: "off", LastSuccess: days(40)},
		"new":     {State: "new"},
		"working": {State: "working", LastSuccess: ago(31 * time.Minute)},
	}
}

func connectionList() []ConnectionRow {
	list := []ConnectionRow{
		{Name: "On-call", Module: "ilert", Icon: "bolt", Hint: "api.ilert.example…77ab", Owner: "System"},
		{
			Name:      long,
			Module:    "Webhook",
			Icon:      "webhook",
			Hint:      "hooks.northquay.example…9f2c",
			Owner:     long,
			OwnerKind: "product",
			OwnerHref: "/products/1?tab=targets",
		},
		{Name: script, Module: "Email", Icon: "mail", Hint: arabic, Owner: script, OwnerKind: "group"},
		{Name: cjk, Module: "Slack", Hint: "hooks.slack.example…1111", Owner: "You"},
	}
	for _, name := range []string{"rejecting", "failing", "refused", "off", "new", "working"} {
		list = append(list, ConnectionRow{
			Name:      name,
			Module:    "Webhook",
			Icon:      "webhook",
			Hint:      "a.example…1234",
			Owner:     "Shop",
			OwnerKind: "product",
			OwnerHref: "/products/2?tab=targets",
		})
	}
	for i, name := range []string{
		"paused", "down", "opened", "gone", "rejecting", "failing", "refused", "off", "new", "working",
	} {
		list[i].ID, list[i].Condition = int64(i+1), conditions()[name]
	}
	return list
}

func connectionStories() []story {
	all := ConnectionsView{
		Frame:   frame("Connections", layout.NavConnections),
		Any:     true,
		Pager:   pager("1–8 of 16 connections"),
		Sorting: sorting("health", "name", "last_success"),
		Rows:    connectionList(),
		Adds:    targets().Adds,
		Keep:    []ui.Hidden{{Name: "owner", Value: "mine"}, {Name: "trouble", Value: "1"}},
		Query:   script,
		Chips: []ui.Chip{
			{Label: "All", Href: "/connections", Count: -1, Current: true},
			{Label: "You", Href: "/connections?owner=mine", Count: -1},
		},
		Trouble: ui.Chip{Label: "Failing", Href: "/connections?trouble=1", Count: -1},
	}
	none, empty := all, all
	none.Rows, empty.Rows, empty.Any = nil, nil, false
	one := ConnectionView{
		Frame:        frame(long, layout.NavConnections),
		Row:          connectionList()[1],
		Enabled:      true,
		CanResume:    true,
		Rotates:      true,
		Version:      3,
		Deliveries:   rows(),
		RotatedUntil: now.Add(5 * time.Hour),
		Secret: &NewSecret{
			Target: long,
			Label:  "secret",
			Value:  "whsec_bm90LWEtcmVhbC1zZWNyZXQtYnV0LWxvbmc=",
			Until:  now.Add(24 * time.Hour),
		},
		Failed: script + " changed it in the meantime",
		Fields: targets().Adds[0].Fields,
	}
	mail := ConnectionView{
		Frame:  frame(script, layout.NavConnections),
		Row:    connectionList()[2],
		Fields: targets().Adds[0].Fields[:1],
	}
	health := HealthView{
		Frame:   frame("Health", layout.NavHealth),
		Rows:    connectionList(),
		More:    true,
		Mail:    connectionList()[2],
		MailSet: true,
		Waiting: 12345,
		Sending: 3,

		Outage:      "read only",
		OutageText:  "The database cannot be written: it is read-only",
		OutageWhy:   "attempt to write a readonly database " + long,
		OutageSince: ago(time.Minute),
		Checked:     ago(time.Hour),
		CheckFailed: true,
		CheckText:   "the database is damaged: " + script + long,
		Removals: []RemovalRow{
			{Name: script + long, Kind: "connection", Done: 1200, Total: 1_000_000, At: ago(time.Minute)},
		},
		Oldest: ago(3 * time.Hour),
		Loops: []LoopRow{
			{Name: "delivery", Runs: true},
			{Name: "routing", Restarts: 1200, FailedAt: ago(time.Minute), Why: "panic: " + script + long},
		},
		Unrouted: unroutedRows(),
		Failed:   1234,
		Storage:  "PostgreSQL",
	}
	return []story{
		{"connections", Connections(all)},
		{"connections-none", Connections(none)},
		{"connections-empty", Connections(empty)},
		{"connection", Connection(one)},
		{"connection-mail", Connection(mail)},
		{"health", Health(health)},
		{"unrouted", Unrouted(UnroutedView{
			Frame:   frame("Unrouted events", layout.NavHealth),
			Rows:    unroutedRows(),
			Failed:  1234,
			Waiting: 17,
			Pager:   ui.Pager{Text: "2 events shown", First: "/admin/unrouted", Next: "/admin/unrouted?after=4"},
		})},
		{"unrouted-none", Unrouted(UnroutedView{Frame: frame("Unrouted events", layout.NavHealth)})},
		{"health-empty", Health(HealthView{
			Frame:     frame("Health", layout.NavHealth),
			Storage:   "SQLite",
			Checked:   ago(time.Hour),
			CheckText: "No damage in 45 tables",
		})},
	}
}

func unroutedRows() []UnroutedRow {
	return []UnroutedRow{
		{
			ID:    4,
			Type:  "exception.task",
			What:  script,
			Path:  "/exceptions/4",
			At:    ago(time.Hour),
			Next:  ago(-time.Minute),
			Tries: 5,
			Error: "read the payload: " + script,
		},
		{ID: 3, Type: "gate.changed", What: long, Path: "/products/7", At: ago(30 * time.Hour), Tries: 1200, Error: long},
	}
}
