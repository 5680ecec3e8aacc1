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

// openGorm returns the gorm.DB that reads and transactions share. gorm prepares no statements:
// database/sql would lend a prepared statement again while its rows are open, which mixes up both
// results on one connection. The drivers prepare statements themselves and lend each one once.
func openGorm(dialector gorm.Dialector, d *DB) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		TranslateError:         true,
		NowFunc:                d.Now,
		Logger:                 gormLog{d.log},
	})
	if err != nil {
		return nil, err
	}
	return db, traceErrors(db, d.monitor)
}

// traceErrors adds the stack of their origin and the state of the database to gorm's errors, as
// Query does to those of SQL. It
// leaves out ErrRecordNotFound, which is too frequent.
func traceErrors(db *gorm.DB, m *monitor) error {
	trace := func(db *gorm.DB) {
		if db.Error != nil && !errors.Is(db.Error, gorm.ErrRecordNotFound) {
			db.Error = m.mark(fault.WithStack(db.Error))
		}
	}
	const name = "gatecrier:trace"
	c := db.Callback()
	return errors.Join(
		c.Query().After("gorm:after_query").Register(name, trace),
		c.Row().After("gorm:row").Register(name, trace),
		c.Raw().After("gorm:raw").Register(name, trace),
		c.Create().After("gorm:after_create").Register(name, trace),
		c.Update().After("gorm:after_update").Register(name, trace),
		c.Delete().After("gorm:after_delete").Register(name, trace),
	)
}

// gormLog logs gorm's statements at debug level without their arguments. It does not log their
// errors: the caller gets these and knows whether they matter.
type gormLog struct{ log *slog.Logger }

// LogMode returns the same logger: slog decides the level.
func (l gormLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info logs a message of gorm itself.
func (l gormLog) Info(ctx context.Context, text string, _ ...any) { l.logText(ctx, text) }

// Warn logs a message of gorm itself.
func (l gormLog) Warn(ctx context.Context, text string, _ ...any) { l.logText(ctx, text) }

// Error logs a message of gorm itself.
func (l gormLog) Error(ctx context.Context, text string, _ ...any) { l.logText(ctx, text) }

func (l gormLog) logText(ctx context.Context, text string) {
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

// ParamsFilter removes the arguments before gorm writes them into the text.
func (l gormLog) ParamsFilter(_ context.Context, query string, _ ...any) (string, []any) {
	return query, nil
}
