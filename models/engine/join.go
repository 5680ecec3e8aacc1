package engine

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// JoinOutages returns a logger that joins the lines of an outage of the database. While it lasts,
// lines with an error that shows it are only counted; the DB that is opened with the logger writes
// one line at the beginning, one a minute with that count, and one at the end.
func JoinOutages(log *slog.Logger) *slog.Logger {
	if _, ok := log.Handler().(*joinHandler); ok {
		return log
	}
	return slog.New(&joinHandler{next: log.Handler(), joiner: &joiner{}})
}

// joiner is what a logger and those derived from it share.
type joiner struct {
	monitor atomic.Pointer[monitor] // of the DB that uses the logger
	lines   atomic.Int64            // since the last line of the outage
}

type joinHandler struct {
	next   slog.Handler
	joiner *joiner
}

// Enabled reports whether the next handler takes the level.
func (h *joinHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes a record on unless it is about a current outage.
func (h *joinHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && isAboutOutage(r) {
		if m := h.joiner.monitor.Load(); m != nil && m.isJoining() {
			h.joiner.lines.Add(1)
			return nil
		}
	}
	return h.next.Handle(ctx, r)
}

// isAboutOutage reports whether a record has an error that shows an outage.
func isAboutOutage(r slog.Record) (found bool) {
	r.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		found = ok && StateOf(err) != Available
		return !found
	})
	return found
}

// WithAttrs returns a handler that adds attributes.
func (h *joinHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &joinHandler{h.next.WithAttrs(attrs), h.joiner}
}

// WithGroup returns a handler that begins a group.
func (h *joinHandler) WithGroup(name string) slog.Handler {
	return &joinHandler{h.next.WithGroup(name), h.joiner}
}
