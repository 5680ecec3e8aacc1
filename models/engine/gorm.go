package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"gatecrier/app/fault"
)

// openGorm makes the gorm that reads and transactions share. Statements are
// not prepared by gorm: database/sql lends a prepared statement again while
// its rows are open, and on one connection that mixes up both. The drivers
// keep their own, and lend each once.
func openGorm(dialector gorm.Dialector, s *DB) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		TranslateError:         true,
		NowFunc:                s.Now,
		Logger:                 gormLog{s.log},
	})
	if err != nil {
		return nil, err
	}
	return db, traceErrors(db)
}

// traceErrors lets gorm's errors keep where they came from, as those of our own
// statements do. That there is no row is none: it is asked for all the time.
func traceErrors(db *gorm.DB) error {
	trace := func(db *gorm.DB) {
		if db.Error != nil && !errors.Is(db.Error, gorm.ErrRecordNotFound) {
			db.Error = fault.WithStack(db.Error)
		}
	}
	const name = "gatecrier:trace"
	c := db.Callback()
	return errors.Join(
		c.Query().
			After("gorm:after_query").
			Register(name, trace),
		c.Row().After("gorm:row").Register(name, trace),
		c.Raw().After("gorm:raw").Register(name, trace),
		c.Create().
			After("gorm:after_create").
			Register(name, trace),
		c.Update().After("gorm:after_update").Register(name, trace),
		c.Delete().After("gorm:after_delete").Register(name, trace),
	)
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
