package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	probeEvery    = time.Second     // while the database does not work; also how long a check is valid
	probeTimeout  = 2 * time.Second // of one probe
	quietTime     = time.Second     // without a failure, before an outage ends
	laterQuiet    = 5 * time.Second // the same, soon after another outage
	reminderEvery = time.Minute     // between the log lines of an outage
	lateLines     = 10 * time.Second
)

// Condition is the state of a database since a time.
type Condition struct {
	State    State
	Since    time.Time // the beginning of the outage, zero for none
	Reason   string    // the last error, for administrators
	Failures int64     // statements and transactions of the outage that failed
}

// monitor follows whether a database works, from the results of its statements. It uses the
// machine's time, since it only measures.
type monitor struct {
	log  *slog.Logger
	join *joiner // nil if the log does not join lines
	// pinsDamage refuses writes after an error that shows damage: they can make it worse.
	pinsDamage bool

	mu          sync.Mutex
	now         Condition
	pinned      *StateError // what no successful write ends
	lastFailure time.Time
	lastWrite   time.Time // that succeeded
	lastLine    time.Time
	ended       time.Time // of the last outage
}

func newMonitor(log *slog.Logger) *monitor {
	m := &monitor{log: log}
	if h, ok := log.Handler().(*joinHandler); ok {
		m.join = h.joiner
		m.join.monitor.Store(m)
		m.log = slog.New(h.next)
	}
	return m
}

// mark adds the state to an error of a statement, a commit or a connection, and notes an outage.
func (m *monitor) mark(err error) error {
	if err == nil {
		return nil
	}
	err = mark(err)
	switch s := outageOf(err); {
	case s == Corrupt && m.pinsDamage:
		m.pin(s, err)
	case s != Available:
		m.begin(s, err)
	}
	return err
}

// outageOf returns the state of an outage that an error shows. Conflicts, deadlines of callers and
// closures that hang show none: the database works.
func outageOf(err error) State {
	var hung *TimeoutError
	if isConflict(err) || errors.As(err, &hung) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrClosed) {
		return Available
	}
	return StateOf(err)
}

func (m *monitor) begin(s State, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.lastFailure = now
	if m.pinned != nil {
		s, err = m.pinned.State, m.pinned
	}
	isNew := m.now.State == Available
	changed := !isNew && m.now.State != s && s > m.now.State
	m.now.Failures++
	if isNew {
		m.now = Condition{Since: now, Failures: 1}
	}
	if isNew || changed {
		m.now.State, m.now.Reason = s, err.Error()
		m.line("database unavailable", now)
	}
}

// pin keeps a state until unpin, whatever succeeds meanwhile.
func (m *monitor) pin(s State, cause error) {
	m.mu.Lock()
	if m.pinned == nil {
		m.pinned = &StateError{s, cause}
	}
	pinned := m.pinned
	m.mu.Unlock()
	m.begin(pinned.State, pinned)
}

func (m *monitor) unpin(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pinned != nil && m.pinned.State == s {
		m.pinned = nil
	}
}

// pinnedErr returns why nothing can be written, nil if writes can be tried.
func (m *monitor) pinnedErr() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pinned == nil {
		return nil
	}
	return m.pinned
}

// written notes a successful commit. It ends an outage after a time without failures.
func (m *monitor) written() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.lastWrite = now
	quiet := quietTime
	if !m.ended.IsZero() && m.now.Since.Sub(m.ended) < reminderEvery {
		quiet = laterQuiet
	}
	if m.now.State == Available || m.pinned != nil || now.Sub(m.lastFailure) < quiet {
		return
	}
	m.line("database available again", now)
	m.now, m.ended = Condition{}, now
}

// line writes one line of an outage. Only its end is no error.
func (m *monitor) line(text string, now time.Time) {
	level := slog.LevelError
	if text == "database available again" {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("state", m.now.State.String()),
		slog.String("error", m.now.Reason),
		slog.Duration("took", now.Sub(m.now.Since).Round(time.Millisecond)),
		slog.Int64("failures", m.now.Failures),
	}
	if m.join != nil {
		attrs = append(attrs, slog.Int64("joined_lines", m.join.lines.Swap(0)))
	}
	m.lastLine = now
	m.log.LogAttrs(context.Background(), level, text, attrs...)
}

// remind writes the line of a minute while an outage lasts.
func (m *monitor) remind() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); m.now.State != Available && now.Sub(m.lastLine) >= reminderEvery {
		m.line("database still unavailable", now)
	}
}

// condition returns the current state.
func (m *monitor) condition() Condition {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// provenSince reports whether a write succeeded after a time, and nothing failed since that write.
func (m *monitor) provenSince(t time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.State == Available && m.pinned == nil && m.lastWrite.After(t)
}

// isJoining reports whether log lines about the database are part of an outage.
func (m *monitor) isJoining() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.State != Available || time.Since(m.ended) < lateLines
}
