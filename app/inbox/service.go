// Package inbox is the read side of notifications: what somebody may see, what
// of it is new to him, and marking it.
package inbox

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// BadgeMost is where the badge stops counting.
const BadgeMost = 1000

// markMost bounds the ids of one request.
const markMost = 250

// Service reads and marks inboxes.
type Service struct {
	store *models.Store
}

// New returns a service.
func New(store *models.Store) *Service { return &Service{store: store} }

// List lists the actor's notifications, newest first.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.InboxFilter) ([]models.Notification, error) {
	if actor.User.ID == 0 {
		return nil, noInbox()
	}
	return s.store.Inbox(ctx, actor.Reader(), f)
}

// Get finds one of the actor's notifications.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.Notification, error) {
	if actor.User.ID == 0 {
		return models.Notification{}, noInbox()
	}
	return s.store.Notification(ctx, actor.Reader(), id)
}

// Unread counts the actor's unread notifications, up to BadgeMost.
func (s *Service) Unread(ctx context.Context, actor authz.Actor) (int, error) {
	if actor.User.ID == 0 {
		return 0, noInbox()
	}
	return s.store.CountUnread(ctx, actor.Reader(), BadgeMost)
}

// Mark marks notifications as viewed or not, for the actor alone. If he may not
// see one of them, it is as if that one did not exist, and none is marked.
func (s *Service) Mark(ctx context.Context, actor authz.Actor, ids []int64, viewed bool) error {
	switch {
	case actor.User.ID == 0:
		return noInbox()
	case len(ids) == 0:
		return fault.BadField("ids", "Name at least one notification")
	case len(ids) > markMost:
		return fault.BadField("ids", "At most 250 at a time")
	}
	ids = unique(ids)
	return s.store.Write(ctx, func(tx *models.Tx) error {
		n, err := tx.Mark(actor.Reader(), ids, viewed)
		if err == nil && n != int64(len(ids)) {
			return fault.Missing("notification")
		}
		return err
	})
}

// MarkAll marks everything up to the newest that the actor has seen listed.
func (s *Service) MarkAll(ctx context.Context, actor authz.Actor, upTo int64) error {
	if actor.User.ID == 0 {
		return noInbox()
	}
	if upTo < 1 {
		return fault.BadField("up_to", "Name the newest notification that was shown")
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.MarkAll(actor.User.ID, upTo) })
}

func noInbox() error { return fault.New(fault.Forbidden, "A product's token has no inbox") }

func unique(ids []int64) []int64 {
	seen := make(map[int64]bool, len(ids))
	list := make([]int64, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}
