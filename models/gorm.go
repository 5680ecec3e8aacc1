package models

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// openGorm puts gorm over a pool. Its own transactions are off: there is one
// way to write.
func openGorm(d gorm.Dialector, log *slog.Logger) (*gorm.DB, error) {
	schema.RegisterSerializer("micro", microSerializer{})
	return gorm.Open(d, &gorm.Config{
		SkipDefaultTransaction: true, TranslateError: true, DisableAutomaticPing: true,
		DisableNestedTransaction: true, Logger: gormLog{log},
	})
}

// slowStatement is logged: it holds the writer.
const slowStatement = 100 * time.Millisecond

// gormLog passes gorm's own log on, without the arguments of statements, which
// may be secrets.
type gormLog struct{ log *slog.Logger }

func (g gormLog) LogMode(logger.LogLevel) logger.Interface        { return g }
func (g gormLog) Info(ctx context.Context, msg string, _ ...any)  { g.log.DebugContext(ctx, msg) }
func (g gormLog) Warn(ctx context.Context, msg string, _ ...any)  { g.log.WarnContext(ctx, msg) }
func (g gormLog) Error(ctx context.Context, msg string, _ ...any) { g.log.ErrorContext(ctx, msg) }
func (g gormLog) ParamsFilter(_ context.Context, query string, _ ...any) (string, []any) {
	return query, nil
}

// Trace logs slow statements.
func (g gormLog) Trace(ctx context.Context, begin time.Time, call func() (string, int64), _ error) {
	if took := time.Since(begin); took > slowStatement {
		query, rows := call()
		g.log.WarnContext(ctx, "slow statement", "query", query, "rows", rows, "took", took)
	}
}
