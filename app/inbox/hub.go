package inbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	pollEvery  = time.Second      // how soon a new notification wakes the watches
	wakeEvery  = 15 * time.Second // how soon other changes do: of other instances, of rights
	maxWatches = 12               // per user
)

// State is the state of a user's inbox. When it changes, the user's pages can change.
type State struct {
	Unread int   `json:"unread"` // up to MaxBadge
	Newest int64 `json:"newest"` // the newest notification that the user can see, 0 = none
}

// State returns the state of the actor's inbox.
func (s *Service) State(ctx context.Context, actor authz.Actor) (State, error) {
	unread, err := s.Unread(ctx, actor)
	if err != nil {
		return State{}, err
	}
	ids, _, err := s.store.InboxIDs(ctx, actor.Viewer(), models.InboxFilter{Limit: 1})
	if err != nil || len(ids) == 0 {
		return State{Unread: unread}, err
	}
	return State{unread, ids[0]}, nil
}

// Hub wakes the watches of open inboxes when their state can have changed.
type Hub struct {
	store   *models.Store
	log     *slog.Logger
	closing chan struct{}
	close   sync.Once

	mu      sync.Mutex
	watches map[*Watch]struct{}
	newest  int64
}

// NewHub returns a hub without watches.
func NewHub(store *models.Store, log *slog.Logger) *Hub {
	return &Hub{store: store, log: log, closing: make(chan struct{}), watches: map[*Watch]struct{}{}}
}

// Watch is one open page of an inbox.
type Watch struct {
	hub     *Hub
	user    int64
	wakeups chan struct{}
	mu      sync.Mutex
	marked  bool
}

// Watch starts a watch of a user's inbox. The caller must close it. It returns fault.TooMany
// for a user with maxWatches watches.
func (h *Hub) Watch(user int64) (*Watch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := 0
	for w := range h.watches {
		if w.user == user {
			open++
		}
	}
	if open >= maxWatches {
		return nil, fault.New(fault.TooMany, "Your inbox is open in too many tabs")
	}
	w := &Watch{hub: h, user: user, wakeups: make(chan struct{}, 1)}
	h.watches[w] = struct{}{}
	return w, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	delete(w.hub.watches, w)
}

// Wait waits until the inbox can have changed. marked reports whether the user has marked
// something. ok is false after ctx or the program has ended.
func (w *Watch) Wait(ctx context.Context) (marked, ok bool) {
	timer := time.NewTimer(wakeEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-w.hub.closing:
		return false, false
	case <-w.wakeups:
	case <-timer.C:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	marked, w.marked = w.marked, false
	return marked, true
}

func (w *Watch) wake(marked bool) {
	w.mu.Lock()
	w.marked = w.marked || marked
	w.mu.Unlock()
	select {
	case w.wakeups <- struct{}{}:
	default: // the last wakeup is still waiting
	}
}

// Refresh wakes the watches of a user after they have marked something.
func (h *Hub) Refresh(user int64) { h.wakeWatches(func(w *Watch) bool { return w.user == user }, true) }

// RefreshAll wakes all watches.
func (h *Hub) RefreshAll() { h.wakeWatches(func(*Watch) bool { return true }, true) }

func (h *Hub) wakeWatches(which func(*Watch) bool, marked bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watches {
		if which(w) {
			w.wake(marked)
		}
	}
}

// Run polls for new notifications while there are watches, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := h.poll(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("poll new notifications", "error", err)
		}
	}
}

func (h *Hub) poll(ctx context.Context) error {
	h.mu.Lock()
	n := len(h.watches)
	h.mu.Unlock()
	if n == 0 {
		return nil
	}
	newest, err := h.store.NewestNotification(ctx)
	if err != nil {
		return err
	}
	if newest != h.newest {
		h.newest = newest
		h.wakeWatches(func(*Watch) bool { return true }, false)
	}
	return nil
}

// Close ends all watches, since open streams would delay the shutdown.
func (h *Hub) Close() { h.close.Do(func() { close(h.closing) }) }
