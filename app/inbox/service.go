// Package inbox reads notifications for users: those that a user can see, and which of them
// are unread. It marks and deletes them.
package inbox

import (
	"context"
	"slices"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// MaxBadge is the highest number of unread notifications that is counted.
	MaxBadge = 1000
	// MaxBulk is how many notifications of a filter are counted or changed at once.
	MaxBulk = 10_000
	// maxIDs bounds the IDs of one request.
	maxIDs = 250
	// batchSize is how many notifications one transaction changes.
	batchSize = 500
)

// Service reads and marks inboxes.
type Service struct {
	store *models.Store
	hub   *Hub
}

// New returns a service that refreshes the open inboxes of hub after its changes.
func New(store *models.Store, hub *Hub) *Service { return &Service{store: store, hub: hub} }

// List lists a page of the actor's notifications, newest first, below those whose snooze has ended.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.InboxFilter) (models.InboxPage, error) {
	if actor.User.ID == 0 {
		return models.InboxPage{}, errTokenHasNoInbox()
	}
	return s.store.FindInboxOnTop(ctx, actor.Viewer(), f)
}

// OnTop returns the notifications of a filter that are on top because their snooze has ended.
func (s *Service) OnTop(ctx context.Context, actor authz.Actor, f models.InboxFilter) ([]models.Notification, error) {
	if actor.User.ID == 0 {
		return nil, errTokenHasNoInbox()
	}
	return s.store.RowsOnTop(ctx, actor.Viewer(), f)
}

// Get returns one of the actor's notifications, else fault.NotFound.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.Notification, error) {
	if actor.User.ID == 0 {
		return models.Notification{}, errTokenHasNoInbox()
	}
	return s.store.Notification(ctx, actor.Viewer(), id)
}

// Unread counts the actor's unread notifications, up to MaxBadge.
func (s *Service) Unread(ctx context.Context, actor authz.Actor) (int, error) {
	if actor.User.ID == 0 {
		return 0, errTokenHasNoInbox()
	}
	return s.store.CountUnread(ctx, actor.Viewer(), MaxBadge)
}

// Count is the number of notifications of a filter.
type Count struct {
	N    int
	More bool // N is not all: more than MaxBulk, or the search took too long
}

// Count counts the actor's notifications of a filter, up to MaxBulk.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.InboxFilter) (Count, error) {
	if actor.User.ID == 0 {
		return Count{}, errTokenHasNoInbox()
	}
	n, whole, err := s.store.CountInbox(ctx, actor.Viewer(), f, MaxBulk+1)
	return Count{min(n, MaxBulk), n > MaxBulk || !whole}, err
}

// States returns notifications of the actor by their IDs, without those that the actor
// cannot see or that are gone.
func (s *Service) States(ctx context.Context, actor authz.Actor, ids []int64) ([]models.Notification, error) {
	if actor.User.ID == 0 {
		return nil, errTokenHasNoInbox()
	}
	ids, err := checkIDs(ids)
	if err != nil {
		return nil, err
	}
	return s.store.ReadStates(ctx, actor.Viewer(), ids)
}

// Mark marks notifications for the actor only. If the actor cannot see one of them, it marks
// none and returns fault.NotFound.
func (s *Service) Mark(ctx context.Context, actor authz.Actor, ids []int64, m models.Marking) (Step, error) {
	if actor.User.ID == 0 {
		return Step{}, errTokenHasNoInbox()
	}
	if err := s.checkMarking(m); err != nil {
		return Step{}, err
	}
	ids, err := checkIDs(ids)
	if err != nil {
		return Step{}, err
	}
	defer s.hub.Refresh(actor.User.ID)
	step := Step{As: m.As, N: len(ids), Until: m.Until}
	err = s.store.Write(ctx, func(tx *models.Tx) (err error) {
		var n int64
		step.Undo, n, err = s.markPart(tx, actor, 0, ids, m)
		if err == nil && n != int64(len(ids)) {
			return fault.NewNotFound("notification")
		}
		return err
	})
	return step, err
}

// markPart marks some notifications of a step, whose record the first part starts: with an undo of
// 0. It returns the id of the record, and how many of the notifications the actor can see.
func (s *Service) markPart(
	tx *models.Tx, actor authz.Actor, undo int64, ids []int64, m models.Marking,
) (id, n int64, err error) {
	if undo == 0 {
		if undo, err = tx.StartUndo(actor.User.ID, m.As, s.expiry()); err != nil {
			return 0, 0, err
		}
	}
	n, err = tx.MarkUndoable(undo, actor.Viewer(), ids, m)
	return undo, n, err
}

// MarkAll marks all notifications as read up to the newest one that the actor has seen.
func (s *Service) MarkAll(ctx context.Context, actor authz.Actor, upTo int64) (Step, error) {
	step := Step{As: models.MarkViewed}
	if err := checkUpTo(upTo); err != nil {
		return step, err
	}
	var err error
	if step.N, err = s.Unread(ctx, actor); err != nil {
		return step, err
	}
	defer s.hub.Refresh(actor.User.ID)
	err = s.store.Write(ctx, func(tx *models.Tx) (err error) {
		step.Undo, err = tx.MarkAllUndoable(actor.User.ID, upTo, step.N, s.expiry())
		return err
	})
	return step, err
}

// MarkFound marks the notifications of a filter up to the newest one that the actor has seen,
// the newest MaxBulk at most. After an error, the step has what was marked until then.
func (s *Service) MarkFound(
	ctx context.Context, actor authz.Actor, f models.InboxFilter, upTo int64, m models.Marking,
) (Step, error) {
	if !f.IsFiltered() && m.As == models.MarkViewed {
		return s.MarkAll(ctx, actor, upTo)
	}
	step := Step{As: m.As, Until: m.Until}
	if err := s.checkMarking(m); err != nil {
		return step, err
	}
	ids, err := s.foundIDs(ctx, actor, f, upTo)
	if err != nil {
		return step, err
	}
	defer s.hub.Refresh(actor.User.ID)
	for part := range slices.Chunk(ids, batchSize) {
		var undo int64
		err := s.store.Write(ctx, func(tx *models.Tx) (err error) {
			undo, _, err = s.markPart(tx, actor, step.Undo, part, m)
			return err
		})
		if err != nil {
			return step, err
		}
		step.N, step.Undo = step.N+len(part), undo
	}
	return step, nil
}

// foundIDs returns the IDs of the notifications of a filter, up to an ID.
func (s *Service) foundIDs(ctx context.Context, actor authz.Actor, f models.InboxFilter, upTo int64) ([]int64, error) {
	if actor.User.ID == 0 {
		return nil, errTokenHasNoInbox()
	}
	if err := checkUpTo(upTo); err != nil {
		return nil, err
	}
	f.Before, f.Limit = upTo+1, MaxBulk
	ids, _, err := s.store.InboxIDs(ctx, actor.Viewer(), f)
	return ids, err
}

func errTokenHasNoInbox() error { return fault.New(fault.Forbidden, "A product's token has no inbox") }

func checkUpTo(upTo int64) error {
	if upTo < 1 {
		return fault.BadField("up_to", "Name the newest notification that was shown")
	}
	return nil
}

// checkIDs returns the IDs of a request, each once.
func checkIDs(ids []int64) ([]int64, error) {
	switch {
	case len(ids) == 0:
		return nil, fault.BadField("ids", "Name at least one notification")
	case len(ids) > maxIDs:
		return nil, fault.BadField("ids", "At most 250 at a time")
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
