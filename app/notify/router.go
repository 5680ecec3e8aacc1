// Package notify routes events: to the inbox, and to the targets of their product.
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
	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/app/silence"
	"gatecrier/models"
)

const (
	maxBatch  = 256                    // events routed in one transaction
	poll      = time.Second            // between looks for work without a signal
	otherPoll = 100 * time.Millisecond // while another instance routes
	lockName  = "route"
)

var errOtherInstance = errors.New("another instance routes")

// Router processes the work that events leave for it, in order, and writes what follows from each:
// an inbox row and deliveries.
type Router struct {
	store       *models.Store
	outbox      *delivery.Dispatcher
	events      *event.Log
	signal      *event.Signal
	log         *slog.Logger
	mailEnabled func() bool
}

// New returns a router that signal wakes. mailEnabled reports whether email is set up.
func New(
	store *models.Store,
	outbox *delivery.Dispatcher,
	events *event.Log,
	signal *event.Signal,
	log *slog.Logger,
	mailEnabled func() bool,
) *Router {
	return &Router{store: store, outbox: outbox, events: events, signal: signal, log: log, mailEnabled: mailEnabled}
}

// Run routes until ctx ends.
func (r *Router) Run(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.Route(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errOtherInstance) {
			r.log.Error("route events", "error", err)
		}
		switch {
		case err == nil && n == maxBatch:
		case errors.Is(err, errOtherInstance):
			r.wait(ctx, otherPoll)
		default:
			r.wait(ctx, poll)
		}
	}
}

func (r *Router) wait(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
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
	silence *models.Silence // suppresses its messages, nil for none
	err     error           // why it cannot be routed
}

// addressee is a target of a message, with a recipient if the target has several.
type addressee struct {
	models.Target
	recipient string
}

// Route processes one batch, and returns how many events it had. It plans a batch before the
// transaction that writes it. If a batch cannot be written, it writes each event by itself, so
// that a failing event does not stop the others. An error of the database itself says nothing about
// an event: the batch is tried again, and no try is counted.
func (r *Router) Route(ctx context.Context) (int, error) {
	work, err := r.store.EventWork(ctx, string(event.ReaderNotify), maxBatch)
	if err != nil || len(work) == 0 {
		return 0, err
	}
	batch, err := r.plan(ctx, work)
	if err != nil {
		return 0, err
	}
	if err = r.writeSafely(ctx, batch); isNotOfEvent(err) || ctx.Err() != nil {
		return len(work), err
	}
	blocked := map[int64]bool{} // products with a failed event: their later events wait too
	for _, one := range batch {
		product := one.work.Event.ProductID
		if blocked[product] && product != 0 {
			continue
		}
		err := r.writeSafely(ctx, []routed{one})
		if err == nil {
			continue
		}
		if isNotOfEvent(err) {
			return 0, err
		}
		blocked[product] = one.work.Attempts+1 < models.BlockingTries
		if err := r.delay(ctx, one.work, err); err != nil {
			return 0, err
		}
	}
	return len(work), nil
}

// isNotOfEvent reports whether a write succeeded, or failed for a reason that has nothing to do with
// its events.
func isNotOfEvent(err error) bool {
	return err == nil || errors.Is(err, errOtherInstance) || errors.Is(err, context.Canceled) ||
		models.StateOf(err) != models.Available
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
		batch[i] = routed{work: w}
		batch[i].err = safely(func() error { return r.planOne(ctx, &batch[i], quiet, targets[w.Event.ProductID]) })
		if err := batch[i].err; err != nil && isNotOfEvent(err) {
			return nil, err
		}
	}
	return batch, nil
}

func (r *Router) planOne(ctx context.Context, one *routed, quiet silences, targets []models.Target) (err error) {
	e := one.work.Event
	if one.notice, err = event.Describe(e); err != nil {
		return err
	}
	one.silence = quiet.of(e, one.notice)
	one.targets, err = r.addressees(ctx, e, one.notice, targets)
	return err
}

// safely returns a panic of fn as an error: an event that causes one must not stop the others.
func safely(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = exception.FromPanic(v)
		}
	}()
	return fn()
}

// writeSafely is write without a panic.
func (r *Router) writeSafely(ctx context.Context, batch []routed) error {
	return safely(func() error { return r.write(ctx, batch) })
}

// write writes a batch: the second transaction of its events. It is the only one of all instances
// that does so; since each plans all earlier events of a product too, their order is kept. Unique
// keys make repeated writes of an event harmless.
func (r *Router) write(ctx context.Context, batch []routed) error {
	return r.store.Write(ctx, func(tx *models.Tx) error {
		alone, err := tx.TryLock(lockName)
		if err != nil {
			return err
		}
		if !alone {
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
	if inInbox(e) {
		if err := tx.InsertNotification(n); err != nil {
			return err
		}
	}
	for _, t := range one.targets {
		params := delivery.EnqueueParams{
			Origin:    models.OriginEvent,
			Event:     e,
			Target:    t.Target,
			Recipient: t.recipient,
			Title:     one.notice.Title,
			Silenced:  held,
		}
		if !t.Enabled {
			params.Skip = connection.TurnedOff
		}
		if err := out.Enqueue(params); err != nil {
			return err
		}
	}
	return nil
}

// inInbox reports whether an event gets a row of the inbox. Nothing grants one of another type yet.
func inInbox(e models.Event) bool { return event.Type(e.Type).InInbox() }

// lockProduct keeps an event's product from being deleted meanwhile. Deleting it removes its work
// too, so a missing one is no error.
func (r *Router) lockProduct(tx *models.Tx, e models.Event) error {
	err := tx.LockProductShared(e.ProductID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
