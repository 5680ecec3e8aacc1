// Package delivery is the outbox: messages are written in the transaction that
// decides on them, leased, sent, tried again, and settled. Nothing is lost, and
// each message carries the same id in every attempt.
package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	inFlightMost      = 256              // sends at once, over all connections
	perConnectionMost = 4                // of them to one connection
	leaseTime         = 30 * time.Second // longer than any send may take
	sendTime          = 20 * time.Second
	poll              = time.Second // how often due messages are looked for unrung
	sweepEvery        = 5 * time.Second
	graceTime         = 8 * time.Second // for the sends in flight, at the end
)

// Opener opens the configuration of a connection.
type Opener interface {
	Open(c models.Connection) (module.Config, error)
}

// Dispatcher sends what the outbox holds.
type Dispatcher struct {
	store    *models.Store
	opener   Opener
	modules  *module.Registry
	log      *slog.Logger
	instance string
	baseURL  func() string
	bell     *event.Bell
	results  chan settlement
	senders  sync.WaitGroup

	mu       sync.Mutex
	inFlight map[int64]int // by connection
	total    int
	sendCtx  context.Context // nil while it does not run
}

// New returns a dispatcher that claims under the instance's name.
func New(store *models.Store, opener Opener, modules *module.Registry, log *slog.Logger, instance string, baseURL func() string) *Dispatcher {
	return &Dispatcher{
		store: store, opener: opener, modules: modules, log: log, instance: instance, baseURL: baseURL,
		bell: event.NewBell(), results: make(chan settlement, inFlightMost), inFlight: map[int64]int{},
	}
}

// Wake lets the dispatcher look for due messages now.
func (d *Dispatcher) Wake() { d.bell.Ring() }

// Run claims, sends and settles until ctx ends. Then it claims no more, gives
// the sends in flight a moment, and writes their results; what is left goes on
// when its lease ends.
func (d *Dispatcher) Run(ctx context.Context) {
	sendCtx, stopSends := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSends()
	d.mu.Lock()
	d.sendCtx = sendCtx
	d.mu.Unlock()

	settled := make(chan struct{})
	go func() {
		defer close(settled)
		d.settle(context.WithoutCancel(ctx))
	}()
	d.claimLoop(ctx)

	d.mu.Lock()
	d.sendCtx = nil
	d.mu.Unlock()
	timer := time.AfterFunc(graceTime, stopSends)
	d.senders.Wait()
	timer.Stop()
	close(d.results)
	<-settled
}

// ReturnLeases makes everything due again that some instance was sending, and
// ends its leases. It is for the start of the only instance there is.
func (d *Dispatcher) ReturnLeases(ctx context.Context) error {
	return d.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.DropLeases(); err != nil {
			return err
		}
		n, err := tx.ReturnExpired(tx.Now().Add(10 * leaseTime))
		if n > 0 {
			d.log.Info("deliveries taken up again", "count", n)
		}
		return err
	})
}

// task is a message on its way.
type task struct {
	delivery models.Delivery
	event    models.Event // its id is 0 where it has yet to be read, or for a test
}

// start sends tasks, each on a goroutine of its own. Room for them was made
// before. After the end it starts none: their lease returns them.
func (d *Dispatcher) start(tasks []task) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sendCtx == nil {
		return
	}
	for _, t := range tasks {
		d.inFlight[t.delivery.ConnectionID]++
		d.total++
		d.senders.Add(1)
		go d.send(d.sendCtx, t)
	}
}

// room says how many sends may start to a connection, taken being those already
// promised to it and promised those to all.
func (d *Dispatcher) room(connection int64, taken, promised int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sendCtx != nil && d.total+promised < inFlightMost && d.inFlight[connection]+taken < perConnectionMost
}

func (d *Dispatcher) done(connection int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total--
	if d.inFlight[connection]--; d.inFlight[connection] == 0 {
		delete(d.inFlight, connection)
	}
}

func (d *Dispatcher) saturated() (connections []int64, room int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, n := range d.inFlight {
		if n >= perConnectionMost {
			connections = append(connections, id)
		}
	}
	return connections, inFlightMost - d.total
}

// send makes one attempt and hands its result over.
func (d *Dispatcher) send(ctx context.Context, t task) {
	defer d.senders.Done()
	s := settlement{delivery: t.delivery, began: d.store.Now()}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	began := time.Now()
	s.result, s.drop = d.guarded(ctx, t)
	s.took = time.Since(began)
	s.chance = rand.Float64() //nolint:gosec // it spreads retries, it keeps no secret
	d.results <- s
}

// guarded is attempt, where a panic is a result like another: it must not end
// the program, nor come back at the next start.
func (d *Dispatcher) guarded(ctx context.Context, t task) (result module.Result, drop string) {
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("a send panicked", "delivery", t.delivery.ID, "error", fmt.Sprint(v), "stack", string(debug.Stack()))
			result, drop = module.Permanent("its module failed: the log says how"), ""
		}
	}()
	return d.attempt(ctx, t)
}

// attempt sends a message by its module. drop is why it is not to be sent at
// all.
func (d *Dispatcher) attempt(ctx context.Context, t task) (result module.Result, drop string) {
	c, err := d.store.Connection(ctx, models.SystemScope("the outbox sends for everybody"), t.delivery.ConnectionID)
	if err != nil {
		return module.Transient("the target cannot be read"), ""
	}
	if !c.Enabled {
		return module.Result{}, connection.TurnedOff
	}
	m, ok := d.modules.Get(c.Module)
	sender, can := m.(module.Sender)
	if !ok || !can {
		return module.Permanent("there is no module " + c.Module + " that sends"), ""
	}
	config, err := d.opener.Open(c)
	if err != nil {
		d.log.Error("configuration not opened", "connection", c.ID, "error", err)
		return module.Transient("its configuration cannot be opened with this key"), ""
	}
	message, err := d.message(ctx, t)
	if err != nil {
		d.log.Error("message not made", "delivery", t.delivery.ID, "error", err)
		return module.Permanent("its message cannot be made"), ""
	}
	return sender.Send(ctx, config, message), ""
}

// message puts a delivery's event in the words that a module sends.
func (d *Dispatcher) message(ctx context.Context, t task) (module.Message, error) {
	m := module.Message{ID: "msg_" + t.delivery.UUID, Title: t.delivery.Title, Link: d.baseURL()}
	if t.delivery.EventID == 0 {
		return d.testMessage(m, t)
	}
	e := t.event
	if e.ID == 0 {
		var err error
		if e, err = d.store.Event(ctx, models.SystemScope("the outbox sends for everybody"), t.delivery.EventID); err != nil {
			return m, err
		}
	}
	notice, err := event.Describe(e)
	if err != nil {
		return m, err
	}
	m.Type, m.Version, m.Time, m.Actor, m.Why, m.Data = e.Type, e.Version, e.At, e.Actor, notice.Message, e.Payload
	m.Tone, m.Items = module.Tone(notice.Tone), notice.Items
	for _, f := range notice.Facts {
		m.Facts = append(m.Facts, module.Fact(f))
	}
	if e.ProductID != 0 {
		m.Link = fmt.Sprintf("%s/products/%d", d.baseURL(), e.ProductID)
	}
	return m, nil
}

func (d *Dispatcher) testMessage(m module.Message, t task) (module.Message, error) {
	m.Type, m.Version, m.Time, m.Test = "gatecrier.test", 1, t.delivery.CreatedAt, true
	m.Why = "Somebody pressed the test button: this target works"
	var err error
	m.Data, err = json.Marshal(map[string]string{"text": m.Why, "link": m.Link})
	return m, err
}
