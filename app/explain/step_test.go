package explain

import (
	"strings"
	"testing"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/delivery"
	"gatecrier/models"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// deliveries returns one delivery per state.
func deliveries(states ...models.DeliveryState) []delivery.Row {
	rows := make([]delivery.Row, len(states))
	for i, s := range states {
		rows[i].DeliveryRow = models.DeliveryRow{
			Delivery:   models.Delivery{ID: int64(i + 1), State: s, Attempts: 2, NextAt: noon},
			Connection: "hook",
		}
	}
	return rows
}

// stepTexts returns the steps of a kind as "outcome: text", joined by "; ".
func stepTexts(f data, key Key) string {
	var list []string
	for _, s := range f.steps() {
		if s.Key == key {
			list = append(list, string(s.Outcome)+": "+s.Text)
		}
	}
	return strings.Join(list, "; ")
}

var (
	admin  = authz.Actor{User: models.User{ID: 1, Administrator: true}}
	member = authz.Actor{User: models.User{ID: 2}}
	token  = authz.Actor{ProductID: 7, Role: models.RoleReader}
	gate   = models.Event{ID: 5, Type: "gate.changed", ProductID: 7, Payload: []byte(`{}`)}
)

func exception(payload string) models.Event {
	return models.Event{ID: 5, Type: "exception.reported", ProductID: 7, Payload: []byte(payload)}
}

func dead(n int) map[models.DeliveryState]int { return map[models.DeliveryState]int{"dead": n} }

// stepTests are the data of an event, a kind of step, and the steps of that kind.
type stepTests map[string]struct {
	f    data
	key  Key
	want string
}

func (tests stepTests) check(t *testing.T) {
	t.Helper()
	for name, test := range tests {
		if got := stepTexts(test.f, test.key); got != test.want {
			t.Errorf("%s: %s\nwant %s", name, got, test.want)
		}
	}
}

func TestSteps_Targets(t *testing.T) {
	down := deliveries(models.DeliveryPending)
	down[0].Down, down[0].ProbeAt = true, noon
	stepTests{
		"each state": {
			data{
				event: gate, listed: true, rows: deliveries(models.DeliveryStates()...), tally: dead(8),
				entry: models.InboxEntry{Targets: 8},
			},
			Target,
			"waiting: Waiting in its queue; waiting: Sending; waiting: Not delivered yet, after 2 attempts; " +
				"done: Delivered after 2 attempts; failed: Failed after 2 attempts; skipped: Not sent; " +
				"waiting: Held after a restore, until an administrator decides; " +
				"held: Not sent: silenced; cancelled: Canceled after 2 attempts",
		},
		"an endpoint that is down": {
			data{event: gate, listed: true, rows: down, tally: map[models.DeliveryState]int{"pending": 1}},
			Target, "waiting: Waiting in its queue; its target does not answer",
		},
		"hidden": {
			data{event: gate, listed: true, tally: dead(2), entry: models.InboxEntry{Targets: 2}},
			Target, "unknown: 2 messages to targets that you cannot see",
		},
		"more than are shown": {
			data{
				event: gate, listed: true, moreRows: true, rows: deliveries("dead"), tally: dead(2),
				entry: models.InboxEntry{Targets: 2},
			},
			Target, "failed: Failed after 2 attempts; unknown: 1 more message is in the delivery log",
		},
		"some are gone": {
			data{event: gate, listed: true, rows: deliveries("dead"), tally: dead(1), entry: models.InboxEntry{Targets: 3}},
			Target, "failed: Failed after 2 attempts; unknown: 3 targets then; 2 have been deleted since, or the deliveries " +
				"are no longer kept",
		},
		"not recorded": {
			data{event: gate, listed: true, entry: models.InboxEntry{Targets: -1}},
			Target, "unknown: The number of targets was not recorded; no delivery is kept",
		},
		"nothing is kept": {data{event: gate}, Target, "unknown: Whether anything was sent is no longer known"},
		"no product": {
			data{event: models.Event{Type: "exception.task"}, listed: true},
			Target, "none: No connection is configured for events without a product",
		},
		"end of a silence": {
			data{event: models.Event{Type: "silence.ended", ProductID: 7}, listed: true},
			Target, "none: Only a silence of a product that silenced something notifies its targets",
		},
		"type that no target gets": {
			data{event: models.Event{Type: "alert.created", ProductID: 7}},
			Target, "none: No target gets events of this type",
		},
		"connection": {
			data{event: models.Event{Type: "connector.error", ProductID: 7}, listed: true},
			Target, "none: No other connection and no email is configured",
		},
	}.check(t)
}

func TestSteps_SilenceHoldWindowInboxReader(t *testing.T) {
	stepTests{
		"silence is gone": {
			data{event: gate, listed: true, tally: map[models.DeliveryState]int{"silenced": 1}},
			Silence, "held: Silenced by a silence that was deleted",
		},
		"silence not known":    {data{event: gate}, Silence, "unknown: Whether it was silenced is no longer known"},
		"no gate's hold known": {data{event: gate, listed: true}, Hold, ""},
		"window, first": {
			data{event: exception(`{"first":true}`)},
			Window, "done: First occurrence: notified immediately",
		},
		"window, back": {
			data{event: exception(`{"regressed":true}`)},
			Window, "done: Reopened after it was resolved: notified immediately",
		},
		"window, none": {
			data{event: exception(`{}`)},
			Window, "done: No repeats were suppressed since the last notification",
		},
		"window, one": {
			data{event: exception(`{"suppressed":1,"suppressed_since":"2026-05-04T12:00:00Z"}`)},
			Window, "done: 1 repeat was suppressed since the last notification",
		},
		"window, unreadable": {data{event: exception(`{"class":5}`)}, Window, ""},
		"type that is in no inbox": {
			data{event: models.Event{Type: "alert.created", ProductID: 7}},
			Inbox, "none: Events of this type are not in the inbox",
		},
		"administrators": {
			data{event: models.Event{Type: "exception.task"}, listed: true},
			Inbox, "done: For administrators",
		},
		"another's": {
			data{
				actor: admin, event: models.Event{Type: "connector.error"}, listed: true,
				entry: models.InboxEntry{UserID: 2, User: "ann"},
			},
			Inbox, "done: For ann alone, and for administrators",
		},
		"by a token": {data{actor: token, event: gate}, Reader, "done: You see this through a token of the product"},
		"by several ways": {
			data{actor: member, event: gate, roleSources: []models.RoleSource{
				{Role: "owner"},
				{Role: "reader", GroupID: 3, Group: "Payments"},
				{Role: "writer", AuthorizationGroupID: 4, AuthorizationGroup: "On call"},
			}},
			Reader,
			"done: You see this as an owner of the product; done: You see this as a reader of its group “Payments”; done: " +
				"You see this as a writer of the product, through the authorization group “On call”",
		},
	}.check(t)
}

func TestInboxStep_LinkForUsersOnly(t *testing.T) {
	for id, want := range map[int64]string{0: "", 2: "/inbox/5"} {
		f := data{
			actor:  authz.Actor{User: models.User{ID: id}},
			event:  models.Event{ID: 5, Type: "gate.changed", ProductID: 7},
			listed: true,
		}
		if got := f.inbox()[0].Link.Path; got != want {
			t.Errorf("user %d is led to %q, want %q", id, got, want)
		}
	}
}

// Each delivery says which target it went to; who set it up is for editors.
func TestTargetSteps_Why(t *testing.T) {
	const groups, system = "A target of the product group “Payments”", "A connection of the system"
	for want, test := range map[string]struct {
		kind   string
		owner  models.Owner
		origin models.ConnectionOrigin
	}{
		"A target of the product": {kind: "gate.changed", owner: models.Owner{ProductID: 7}},
		groups + ": the product had no target of its own for this channel": {
			kind: "gate.changed", owner: models.Owner{GroupID: 3}, origin: models.ConnectionOrigin{Group: "Payments"},
		},
		system + ": these are notified of exceptions without a product": {kind: "exception.task"},
		system + ": these are notified of all connections that fail":    {kind: "connector.error"},
		"A target of the system for the exceptions of Gatecrier": {
			kind: "exception.request", origin: models.ConnectionOrigin{Field: "exception_slack"},
		},
		"An email to an owner of the product": {
			kind: "ingest.exceeded", origin: models.ConnectionOrigin{Field: models.FieldPeople},
		},
	} {
		rows := deliveries(models.DeliverySkipped, models.DeliverySkipped)
		for i := range rows {
			rows[i].ConnectionID, rows[i].Owner, rows[i].MayEdit = 1, test.owner, i == 0
		}
		test.origin.CreatedBy = "ann"
		f := data{
			event: models.Event{ID: 5, Type: test.kind}, rows: rows,
			origins: map[int64]models.ConnectionOrigin{1: test.origin},
		}
		steps := f.targets()
		if steps[0].Why != want || steps[0].SetUpBy != "ann" || steps[1].Why != want || steps[1].SetUpBy != "" {
			t.Errorf("got %+v, want %q, set up by ann for editors alone", steps, want)
		}
	}
}
