package exception

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

const (
	// maxNew is how many groups a product, or Gatecrier itself, gets in an
	// hour. What comes beyond shares one.
	maxNew  = 1000
	newTime = time.Hour
	// maxKnown is how many groups are remembered. Those whose windows are over
	// are forgotten in any case.
	maxKnown = 50_000
	// sampleEvery is how often a new sample is kept while people are not told.
	sampleEvery = time.Minute
	// maxReleases bounds the releases that are noted between two stores.
	maxReleases = 5
	// maxTrace is how many calls an event names.
	maxTrace = 8
	// storeAtOnce is how many groups' counts go into one transaction.
	storeAtOnce = 200
)

// Policy is how exceptions are grouped and how often people are told.
type Policy struct {
	Grouping Grouping
	Window   time.Duration // between two notices of the same; 0 = of each
}

// Result is what came of a report.
type Result struct {
	Group      int64
	Notified   bool  // this report made the notice
	Suppressed int64 // how often it has occurred since the last notice, this one included; exact while the process lives
}

// Service takes reports, counts in memory what people are not told of, and
// stores the counts now and then.
type Service struct {
	store  *models.Store
	events *event.Log
	policy func() Policy
	log    *slog.Logger

	flushing sync.Mutex // held by the Flush that is storing

	mu    sync.Mutex
	known map[groupKey]*window
	full  map[int64]time.Time // products (0 = none) with too many new groups, until when that is believed
}

// groupKey is a key of a product, or of none.
type groupKey struct {
	owner int64
	key   string
}

// window is what is remembered of a key: what its reports come to while its
// window lasts.
type window struct {
	group    int64
	until    time.Time // nobody is told before then
	held     int64     // since people were told last, stored or not
	n        int64     // not stored yet
	lastAt   time.Time
	sample   []byte // not stored yet, nil for none
	sampled  time.Time
	releases []string
	busy     chan struct{}         // somebody asks the database; closed when it has answered
	pending  models.ExceptionCount // what he stores with it
	claims   int                   // how often somebody has
}

// New returns a service. Flush is for whoever runs it.
func New(store *models.Store, events *event.Log, policy func() Policy, log *slog.Logger) *Service {
	return &Service{
		store:  store,
		events: events,
		policy: policy,
		log:    log,
		known:  map[groupKey]*window{},
		full:   map[int64]time.Time{},
	}
}

// Report takes an exception in. Where people are to be told, the event is
// committed when it returns. Under a Quiet context nothing is reported.
func (s *Service) Report(ctx context.Context, r Report) (Result, error) {
	if ReportingDisabled(ctx) {
		s.log.WarnContext(
			ctx,
			"an exception is not told of: it came up while people were told of others",
			"function",
			r.Function,
			"exception",
			r.Message,
		)
		return Result{}, nil
	}
	lost := r.trim()
	policy := s.policy()
	key, by := Key(policy.Grouping, r)
	return s.record(ctx, groupKey{r.ProductID, key}, by, r, lost, policy)
}

// record counts a report where its window lasts, and asks the database where not,
// once nobody else does.
func (s *Service) record(
	ctx context.Context, at groupKey, by KeyMethod, r Report, lost bool, policy Policy,
) (Result, error) {
	for {
		result, e, wait, err := s.tryCount(ctx, &at, &by, r, lost)
		switch {
		case err != nil:
			return Result{}, err
		case wait != nil:
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return Result{}, ctx.Err()
			}
		case e == nil:
			return result, nil
		}
		return s.claim(ctx, at, e, by, r, lost, policy)
	}
}

// tryCount counts a report while its window lasts. Else it gives the entry that is
// for the caller to claim, or what to wait for while somebody else does.
func (s *Service) tryCount(
	ctx context.Context, at *groupKey, by *KeyMethod, r Report, lost bool,
) (Result, *window, <-chan struct{}, error) {
	now := s.store.Now()
	s.mu.Lock()
	if s.known[*at] == nil && s.full[at.owner].After(now) {
		s.mu.Unlock()
		if err := s.overflow(ctx, at, by, r.Kind); err != nil {
			return Result{}, nil, nil, err
		}
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	e := s.known[*at]
	switch {
	case e == nil:
		e = &window{}
		s.known[*at] = e
	case e.busy != nil:
		return Result{}, nil, e.busy, nil
	case now.Before(e.until):
		e.n, e.held, e.lastAt = e.n+1, e.held+1, now
		if now.Sub(e.sampled) >= sampleEvery {
			e.sampled, e.sample = now, s.sampleOf(r, now, lost)
		}
		if r.Release != "" && len(e.releases) < maxReleases && !slices.Contains(e.releases, r.Release) {
			e.releases = append(e.releases, r.Release)
		}
		return Result{Group: e.group, Suppressed: e.held}, nil, nil, nil
	}
	e.busy = make(chan struct{})
	e.pending = models.ExceptionCount{GroupID: e.group, N: e.n, LastAt: e.lastAt, Sample: e.sample, Releases: e.releases}
	e.claims++
	return Result{}, e, nil, nil
}

// overflow leads what is new to the group that all share, where there are too
// many new ones.
func (s *Service) overflow(ctx context.Context, at *groupKey, by *KeyMethod, kind models.ExceptionKind) error {
	id, _, err := s.store.ExceptionKey(ctx, at.owner, at.key)
	if err == nil && id == 0 {
		at.key, *by = overflowKey(kind), ByOverflow
	}
	return err
}

func (s *Service) sampleOf(r Report, at time.Time, lost bool) []byte {
	sample, err := r.sample(at, lost)
	if err != nil { // nothing in it cannot be encoded
		s.log.Error("sample of an exception not encoded", "error", err)
	}
	return sample
}

// claim asks the database whether people are to be told, and appends the event
// with the answer. What was counted and is not stored goes with it. Where it
// fails, the next report asks again.
func (s *Service) claim(
	ctx context.Context, at groupKey, e *window, by KeyMethod, r Report, lost bool, policy Policy,
) (Result, error) {
	pending := e.pending
	var c models.ExceptionClaim
	var full, settled bool
	defer func() { s.finishClaim(at, e, pending.N, c, settled) }() // also where it panics
	err := s.store.Write(ctx, func(tx *models.Tx) (err error) {
		c, full, err = s.claimTx(tx, at, by, r, lost, policy, &pending)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if full {
		s.mu.Lock()
		s.full[at.owner] = s.store.Now().Add(time.Minute)
		s.mu.Unlock()
		r.Fingerprint = nil
		return s.record(ctx, groupKey{at.owner, overflowKey(r.Kind)}, ByOverflow, r, lost, policy)
	}
	settled = true
	if c.Notify {
		return Result{Group: c.GroupID, Notified: true}, nil
	}
	return Result{Group: c.GroupID, Suppressed: c.Held}, nil
}

// finishClaim notes the answer, and lets those go on who wait for it.
func (s *Service) finishClaim(at groupKey, e *window, stored int64, c models.ExceptionClaim, settled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(e.busy)
	e.busy = nil
	if !settled {
		if e.n == 0 {
			delete(s.known, at) // the next report asks again
		}
		return
	}
	e.group, e.until, e.n, e.sample, e.releases, e.sampled = c.GroupID, c.Until, e.n-stored, nil, nil, s.store.Now()
	if e.held = 0; !c.Notify {
		e.held = c.Held
	}
}

// claimTx is the transaction of a claim. full says that the product has too many
// new groups for another one.
func (s *Service) claimTx(
	tx *models.Tx, at groupKey, by KeyMethod, r Report, lost bool, policy Policy, pending *models.ExceptionCount,
) (c models.ExceptionClaim, full bool, err error) {
	if at.owner != 0 {
		if err := tx.LockProductShared(at.owner); err != nil {
			return c, false, err
		}
	}
	id, key, err := tx.ExceptionKey(tx.Context(), at.owner, at.key)
	if err != nil {
		return c, false, err
	}
	pending.GroupID = id // it may have been merged since
	if id == 0 && by != ByOverflow {
		n, err := tx.CountNewExceptions(tx.Context(), at.owner, tx.Now().Add(-newTime), maxNew)
		if err != nil || n >= maxNew {
			return c, n >= maxNew, err
		}
	}
	row := models.ExceptionReport{
		ProductID: at.owner,
		Key:       key,
		By:        string(by),
		Kind:      r.Kind,
		Class:     r.Class,
		Message:   r.Message,
		Function:  r.Function,
		Release:   r.Release,
		Sample:    s.sampleOf(r, tx.Now(), lost),
	}
	if by == ByOverflow {
		row.Class = "Other exceptions"
		row.Message = "More than " + strconv.Itoa(maxNew) + " different ones came within an hour: they share this group"
		row.Function = ""
	}
	c, err = tx.ClaimException(row, policy.Window, pending)
	if err != nil || !c.Notify {
		return c, false, err
	}
	return c, false, s.announce(tx, at.owner, r, c, by)
}

// announce appends the event of a notice.
func (s *Service) announce(tx *models.Tx, productID int64, r Report, c models.ExceptionClaim, by KeyMethod) error {
	payload := event.Exception{
		Group:     c.GroupID,
		From:      r.Kind,
		Class:     r.Class,
		Message:   r.Message,
		Function:  r.Function,
		Arguments: r.Arguments,
		Release:   r.Release,
		User:      r.User,
		Reference: r.Reference,
		First:     c.First,
		Regressed: c.Regressed,
		Held:      c.Held,
		Trace:     traceOf(r.Frames),
		Overflow:  by == ByOverflow,
	}
	if !c.HeldSince.IsZero() {
		payload.HeldSince = &c.HeldSince
	}
	if productID != 0 {
		row, err := tx.Product(tx.Context(), models.SystemScope("an exception of it is told"), productID)
		if err != nil {
			return err
		}
		payload.Product = &event.Product{ID: row.ID, Name: row.Name}
	}
	_, err := s.events.Append(tx, productID, "", payload)
	return err
}

// traceOf names the innermost calls of a stack: those of the program's own, if
// there are some.
func traceOf(frames []Frame) []string {
	own := slices.ContainsFunc(frames, func(f Frame) bool { return f.InApp })
	trace := []string{}
	for _, f := range frames {
		if own && !f.InApp || f.Name() == "" {
			continue
		}
		line := f.Name()
		if f.File != "" {
			line += " (" + f.File
			if f.Line > 0 {
				line += ":" + strconv.Itoa(f.Line)
			}
			line += ")"
		}
		if trace = append(trace, line); len(trace) == maxTrace {
			break
		}
	}
	return trace
}

// Evict has the next report of a group ask the database again: somebody has
// resolved, muted, merged or deleted it.
func (s *Service) Evict(group int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.known {
		if e.group == group && e.busy == nil {
			e.until = time.Time{}
		}
	}
}
