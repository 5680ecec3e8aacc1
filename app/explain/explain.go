// Package explain reconstructs, step by step, what happened to an event and why its messages
// were sent or not. It reads stored data on request, and stores nothing.
package explain

import (
	"context"
	"slices"
	"strconv"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Key is a kind of step.
type Key string

// The kinds of steps, in their order. An event has some of them, one Target step per
// target, and one Reader step per role by which the actor sees it.
const (
	Recorded Key = "recorded" // the event happened
	Hold     Key = "hold"     // of a gate: a new state must last before it is announced
	Window   Key = "window"   // of an exception: it notifies once per window
	Routed   Key = "routing"  // its recipients are determined
	Inbox    Key = "inbox"
	Silence  Key = "silence"
	Settings Key = "settings"
	Target   Key = "target"
	Reader   Key = "reader" // why the actor can see the event
)

// Outcome is the outcome of a step.
type Outcome string

// The outcomes.
const (
	Done      Outcome = "done"
	Waiting   Outcome = "waiting"
	Held      Outcome = "held"
	Skipped   Outcome = "skipped"
	Cancelled Outcome = "cancelled"
	Failed    Outcome = "failed"
	None      Outcome = "none"    // nothing to do
	Unknown   Outcome = "unknown" // the data is not stored any more
)

// Step is one decision or occurrence in the processing of an event.
type Step struct {
	Key     Key
	Outcome Outcome
	Text    string
	Detail  string        // a reason or an error; "" = none that the actor can see
	At      time.Time     // zero = unknown
	Until   time.Time     // when it continues or ends; zero = never
	Link    Link          // to the page about it
	Sent    *delivery.Row // of a target: the delivery, as the actor can see it
	Why     string        // of a target: why it gets the event
	SetUpBy string        // of a target: who created it; "" = unknown, or the actor cannot see it
}

// Link is a link to a page. Without a path it is none.
type Link struct{ Path, Text string }

// Event is an event, as the actor can see it.
type Event struct {
	models.Event        // without its payload if the actor cannot see that
	Title        string // its type if it has no description
	Message      string
}

// Explanation is the processing of an event.
type Explanation struct {
	Event Event
	Steps []Step
	Inbox bool // the event is in the actor's inbox
}

// maxSent is how many deliveries an explanation lists.
const maxSent = 200

// Service explains events.
type Service struct {
	store *models.Store
	log   *delivery.Log
}

// New returns a service that shows deliveries with the rights of the delivery log.
func New(store *models.Store, log *delivery.Log) *Service { return &Service{store, log} }

// Event returns an event that the actor can see: an event of a product that they view, or
// one that notified only them. Administrators see all. Others get fault.NotFound.
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
	e, err = s.store.NotifiedEvent(ctx, actor.Viewer(), id)
	if err == nil && e.ProductID != 0 {
		err = fault.NewNotFound("event")
	}
	if err != nil {
		return models.Event{}, err
	}
	return e, nil
}

// visible returns an event without the parts that the actor cannot see.
func visible(actor authz.Actor, e models.Event) Event {
	a := event.Audience{
		Administrator: actor.Viewer().Administrator, AllData: actor.Administrator(), UserData: true,
	}
	v := Event{Event: e, Title: e.Type}
	n, data, err := a.For(e)
	if err == nil {
		v.Title, v.Message = n.Title, n.Message
	}
	v.Payload = data
	return v
}

// data is what the steps of an event are made from.
type data struct {
	actor          authz.Actor
	event          models.Event
	shown          Event
	work           models.Routing
	pending        bool // it is not routed yet, or was given up
	announcement   models.Announcement
	changed        bool // the event has a row of the gate history
	entry          models.InboxEntry
	listed         bool // entry is set
	silence        *models.Silence
	silenceVisible bool // the actor can open the silence
	rows           []delivery.Row
	moreRows       bool                              // rows is not complete
	origins        map[int64]models.ConnectionOrigin // of the connections of rows
	tally          map[models.DeliveryState]int
	roleSources    []models.RoleSource
}

// Explain returns the processing of an event that the actor can see, else fault.NotFound.
func (s *Service) Explain(ctx context.Context, actor authz.Actor, id int64) (Explanation, error) {
	e, err := s.find(ctx, actor, id)
	if err != nil {
		return Explanation{}, err
	}
	f := data{actor: actor, event: e, shown: visible(actor, e)}
	reads := []func(context.Context, *data) error{
		s.readProgress, s.readSilence, s.readDeliveries, s.readOrigins, s.readRoleSources,
	}
	for _, read := range reads {
		if err := read(ctx, &f); err != nil {
			return Explanation{}, err
		}
	}
	return Explanation{Event: f.shown, Steps: f.steps(), Inbox: f.inActorsInbox()}, nil
}

// readProgress reads the routing, the announcement and the inbox entry of an event.
func (s *Service) readProgress(ctx context.Context, f *data) (err error) {
	if f.work, f.pending, err = s.store.RoutingOf(ctx, string(event.ReaderNotify), f.event); err != nil {
		return err
	}
	if event.Type(f.event.Type) == event.GateChanged {
		if f.announcement, f.changed, err = s.store.AnnouncementOf(ctx, f.event); err != nil {
			return err
		}
	}
	f.entry, f.listed, err = s.store.InboxEntryOf(ctx, f.event)
	return err
}

// readSilence reads the silence of an event. Every viewer of the event can know of it, but
// its page is only for the viewers of its product or group.
func (s *Service) readSilence(ctx context.Context, f *data) error {
	if f.entry.SilenceID == 0 {
		return nil
	}
	one, err := s.store.Silence(ctx, models.SystemScope("an event that it silenced is seen"), f.entry.SilenceID)
	if fault.Is(err, fault.NotFound) { // it was deleted meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	f.silence = &one
	_, err = s.store.Silence(ctx, f.actor.Scope(), one.ID)
	f.silenceVisible = err == nil
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// readDeliveries reads the deliveries that the actor can see, and the number of all.
func (s *Service) readDeliveries(ctx context.Context, f *data) (err error) {
	filter := models.DeliveryFilter{EventID: f.event.ID, Limit: maxSent + 1}
	if f.rows, err = s.log.List(ctx, f.actor, filter); err != nil {
		return err
	}
	if f.moreRows = len(f.rows) > maxSent; f.moreRows {
		f.rows = f.rows[:maxSent]
	}
	slices.Reverse(f.rows) // oldest first
	scope := models.SystemScope("only the number, of an event that is seen")
	tally, err := s.store.DeliveryTally(ctx, scope, []int64{f.event.ID})
	f.tally = tally[f.event.ID]
	return err
}

// readRoleSources reads the roles by which the actor sees the event's product.
func (s *Service) readRoleSources(ctx context.Context, f *data) error {
	if f.event.ProductID != 0 && f.actor.ProductID == 0 && !f.actor.User.Administrator {
		sources, err := s.store.RoleSourcesOf(ctx, f.actor.User.ID, f.event.ProductID)
		f.roleSources = sources[f.event.ProductID]
		return err
	}
	return nil
}

// inActorsInbox reports whether the event is in the actor's inbox. Tokens have none.
func (f *data) inActorsInbox() bool { return f.listed && f.actor.User.ID != 0 }

// historyOnly reports whether an event is only in the history: a gate change that another
// event announces after its hold time.
func (f *data) historyOnly() bool {
	return f.changed && f.announcement.Change == f.event.ID && f.announcement.Announced != f.event.ID
}

func (f *data) sentCount() int {
	n := 0
	for _, count := range f.tally {
		n += count
	}
	return n
}

func path(page string, id int64) string { return "/" + page + "/" + strconv.FormatInt(id, 10) }
