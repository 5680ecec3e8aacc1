// Package delivery is the outbox: messages are written in the transaction that
// decides on them, leased, sent, tried again, and settled. Nothing is lost, and
// each message carries the same id in every attempt.
package delivery

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxInFlight    = 512              // sends at once, over all endpoints
	maxTroubled    = 256              // of them on endpoints that fail, so that others have room
	maxPerEndpoint = 4                // of them on one endpoint
	maxProbes      = 64               // endpoints that are probed in one turn
	leaseTime      = 30 * time.Second // longer than any send may take
	sendTime       = 20 * time.Second
	poll           = time.Second // how often due messages are looked for unrung
	sweepEvery     = 5 * time.Second
	freeEvery      = time.Second
	freeAllEvery   = time.Minute
	maxNewest      = 500             // of the latest messages, that are looked at so often
	graceTime      = 8 * time.Second // for the sends in flight, at the end
)

// Opener opens the configuration of a connection.
type Opener interface {
	Open(c models.Connection) (module.Config, error)
}

// Parts are what a dispatcher needs.
type Parts struct {
	Store    *models.Store
	Opener   Opener
	Modules  *module.Registry
	Events   *event.Log
	Log      *slog.Logger
	Instance string // the name that it claims under
	BaseURL  func() string
}

// Dispatcher sends what the outbox holds.
type Dispatcher struct {
	store    *models.Store
	opener   Opener
	modules  *module.Registry
	events   *event.Log
	log      *slog.Logger
	instance string
	baseURL  func() string
	signal   *event.Signal
	results  chan completion
	senders  sync.WaitGroup
	swept    lastSweep // when the last sweep was
	freed    lastSweep // and when queues were last looked at that nothing is before
	freedAll lastSweep // all of them

	mu       sync.Mutex
	inFlight map[int64]int // by endpoint
	troubled map[int64]int // the endpoints that failed last, with their sends in flight
	total    int
	sendCtx  context.Context // nil while it does not run
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
		signal:   event.NewSignal(),
		results:  make(chan completion, maxInFlight),
		inFlight: map[int64]int{},
		troubled: map[int64]int{},
	}
}

// Wake lets the dispatcher look for due messages now.
func (d *Dispatcher) Wake() { d.signal.Notify() }

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

// ReturnLeases makes everything due again that some instance was sending, and
// ends its leases. It is for the start of the only instance there is.
func (d *Dispatcher) ReturnLeases(ctx context.Context) error {
	for {
		var n int64
		err := d.store.Write(ctx, func(tx *models.Tx) error {
			if err := tx.DropLeases(); err != nil {
				return err
			}
			var err error
			n, err = tx.ReturnExpired(tx.Now().Add(10 * leaseTime))
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		d.log.Info("deliveries taken up again", "count", n)
	}
}

// limits is how messages of a module go out.
func (d *Dispatcher) limits(name string) module.Limits {
	if m, ok := d.modules.Get(name); ok {
		return m.Descriptor().Limits
	}
	return module.Limits{Parallel: 1}
}

// start sends tasks, each on a goroutine of its own. Room for them was made
// before. After the end it starts none: their lease returns them.
func (d *Dispatcher) start(tasks []sendTask) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sendCtx == nil {
		return
	}
	for _, t := range tasks {
		d.inFlight[t.delivery.EndpointID]++
		d.total++
		d.senders.Add(1)
		go d.send(d.sendCtx, t)
	}
}

// hasRoom says whether a send may start on an endpoint, taken being those already
// promised to it and promised those to all. An endpoint that failed last gets one at
// a time, and those that fail only a part of all, so that however many hang
// there is room for the others.
func (d *Dispatcher) hasRoom(endpoint int64, limits module.Limits, taken, promised int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	limit := min(max(1, limits.Parallel), maxPerEndpoint)
	if _, fails := d.troubled[endpoint]; fails {
		limit = 1
		if d.troubledInFlight() >= maxTroubled {
			return false
		}
	}
	return d.sendCtx != nil && d.total+promised < maxInFlight && d.inFlight[endpoint]+taken < limit
}

// troubledInFlight counts the sends on endpoints that fail.
func (d *Dispatcher) troubledInFlight() int {
	n := 0
	for endpoint := range d.troubled {
		n += d.inFlight[endpoint]
	}
	return n
}

// finishSend ends a send, and remembers whether its endpoint fails.
func (d *Dispatcher) finishSend(endpoint int64, kind module.Kind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total--
	if d.inFlight[endpoint]--; d.inFlight[endpoint] == 0 {
		delete(d.inFlight, endpoint)
	}
	switch kind {
	case module.KindTransient, module.KindRetryAfter:
		d.troubled[endpoint]++
	case module.KindDelivered, module.KindRejected, module.KindGone:
		delete(d.troubled, endpoint)
	case module.KindPermanent, module.KindRefused, module.KindSkipped: // they say nothing about it
	}
}

// saturated lists the endpoints that have their share.
func (d *Dispatcher) saturated() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	var endpoints []int64
	for endpoint, n := range d.inFlight {
		if _, fails := d.troubled[endpoint]; n >= maxPerEndpoint || fails {
			endpoints = append(endpoints, endpoint)
		}
	}
	return endpoints
}
