// Package inbox is the read side of notifications: what somebody may see, what
// of it is new to him, and marking it.
package inbox

import (
	"context"
	"slices"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// MaxBadge is where the badge stops counting.
	MaxBadge = 1000
	// MaxBulk is how many of a filter are counted, and marked, at once.
	MaxBulk = 10_000
	// maxMark bounds the ids of one request.
	maxMark = 250
	// batch is how many are marked in one transaction.
	batch = 500
)

// Service reads and marks inboxes.
type Service struct {
	store *models.Store
	live  *Hub
}

// New returns a service that tells whoever looks on of what it changes.
func New(store *models.Store, live *Hub) *Service { return &Service{store: store, live: live} }

// List lists a page of the actor's notifications, newest first.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.InboxFilter) (models.InboxPage, error) {
	if actor.User.ID == 0 {
		return models.InboxPage{}, errNoInbox()
	}
	return s.store.InboxPage(ctx, actor.Reader(), f)
}

// Get finds one of the actor's notifications.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.Notification, error) {
	if actor.User.ID == 0 {
		return models.Notification{}, errNoInbox()
	}
	return s.store.Notification(ctx, actor.Reader(), id)
}

// Unread counts the actor's unread notifications, up to MaxBadge.
func (s *Service) Unread(ctx context.Context, actor authz.Actor) (int, error) {
	if actor.User.ID == 0 {
		return 0, errNoInbox()
	}
	return s.store.CountUnread(ctx, actor.Reader(), MaxBadge)
}

// Count is how many notifications there are of a filter.
type Count struct {
	N    int
	More bool // there may be more: more than MaxBulk, or a search that was too long
}

// Count counts the actor's notifications of a filter, up to MaxBulk.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.InboxFilter) (Count, error) {
	if actor.User.ID == 0 {
		return Count{}, errNoInbox()
	}
	n, whole, err := s.store.CountInbox(ctx, actor.Reader(), f, MaxBulk+1)
	return Count{min(n, MaxBulk), n > MaxBulk || !whole}, err
}

// States reads notifications of the actor by their ids; what he may not see, or
// is no more, is left out.
func (s *Service) States(ctx context.Context, actor authz.Actor, ids []int64) ([]models.Notification, error) {
	if actor.User.ID == 0 {
		return nil, errNoInbox()
	}
	ids, err := checked(ids)
	if err != nil {
		return nil, err
	}
	return s.store.ReadStates(ctx, actor.Reader(), ids)
}

// Mark marks notifications for the actor alone. If he may not see one of them,
// it is as if that one did not exist, and none is marked.
func (s *Service) Mark(ctx context.Context, actor authz.Actor, ids []int64, as models.MarkAs) error {
	if actor.User.ID == 0 {
		return errNoInbox()
	}
	ids, err := checked(ids)
	if err != nil {
		return err
	}
	defer s.live.Refresh(actor.User.ID)
	return s.store.Write(ctx, func(tx *models.Tx) error {
		n, err := tx.Mark(actor.Reader(), ids, as)
		if err == nil && n != int64(len(ids)) {
			return fault.NewNotFound("notification")
		}
		return err
	})
}

// MarkAll marks everything up to the newest that the actor has seen listed.
func (s *Service) MarkAll(ctx context.Context, actor authz.Actor, upTo int64) error {
	if actor.User.ID == 0 {
		return errNoInbox()
	}
	if err := named(upTo); err != nil {
		return err
	}
	defer s.live.Refresh(actor.User.ID)
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.MarkAll(actor.User.ID, upTo) })
}

// MarkFound marks what a filter finds, up to the newest that the actor has seen
// listed: at most MaxBulk, the newest of them. It says how many it marked.
func (s *Service) MarkFound(
	ctx context.Context, actor authz.Actor, f models.InboxFilter, upTo int64, as models.MarkAs,
) (int, error) {
	if !f.IsFiltered() && as == models.MarkViewed {
		n, err := s.Unread(ctx, actor)
		if err != nil {
			return 0, err
		}
		return n, s.MarkAll(ctx, actor, upTo)
	}
	ids, err := s.found(ctx, actor, f, upTo)
	if err != nil {
		return 0, err
	}
	defer s.live.Refresh(actor.User.ID)
	done := 0
	for some := range slices.Chunk(ids, batch) {
		err := s.store.Write(ctx, func(tx *models.Tx) error {
			_, err := tx.Mark(actor.Reader(), some, as)
			return err
		})
		if err != nil {
			return done, err
		}
		done += len(some)
	}
	return done, nil
}

// found are the ids of what a filter finds, up to an id.
func (s *Service) found(ctx context.Context, actor authz.Actor, f models.InboxFilter, upTo int64) ([]int64, error) {
	if actor.User.ID == 0 {
		return nil, errNoInbox()
	}
	if err := named(upTo); err != nil {
		return nil, err
	}
	f.Before, f.Limit = upTo+1, MaxBulk
	ids, _, err := s.store.InboxIDs(ctx, actor.Reader(), f)
	return ids, err
}

func errNoInbox() error { return fault.New(fault.Forbidden, "A product's token has no inbox") }

func named(upTo int64) error {
	if upTo < 1 {
		return fault.BadField("up_to", "Name the newest notification that was shown")
	}
	return nil
}

// checked are the ids of a request, each once.
func checked(ids []int64) ([]int64, error) {
	switch {
	case len(ids) == 0:
		return nil, fault.BadField("ids", "Name at least one notification")
	case len(ids) > maxMark:
		return nil, fault.BadField("ids", "At most 250 at a time")
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
