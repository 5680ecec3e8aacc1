package apptest

import (
	"context"
	"sync"
	"testing"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

// lifetime is how long app/delivery retries a delivery and keeps a failing connection enabled.
const lifetime = 72 * time.Hour

// Settled reports whether everything due at the store's time is done: no event waits to be routed,
// and no delivery is being sent, due or past its lifetime. next is when the next delivery is due,
// or zero.
func Settled(ctx context.Context, store *models.Store) (next time.Time, settled bool, err error) {
	now := store.Now()
	work, err := store.EventWork(ctx, string(event.ReaderNotify), 1)
	if err != nil || len(work) > 0 {
		return time.Time{}, false, err
	}
	next, err = store.NextDue(ctx)
	if err != nil || !next.IsZero() && !next.After(now) {
		return next, false, err
	}
	sending, err := store.Deliveries(ctx, AllProducts(), models.DeliveryFilter{State: models.DeliverySending, Limit: 1})
	if err != nil || len(sending) > 0 {
		return next, false, err
	}
	old, err := store.ExpiredDeliveries(ctx, now.Add(-lifetime), 1)
	if err != nil || len(old) > 0 {
		return next, false, err
	}
	failing, err := store.FailingEndpoints(ctx, lifetime, 1)
	if err != nil || len(failing) > 0 {
		return next, false, err
	}
	// On PostgreSQL a delivery can stay blocked behind an empty queue for a second.
	blocked, err := store.HasBlocked(ctx, 1000)
	return next, err == nil && !blocked, err
}

// Settle waits until everything due is done, and returns when the next delivery is due, or zero. It
// checks twice, because one check can miss a change between two of its queries.
func Settle(t testing.TB, store *models.Store) time.Time {
	t.Helper()
	var next time.Time
	seen := 0
	Eventually(t, "everything that is due is done", func() bool {
		at, settled, err := Settled(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		if next = at; settled {
			seen++
		} else {
			seen = 0
		}
		return seen == 2
	})
	return next
}

// Drain waits until a store has no open delivery and no event to route. It fails the test when
// their number stops changing.
func Drain(t testing.TB, store *models.Store) {
	t.Helper()
	for last := -1; ; {
		open := -1
		Eventually(t, "the backlog shrinks", func() bool {
			states, err := store.DeliveriesSince(t.Context(), AllProducts(), time.Unix(1, 0))
			if err != nil {
				t.Fatal(err)
			}
			open = states[models.DeliveryPending] + states[models.DeliverySending] + states[models.DeliveryRetrying]
			return open == 0 || open != last
		})
		if last = open; open == 0 && Settle(t, store).IsZero() {
			return
		}
	}
}

// finishDue returns a function that a program's clock calls before it moves. It waits until
// everything due is done before the clock moves far, at once or in steps since it last waited.
// Otherwise leases of running sends would expire, and messages that were never tried would be out of
// date. If a receiver blocks, it gives up; it waits a few seconds in all.
func finishDue(ctx context.Context, store *models.Store) func(time.Duration) {
	const far, maxWait, maxInAll = 10 * time.Second, time.Second, 5 * time.Second
	var mu sync.Mutex
	var moved, waited time.Duration
	return func(by time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if moved += by; moved < far {
			return
		}
		moved = 0
		began := time.Now()
		patience := min(maxWait, maxInAll-waited)
		for time.Since(began) < patience {
			if _, settled, err := Settled(ctx, store); settled || err != nil {
				break
			}
			<-time.After(2 * time.Millisecond)
		}
		if took := time.Since(began); took >= patience {
			waited += took
		}
	}
}
