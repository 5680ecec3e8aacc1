// Package explain reconstructs why a message was sent or not: what happened to an event, step
// by step. It reads what is stored when it is asked, and stores nothing itself.
package explain

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Key names a kind of step.
type Key string

// The steps there are, in their order. An event has some of them, and one for
// each of its targets, and for each way by which the reader sees it.
const (
	Recorded Key = "recorded" // it happened
	Hold     Key = "hold"     // a gate's new state has to stand before it is told
	Window   Key = "window"   // the same exception is told once for a time
	Routed   Key = "routing"  // it is looked up who is to be told
	Inbox    Key = "inbox"
	Silence  Key = "silence"
	Settings Key = "settings"
	Target   Key = "target"
	Reader   Key = "reader" // why who asks may see it
)

// Outcome is what came of a step, in a word.
type Outcome string

// The outcomes.
const (
	Done      Outcome = "done"
	Waiting   Outcome = "waiting"
	Held      Outcome = "held"
	Skipped   Outcome = "skipped"
	Cancelled Outcome = "cancelled"
	Failed    Outcome = "failed"
	None      Outcome = "none"    // there was nothing to do
	Unknown   Outcome = "unknown" // what would tell is not kept any more
)

// Step is one thing that was decided, or happened, on an event's way.
type Step struct {
	Key     Key
	Outcome Outcome
	Text    string
	Detail  string        // why, in words of others: a reason, an error; "" = none that the actor may read
	At      time.Time     // zero = not known
	Until   time.Time     // when it goes on, or ends; zero = it does not
	Link    Link          // the page about it
	Sent    *delivery.Row // of a target: the message, as the actor may see it
}

// Link is the way to a page; without a path there is none.
type Link struct{ Path, Text string }

// Event is what happened, as the actor may see it.
type Event struct {
	models.Event        // without a payload where that is not for the actor
	Title        string // in words; its type where there are none
	Message      string
}

// Explanation is what became of an event.
type Explanation struct {
	Event Event
	Steps []Step
	Inbox bool // the actor has it in his inbox
}

// maxSent bounds the targets that a trace names.
const maxSent = 200

// Service traces events.
type Service struct {
	store  *models.Store
	ledger *delivery.Log
}

// New returns a service that shows deliveries as a ledger does.
func New(store *models.Store, ledger *delivery.Log) *Service { return &Service{store, ledger} }

// Event finds an event that the actor may see: one of a product that he may
// view, or one that was told to him alone. Administrators see all.
func (s *Service) Event(ctx context.Context, actor authz.Actor, id int64) (Event, error) {
	e, err := s.find(ctx, actor, id)
	if err != nil {
		return Event{}, err
	}
	return visible(actor, e), nil
}

func (s *Service) find(ctx context.Context, actor authz.Actor, id int64) (models.Event, error) {
	e, err := s.store.Event(ctx, actor.Scope(), id)
	if !fault.Is(err, fault.NotFound) || actor.User.ID == 0 {
		return e, err
	}
	e, err = s.store.NotifiedEvent(ctx, actor.Reader(), id)
	if err == nil && e.ProductID != 0 {
		err = fault.NewNotFound("event")
	}
	if err != nil {
		return models.Event{}, err
	}
	return e, nil
}

// open are the types whose payloads are for all who may view their product.
// Those of connections may name a host, those of Gatecrier's own exceptions tell
// of its insides.
var open = []event.Type{
	event.GateChanged,
	event.WaiverEnds,
	event.ProductIsStale,
	event.ExceptionReported,
	event.SilenceHasEnded,
}

// visible is an event without what the actor may not see of it.
func visible(actor authz.Actor, e models.Event) Event {
	kind := event.Type(e.Type)
	v := Event{Event: e, Title: e.Type}
	if n, err := event.Describe(e); err == nil {
		v.Title, v.Message = n.Title, n.Message
	}
	if kind == event.ExceptionTask && !actor.Reader().Administrator && v.Message != "" {
		v.Message = "…"
	}
	if !actor.Administrator() && (e.ProductID == 0 || !slices.Contains(open, kind)) || !json.Valid(e.Payload) {
		v.Payload = nil
	}
	return v
}

// data are what a trace is made of.
type data struct {
	actor   authz.Actor
	event   models.Event
	shown   Event
	work    models.Routing
	open    bool // there is work
	told    models.Announcement
	changed bool // there is a row of the gate's history
	entry   models.InboxEntry
	listed  bool // there is a row of the inbox
	silence *models.Silence
	mine    bool // the actor may see the silence
	rows    []delivery.Row
	more    bool // there are more of them
	tally   map[models.DeliveryState]int
	ways    []models.RoleSource
}

// Explain tells what became of an event that the actor may see.
func (s *Service) Explain(ctx context.Context, actor authz.Actor, id int64) (Explanation, error) {
	e, err := s.find(ctx, actor, id)
	if err != nil {
		return Explanation{}, err
	}
	f := data{actor: actor, event: e, shown: visible(actor, e)}
	for _, read := range []func(context.Context, *data) error{s.readSource, s.readSilence, s.readSent, s.readSources} {
		if err := read(ctx, &f); err != nil {
			return Explanation{}, err
		}
	}
	return Explanation{Event: f.shown, Steps: f.steps(), Inbox: f.inbox()}, nil
}

// readSource reads how far an event has come.
func (s *Service) readSource(ctx context.Context, f *data) (err error) {
	if f.work, f.open, err = s.store.RoutingOf(ctx, string(event.ReaderNotify), f.event); err != nil {
		return err
	}
	if event.Type(f.event.Type) == event.GateChanged {
		if f.told, f.changed, err = s.store.AnnouncementOf(ctx, f.event); err != nil {
			return err
		}
	}
	f.entry, f.listed, err = s.store.InboxEntryOf(ctx, f.event)
	return err
}

// readSilence reads what held its messages back. Who sees an event may know
// why; the silence's page is for those who see what it is of.
func (s *Service) readSilence(ctx context.Context, f *data) error {
	if f.entry.SilenceID == 0 {
		return nil
	}
	one, err := s.store.Silence(ctx, models.SystemScope("an event that it held is seen"), f.entry.SilenceID)
	if fault.Is(err, fault.NotFound) { // it went meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	f.silence = &one
	_, err = s.store.Silence(ctx, f.actor.Scope(), one.ID)
	f.mine = err == nil
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// readSent reads its deliveries, those that the actor may see, and how many
// there are in all.
func (s *Service) readSent(ctx context.Context, f *data) (err error) {
	filter := models.LedgerFilter{EventID: f.event.ID, Limit: maxSent + 1}
	if f.rows, err = s.ledger.List(ctx, f.actor, filter); err != nil {
		return err
	}
	if f.more = len(f.rows) > maxSent; f.more {
		f.rows = f.rows[:maxSent]
	}
	slices.Reverse(f.rows) // in the order in which they were written
	tally, err := s.store.DeliveryTally(
		ctx, models.SystemScope("only how many, of an event that is seen"), []int64{f.event.ID},
	)
	f.tally = tally[f.event.ID]
	return err
}

// readSources reads why the actor may see the event.
func (s *Service) readSources(ctx context.Context, f *data) (err error) {
	if f.event.ProductID != 0 && f.actor.ProductID == 0 && !f.actor.User.Administrator {
		f.ways, err = s.store.RoleSourcesOf(ctx, f.actor.User.ID, f.event.ProductID)
	}
	return err
}

// inbox reports whether the actor finds the event in an inbox of his.
func (f *data) inbox() bool { return f.listed && f.actor.User.ID != 0 }

// history reports whether an event is of the history alone: a change that had
// to stand before people were told, which another event does.
func (f *data) history() bool {
	return f.changed && f.told.Change == f.event.ID && f.told.Told != f.event.ID
}

func (f *data) sent() int {
	n := 0
	for _, of := range f.tally {
		n += of
	}
	return n
}

func path(place string, id int64) string { return "/" + place + "/" + strconv.FormatInt(id, 10) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
