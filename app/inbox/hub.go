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
	lookEvery  = time.Second      // how soon new notifications are noticed
	beatEvery  = 15 * time.Second // how soon all else is: other instances, rights
	maxWatches = 12               // of one user
)

// State is what an inbox looks like to its reader. When it changes, so may what
// his pages show.
type State struct {
	Unread int   `json:"unread"` // up to MaxBadge
	Newest int64 `json:"newest"` // the newest notification that he may see, 0 = none
}

// State is the state of the actor's inbox.
func (s *Service) State(ctx context.Context, actor authz.Actor) (State, error) {
	unread, err := s.Unread(ctx, actor)
	if err != nil {
		return State{}, err
	}
	ids, _, err := s.store.InboxIDs(ctx, actor.Reader(), models.InboxFilter{Limit: 1})
	if err != nil || len(ids) == 0 {
		return State{Unread: unread}, err
	}
	return State{unread, ids[0]}, nil
}

// Hub wakes those who look at their inboxes when something may have changed
// there.
type Hub struct {
	store   *models.Store
	log     *slog.Logger
	closing chan struct{}
	close   sync.Once

	mu      sync.Mutex
	watches map[*Watch]struct{}
	newest  int64
}

// NewHub returns a Live that nobody looks at.
func NewHub(store *models.Store, log *slog.Logger) *Hub {
	return &Hub{store: store, log: log, closing: make(chan struct{}), watches: map[*Watch]struct{}{}}
}

// Watch is one page that is looked at.
type Watch struct {
	live   *Hub
	user   int64
	woken  chan struct{}
	mu     sync.Mutex
	marked bool
}

// Watch begins to look at a user's inbox. A user who looks at it in too many
// places is refused.
func (l *Hub) Watch(user int64) (*Watch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := 0
	for w := range l.watches {
		if w.user == user {
			mine++
		}
	}
	if mine >= maxWatches {
		return nil, fault.New(fault.TooMany, "You look at your inbox in many places already")
	}
	w := &Watch{live: l, user: user, woken: make(chan struct{}, 1)}
	l.watches[w] = struct{}{}
	return w, nil
}

// Close ends it.
func (w *Watch) Close() {
	w.live.mu.Lock()
	defer w.live.mu.Unlock()
	delete(w.live.watches, w)
}

// Wait waits until something may have changed, and reports whether the reader
// has marked something himself. It ends with ctx, or when the program stops:
// ok is false then.
func (w *Watch) Wait(ctx context.Context) (marked, ok bool) {
	beat := time.NewTimer(beatEvery)
	defer beat.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-w.live.closing:
		return false, false
	case <-w.woken:
	case <-beat.C:
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
	case w.woken <- struct{}{}:
	default: // it has not seen the last one yet
	}
}

// Refresh wakes the watches of a user who has marked something.
func (l *Hub) Refresh(user int64) { l.wakeWatches(func(w *Watch) bool { return w.user == user }, true) }

// RefreshAll wakes all watches.
func (l *Hub) RefreshAll() { l.wakeWatches(func(*Watch) bool { return true }, true) }

func (l *Hub) wakeWatches(which func(*Watch) bool, marked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.watches {
		if which(w) {
			w.wake(marked)
		}
	}
}

// Run looks for new notifications until ctx ends, while there are watches.
func (l *Hub) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := l.pollNewest(ctx); err != nil && ctx.Err() == nil {
			l.log.Error("new notifications not noticed", "error", err)
		}
	}
}

func (l *Hub) pollNewest(ctx context.Context) error {
	l.mu.Lock()
	n := len(l.watches)
	l.mu.Unlock()
	if n == 0 {
		return nil
	}
	newest, err := l.store.NewestNotification(ctx)
	if err != nil {
		return err
	}
	if newest != l.newest {
		l.newest = newest
		l.wakeWatches(func(*Watch) bool { return true }, false)
	}
	return nil
}

// Close ends all watches: streams would keep the program from stopping.
func (l *Hub) Close() { l.close.Do(func() { close(l.closing) }) }
