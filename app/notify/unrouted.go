package notify

import (
	"context"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Unrouted are the events that could not be routed yet, for administrators.
type Unrouted struct {
	store  *models.Store
	signal *event.Signal
}

// NewUnrouted returns the events that could not be routed. signal wakes the router.
func NewUnrouted(store *models.Store, signal *event.Signal) *Unrouted {
	return &Unrouted{store, signal}
}

// List lists the events after one (0: from the first), oldest first. It returns a Forbidden error
// unless the actor is an administrator.
func (u *Unrouted) List(ctx context.Context, actor authz.Actor, after int64, limit int) ([]models.FailedWork, error) {
	if err := mustAdminister(actor); err != nil {
		return nil, err
	}
	return u.store.FailedWork(ctx, actor.Scope(), string(event.ReaderNotify), after, limit)
}

// Tally counts the events that have failed and those that wait for their turn.
func (u *Unrouted) Tally(ctx context.Context, actor authz.Actor) (models.WorkTally, error) {
	if err := mustAdminister(actor); err != nil {
		return models.WorkTally{}, err
	}
	return u.store.WorkTally(ctx, string(event.ReaderNotify))
}

// Retry routes an event again at once, or with 0 all, and returns how many. An event that has not
// failed, or is routed by now, is missing.
func (u *Unrouted) Retry(ctx context.Context, actor authz.Actor, id int64) (int64, error) {
	if err := mustAdminister(actor); err != nil {
		return 0, err
	}
	var n int64
	err := u.store.Write(ctx, func(tx *models.Tx) (err error) {
		if n, err = tx.RetryWork(string(event.ReaderNotify), id); err != nil {
			return err
		}
		name := "all events that could not be routed"
		if id != 0 {
			if n == 0 {
				return fault.New(fault.NotFound, "This event does not wait to be routed. Perhaps it has been routed by now")
			}
			name = strconv.FormatInt(id, 10)
		}
		if n == 0 {
			return nil
		}
		return audit.Write(tx, actor, audit.Entry{Action: audit.Resume, Kind: audit.Event, Name: name})
	})
	if err == nil {
		u.signal.Notify()
	}
	return n, err
}

func mustAdminister(actor authz.Actor) error {
	if actor.Administrator() {
		return nil
	}
	return fault.New(fault.Forbidden, "Only administrators can see events that could not be routed")
}
