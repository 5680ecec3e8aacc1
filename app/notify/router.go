// Package notify routes events: to the inbox, and to the targets of their
// product.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/silence"
	"gatecrier/models"
)

const (
	maxBatch  = 256              // events that are routed in one transaction
	maxTries  = 5                // of an event, before it is parked
	lease     = 30 * time.Second // how long one instance alone routes
	poll      = time.Second      // how often work is looked for unrung
	leaseName = "route"
)

var errOtherInstance = errors.New("another instance routes")

// Router takes the work that events leave for it, in order, and writes what
// follows from each: a row of the inbox and deliveries.
type Router struct {
	store       *models.Store
	outbox      *delivery.Dispatcher
	signal      *event.Signal
	log         *slog.Logger
	instance    string
	mailEnabled func() bool
}

// New returns a router that waits for a bell. mails says whether mail is set up.
func New(
	store *models.Store,
	outbox *delivery.Dispatcher,
	signal *event.Signal,
	log *slog.Logger,
	instance string,
	mails func() bool,
) *Router {
	return &Router{store: store, outbox: outbox, signal: signal, log: log, instance: instance, mailEnabled: mails}
}

// Run routes until ctx ends.
func (r *Router) Run(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.Route(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errOtherInstance) {
			r.log.Error("routing failed", "error", err)
		}
		if err == nil && n == maxBatch {
			continue
		}
		r.wait(ctx)
	}
}

func (r *Router) wait(ctx context.Context) {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.signal.C():
	case <-timer.C:
	}
}

// routed is what follows from one event.
type routed struct {
	work    models.Work
	notice  event.Notice
	targets []addressee
	silence *models.Silence // what holds its messages back, nil = nothing
	err     error           // why nothing can
}

// addressee is whom a message goes to.
type addressee struct {
	models.Target
	recipient string
}

// Route takes one batch, and says how many events it held. What follows is
// worked out before the transaction that writes it. A batch that cannot be
// written is written event by event, so that one bad event stops no other.
func (r *Router) Route(ctx context.Context) (int, error) {
	work, err := r.store.EventWork(ctx, string(event.ReaderNotify), maxBatch)
	if err != nil || len(work) == 0 {
		return 0, err
	}
	batch, err := r.plan(ctx, work)
	if err != nil {
		return 0, err
	}
	err = r.write(ctx, batch)
	if err == nil || errors.Is(err, errOtherInstance) || ctx.Err() != nil {
		return len(work), err
	}
	late := map[int64]bool{} // products one of whose events waits: the later ones wait with it
	for _, one := range batch {
		product := one.work.Event.ProductID
		if late[product] && product != 0 {
			continue
		}
		if err := r.write(ctx, []routed{one}); err != nil {
			late[product] = true
			if err := r.delay(ctx, one.work, err); err != nil {
				return 0, err
			}
		}
	}
	return len(work), nil
}

func (r *Router) plan(ctx context.Context, work []models.Work) ([]routed, error) {
	products := make([]int64, 0, len(work))
	seen := map[int64]bool{}
	for _, w := range work {
		if id := w.Event.ProductID; id != 0 && !seen[id] {
			seen[id] = true
			products = append(products, id)
		}
	}
	targets, err := r.store.TargetsOf(ctx, products)
	if err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	quiet, err := r.silences(ctx, work, products)
	if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	batch := make([]routed, len(work))
	for i, w := range work {
		notice, err := event.Describe(w.Event)
		batch[i] = routed{work: w, notice: notice, err: err}
		if err != nil {
			continue
		}
		batch[i].silence = quiet.of(w.Event, notice)
		if batch[i].targets, err = r.addressees(ctx, w.Event, notice, targets[w.Event.ProductID]); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// write is the second transaction of an event: unique keys make it the same
// rows however often it runs.
func (r *Router) write(ctx context.Context, batch []routed) error {
	return r.store.Write(ctx, func(tx *models.Tx) error {
		mine, err := tx.TakeLease(leaseName, r.instance, tx.Now().Add(lease))
		if err != nil {
			return err
		}
		if !mine {
			return errOtherInstance
		}
		out := r.outbox.Batch(tx)
		for _, one := range batch {
			if err := r.writeOne(tx, out, one); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Router) writeOne(tx *models.Tx, out *delivery.Batch, one routed) error {
	if one.err != nil {
		return one.err
	}
	e := one.work.Event
	if e.ProductID != 0 {
		if err := r.lockProduct(tx, e); err != nil {
			return err
		}
	}
	still, err := tx.FinishWork(string(event.ReaderNotify), e.ID)
	if err != nil || !still {
		return err
	}
	n := models.Notification{
		EventID:   e.ID,
		ProductID: e.ProductID,
		UserID:    one.notice.UserID,
		Type:      e.Type,
		Tone:      string(one.notice.Tone),
		Name:      one.notice.Name,
		Message:   one.notice.Message,
		At:        e.At,
		Severity:  one.notice.Severity,
		Subject:   one.notice.Key,
		Targets:   len(one.targets),
	}
	held := ""
	if one.silence != nil {
		n.SilenceID, held = one.silence.ID, silence.Reason(*one.silence)
	}
	if err := tx.InsertNotification(n); err != nil {
		return err
	}
	for _, t := range one.targets {
		order := delivery.EnqueueParams{
			Event:     e,
			Target:    t.Target,
			Recipient: t.recipient,
			Title:     one.notice.Title,
			Held:      held,
		}
		if !t.Enabled {
			order.Skip = connection.TurnedOff
		}
		if err := out.Enqueue(order); err != nil {
			return err
		}
	}
	return nil
}

// lockProduct holds an event's product against being deleted meanwhile. One that is
// gone has taken the event's work along.
func (r *Router) lockProduct(tx *models.Tx, e models.Event) error {
	err := tx.LockProductShared(e.ProductID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// delay puts an event back that could not be routed, longer each time, and
// parks it in the end.
func (r *Router) delay(ctx context.Context, w models.Work, why error) error {
	try := w.Attempts + 1
	r.log.Error("event not routed", "event", w.Event.ID, "try", try, "error", why)
	return r.store.Write(ctx, func(tx *models.Tx) error {
		var next time.Time
		if try < maxTries {
			next = tx.Now().Add(time.Duration(try*try) * 5 * time.Second)
		}
		return tx.DelayWork(string(event.ReaderNotify), w.Event.ID, why.Error(), next)
	})
}

// Stop gives up the right to route, so that another instance need not wait.
func (r *Router) Stop(ctx context.Context) error {
	return r.store.Write(ctx, func(tx *models.Tx) error { return tx.DropLease(leaseName, r.instance) })
}
