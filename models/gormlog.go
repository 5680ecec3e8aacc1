package models

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// openGorm makes the gorm that reads and transactions share. Statements are
// not prepared by gorm: database/sql lends a prepared statement again while
// its rows are open, and on one connection that mixes up both. The drivers
// keep their own, and lend each once.
func openGorm(dialector gorm.Dialector, s *Store) (*gorm.DB, error) {
	return gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		TranslateError:         true,
		NowFunc:                s.Now,
		Logger:                 gormLog{s.log},
	})
}

// gormLog logs gorm's statements at debug, never with their arguments. Errors
// go to the caller, who knows whether they matter.
type gormLog struct{ log *slog.Logger }

// LogMode changes nothing: the level is slog's.
func (l gormLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info is gorm talking about itself.
func (l gormLog) Info(ctx context.Context, text string, _ ...any) { l.say(ctx, text) }

// Warn is gorm talking about itself.
func (l gormLog) Warn(ctx context.Context, text string, _ ...any) { l.say(ctx, text) }

// Error is gorm talking about itself.
func (l gormLog) Error(ctx context.Context, text string, _ ...any) { l.say(ctx, text) }

func (l gormLog) say(ctx context.Context, text string) {
	l.log.DebugContext(ctx, "gorm", "text", text)
}

// Trace logs a statement that has run.
func (l gormLog) Trace(ctx context.Context, began time.Time, fc func() (string, int64), _ error) {
	if !l.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	query, rows := fc()
	l.log.DebugContext(ctx, "statement", "sql", query, "rows", rows, "duration", time.Since(began))
}

// ParamsFilter drops the arguments before gorm writes them into the text.
func (l gormLog) ParamsFilter(_ context.Context, query string, _ ...any) (string, []any) {
	return query, nil
}
