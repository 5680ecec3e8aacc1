package inbox

import (
	"context"
	"log/slog"
	"maps"
	"slices"
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

// Page is what a watched page shows besides the inbox. The zero Page shows nothing else.
type Page struct {
	Overview bool
	Product  int64
}

// Hub wakes the watches of open pages when what they show can have changed.
type Hub struct {
	store   *models.Store
	log     *slog.Logger
	closing chan struct{}
	close   sync.Once

	mu      sync.Mutex
	watches map[*Watch]struct{}
	newest  models.Newest
	marks   map[int64]string // of the products that are watched
	ended   time.Time        // snoozes have been looked at up to here
}

// NewHub returns a hub without watches.
func NewHub(store *models.Store, log *slog.Logger) *Hub {
	return &Hub{store: store, log: log, closing: make(chan struct{}), watches: map[*Watch]struct{}{}}
}

// Watch is one open page.
type Watch struct {
	hub     *Hub
	user    int64
	page    Page
	wakeups chan struct{}
	mu      sync.Mutex
	marked  bool
}

// Watch starts a watch of a user's inbox and of a page. The caller must close it. It returns fault.TooMany
// for a user with maxWatches watches.
func (h *Hub) Watch(user int64, page Page) (*Watch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := 0
	for w := range h.watches {
		if w.user == user {
			open++
		}
	}
	if open >= maxWatches {
		return nil, fault.New(fault.TooMany, "You have pages open in too many tabs")
	}
	w := &Watch{hub: h, user: user, page: page, wakeups: make(chan struct{}, 1)}
	h.watches[w] = struct{}{}
	return w, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	delete(w.hub.watches, w)
}

// Wakeup says why a watch has woken.
type Wakeup struct {
	Marked bool // the user has marked something
	Timed  bool // nothing is known to have changed, but wakeEvery has passed
}

// Wait waits until the inbox or the page can have changed. ok is false after ctx or the program
// has ended.
func (w *Watch) Wait(ctx context.Context) (woken Wakeup, ok bool) {
	timer := time.NewTimer(wakeEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return Wakeup{}, false
	case <-w.hub.closing:
		return Wakeup{}, false
	case <-w.wakeups:
	case <-timer.C:
		woken.Timed = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	woken.Marked, w.marked = w.marked, false
	return woken, true
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

// Run polls for changes while there are watches, until ctx ends.
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
			h.log.Error("poll for changes", "error", err)
		}
	}
}

// poll asks once for all watches, so that more open pages do not mean more statements.
func (h *Hub) poll(ctx context.Context) error {
	n, products := h.watched()
	if n == 0 {
		return nil
	}
	newest, err := h.store.Newest(ctx)
	if err != nil {
		return err
	}
	if was := h.newest; newest != was {
		h.newest = newest
		h.wakeWatches(func(w *Watch) bool {
			return newest.Notification != was.Notification || w.page != Page{}
		}, false)
	}
	if err := h.pollProducts(ctx, products); err != nil {
		return err
	}
	return h.pollSnoozes(ctx)
}

// pollProducts wakes the watches of products that have changed.
func (h *Hub) pollProducts(ctx context.Context, products []int64) error {
	if len(products) == 0 {
		h.marks = nil
		return nil
	}
	marks, err := h.store.ProductMarks(ctx, products)
	if err != nil {
		return err
	}
	was := h.marks
	h.marks = marks
	h.wakeWatches(func(w *Watch) bool {
		before, known := was[w.page.Product]
		return w.page.Product != 0 && (!known || before != marks[w.page.Product])
	}, false)
	return nil
}

// pollSnoozes wakes the watches of users whose snoozes have ended since the last time.
func (h *Hub) pollSnoozes(ctx context.Context) error {
	now := h.store.Now()
	if h.ended.IsZero() {
		h.ended = now
	}
	users, err := h.store.SnoozesEnded(ctx, h.ended, now)
	if err != nil {
		return err
	}
	h.ended = now
	for _, user := range users {
		h.Refresh(user)
	}
	return nil
}

// watched returns the number of watches, and the products that they watch.
func (h *Hub) watched() (n int, products []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := map[int64]struct{}{}
	for w := range h.watches {
		if w.page.Product != 0 {
			seen[w.page.Product] = struct{}{}
		}
	}
	return len(h.watches), slices.Sorted(maps.Keys(seen))
}

// Close ends all watches, since open streams would delay the shutdown.
func (h *Hub) Close() { h.close.Do(func() { close(h.closing) }) }
