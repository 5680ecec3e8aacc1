// Package delivery is the outbox: messages are written in the transaction that decides on them,
// leased, sent, retried, and settled. No message is lost, and each has the same ID in every
// attempt.
package delivery

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxPerPass   = 8                // messages claimed of one endpoint and rank in one pass
	maxPasses    = 8                // passes of the claim loop in a row
	maxProbes    = 64               // endpoints probed in one pass
	leaseTime    = 30 * time.Second // longer than sendTime
	sendTime     = 20 * time.Second
	poll         = time.Second // between looks for due messages without Wake
	sweepEvery   = 5 * time.Second
	freeEvery    = time.Second     // between checks of the newest messages for a blocked queue
	freeAllEvery = time.Minute     // between checks of all messages
	maxNewest    = 500             // messages checked every freeEvery
	graceTime    = 8 * time.Second // for the sends in flight, when Run ends
)

// Opener decrypts the configuration of a connection.
type Opener interface {
	Open(c models.Connection) (module.Config, error)
}

// Parts are the dependencies of a dispatcher.
type Parts struct {
	Store    *models.Store
	Opener   Opener
	Modules  *module.Registry
	Events   *event.Log
	Log      *slog.Logger
	Instance string // the name of its leases
	BaseURL  func() string
	UserData func() bool // whether messages about exceptions name users
}

// Dispatcher sends what is in the outbox.
type Dispatcher struct {
	store    *models.Store
	opener   Opener
	modules  *module.Registry
	events   *event.Log
	log      *slog.Logger
	instance string
	baseURL  func() string
	userData func() bool
	signal   *event.Signal
	results  chan completion
	senders  sync.WaitGroup
	swept    sweepTime   // of leases and endpoints
	freed    sweepTime   // of blocked queues, among the newest messages
	freedAll sweepTime   // of blocked queues, among all messages
	present  atomic.Bool // other instances can see that this one is alive

	mu       sync.Mutex
	capacity capacity
	sendCtx  context.Context // nil unless Run is running
}

// New returns a dispatcher.
func New(p Parts) *Dispatcher {
	return &Dispatcher{
		store:    p.Store,
		opener:   p.Opener,
		modules:  p.Modules,
		events:   p.Events,
		log:      p.Log,
		instance: p.Instance,
		baseURL:  p.BaseURL,
		userData: p.UserData,
		signal:   event.NewSignal(),
		results:  make(chan completion, maxInFlight),
		capacity: newCapacity(),
	}
}

// Present reports whether other instances can see that this one is alive.
func (d *Dispatcher) Present() bool { return d.present.Load() }

// Wake makes the dispatcher look for due messages at once.
func (d *Dispatcher) Wake() { d.signal.Notify() }

// Run claims, sends and settles until ctx ends. Then it claims no more, gives the sends in flight
// graceTime to end, and writes their results; the rest is sent after its lease has ended.
func (d *Dispatcher) Run(ctx context.Context) {
	sendCtx, stopSends := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSends()
	d.mu.Lock()
	d.sendCtx = sendCtx
	d.mu.Unlock()

	aliveCtx, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave() // after the last result is written
	d.holdPresence(aliveCtx)
	go d.watchInstances(ctx)
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		d.settleResults(context.WithoutCancel(ctx))
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

// ReturnLeases ends all leases and makes their deliveries due again. Call it only at the start of
// the only instance.
func (d *Dispatcher) ReturnLeases(ctx context.Context) error {
	for {
		var n int64
		err := d.store.Write(ctx, func(tx *models.Tx) error {
			if err := tx.DropLeases(); err != nil {
				return err
			}
			var err error
			n, err = tx.ReturnAll() // whatever the clock was when they were taken
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		d.log.Info("return leased deliveries", "count", n)
	}
}

// limits returns the limits of a module's messages.
func (d *Dispatcher) limits(name string) module.Limits {
	if m, ok := d.modules.Get(name); ok {
		return m.Descriptor().Limits
	}
	return module.Limits{Parallel: 1}
}

// start sends each task on its own goroutine. The caller must have checked the capacity. After the
// end of Run it starts none: they are sent after their lease has ended.
func (d *Dispatcher) start(tasks []sendTask) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range tasks {
		d.startSend(t)
	}
}

// startSend sends a task on its own goroutine, unless Run has ended. The caller holds mu.
func (d *Dispatcher) startSend(t sendTask) {
	if d.sendCtx == nil {
		return
	}
	d.capacity.begin(t.delivery.EndpointID)
	d.senders.Add(1)
	go d.send(d.sendCtx, t)
}

// has reports whether there is room for a send.
func (d *Dispatcher) has(r room) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sendCtx != nil && d.capacity.allows(r)
}

// saturated returns the endpoints that have no room for another send, whatever their module.
func (d *Dispatcher) saturated() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.capacity.saturated()
}

// unsettled returns the number of sends without a written result.
func (d *Dispatcher) unsettled() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.capacity.total
}
