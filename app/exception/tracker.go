package exception

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatecrier/models"
)

const (
	// maxKnown is how many windows are kept. Windows that are over are dropped in any case.
	maxKnown = 50_000
	// fullTime is how long an owner counts as full without asking the database.
	fullTime = time.Minute
	// sampleEvery is how often a suppressed group keeps a new sample.
	sampleEvery = time.Minute
	// maxReleases bounds the releases of a group between two stores.
	maxReleases = 5
)

// tracker counts the occurrences within the windows of this process.
type tracker struct {
	now func() time.Time
	log *slog.Logger

	mu      sync.Mutex
	windows map[groupKey]*window
	full    map[int64]time.Time // owners (0 = none) with maxNew new groups, and until when that is assumed
}

// window is the state of a key while its group does not notify.
type window struct {
	group      int64
	until      time.Time // the group does not notify before
	suppressed int64     // since the last notification, stored or not

	// Not stored yet.
	count    int64
	lastAt   time.Time
	sample   []byte // nil for none
	releases []string

	sampledAt time.Time
	claiming  chan struct{}         // a caller claims; closed when the database has answered; nil for none
	claimed   models.ExceptionCount // the counts that the claim stores
	claims    int                   // the number of claims so far
}

// unstored returns the counts that the database does not have yet.
func (w *window) unstored() models.ExceptionCount {
	return models.ExceptionCount{
		GroupID: w.group, N: w.count, LastAt: w.lastAt, Sample: w.sample, Releases: w.releases,
	}
}

func newTracker(now func() time.Time, log *slog.Logger) *tracker {
	return &tracker{now: now, log: log, windows: map[groupKey]*window{}, full: map[int64]time.Time{}}
}

// decision is what the tracker says of an occurrence. With no other field set, the
// occurrence is counted and result is its answer.
type decision struct {
	result   Result
	checkKey bool            // the owner is full: the caller checks whether the database has the key
	wait     <-chan struct{} // another caller claims: the caller tries again once it is closed
	claim    *window         // the caller claims, then calls finishClaim
}

// tryCount counts an occurrence within its window, or decides what comes first.
func (t *tracker) tryCount(o occurrence) decision {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.windows[o.key]
	switch {
	case w == nil && o.mayOverflow() && t.full[o.key.owner].After(now):
		return decision{checkKey: true}
	case w == nil:
		w = &window{}
		t.windows[o.key] = w
	case w.claiming != nil:
		return decision{wait: w.claiming}
	case now.Before(w.until):
		t.count(w, o, now)
		return decision{result: Result{Group: w.group, Suppressed: w.suppressed}}
	}
	w.claiming = make(chan struct{})
	w.claimed = w.unstored()
	w.claims++
	return decision{claim: w}
}

// count adds an occurrence to a window; its caller holds the lock.
func (t *tracker) count(w *window, o occurrence, now time.Time) {
	w.count, w.suppressed, w.lastAt = w.count+1, w.suppressed+1, now
	if now.Sub(w.sampledAt) >= sampleEvery {
		w.sampledAt, w.sample = now, o.sampleAt(now, t.log)
	}
	if o.Release != "" && len(w.releases) < maxReleases && !slices.Contains(w.releases, o.Release) {
		w.releases = append(w.releases, o.Release)
	}
}

// finishClaim ends the claim of a window and wakes the callers that wait for it.
// If the database has decided, the window begins or goes on; otherwise the next
// report of the key claims again.
func (t *tracker) finishClaim(key groupKey, w *window, c models.ExceptionClaim, decided bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(w.claiming)
	w.claiming = nil
	if !decided {
		if w.count == 0 {
			delete(t.windows, key)
		}
		return
	}
	w.group, w.until = c.GroupID, c.Until
	w.count, w.sample, w.releases, w.sampledAt = w.count-w.claimed.N, nil, nil, t.now()
	if w.suppressed = 0; !c.Notify {
		w.suppressed = c.Suppressed
	}
}

// markFull notes that an owner has too many new groups for another one.
func (t *tracker) markFull(owner int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.full[owner] = t.now().Add(fullTime)
}

// endWindows ends the windows of a group, so that its next report claims.
func (t *tracker) endWindows(group int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.windows {
		if w.group == group && w.claiming == nil {
			w.until = time.Time{}
		}
	}
}

// endAll ends all windows, so that the next report of each claims.
func (t *tracker) endAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.full)
	for _, w := range t.windows {
		if w.claiming == nil {
			w.until = time.Time{}
		}
	}
}

// pendingCount is a window's count on its way to the database.
type pendingCount struct {
	key    groupKey
	window *window
	claims int // the window's claims when the count was taken
	count  models.ExceptionCount
}

// takePending takes the counts that are not stored, ordered by group, and drops the
// windows that are over.
func (t *tracker) takePending() []pendingCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var list []pendingCount
	for key, w := range t.windows {
		switch {
		case w.claiming != nil: // the claim stores its counts
		case w.count > 0:
			list = append(list, pendingCount{key: key, window: w, claims: w.claims, count: w.unstored()})
			w.count, w.sample, w.releases = 0, nil, nil
		case !w.until.After(now) || len(t.windows) > maxKnown:
			delete(t.windows, key)
		}
	}
	for owner, until := range t.full {
		if !until.After(now) {
			delete(t.full, owner)
		}
	}
	slices.SortFunc(list, func(a, b pendingCount) int { return int(a.count.GroupID - b.count.GroupID) })
	return list
}

// restorePending gives counts back that were not stored: the next Flush stores them.
func (t *tracker) restorePending(list []pendingCount) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range list {
		p.window.count += p.count.N
		if p.window.sample == nil {
			p.window.sample = p.count.Sample
		}
	}
}

// finishPending updates the windows of stored counts with what the database says of
// their groups. stored is in the order of list.
func (t *tracker) finishPending(list []pendingCount, stored []models.ExceptionWindow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, p := range list {
		w := p.window
		switch {
		case stored[i].Gone && t.windows[p.key] == w && w.claiming == nil && w.count == 0:
			delete(t.windows, p.key)
		case stored[i].Gone:
			w.until = time.Time{}
		case w.claiming == nil && w.claims == p.claims: // a later claim knows more than stored
			w.until, w.suppressed = stored[i].Until, stored[i].Suppressed+w.count
		}
	}
}
