package exception

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// ownTimeout is how long the caller of ReportOwn waits.
const ownTimeout = 2 * time.Second

// ReportFunc is the type of ReportOwn, for those that report exceptions of Gatecrier itself: it
// returns the group, or 0 without one, and returns quickly, also on errors.
type ReportFunc func(ctx context.Context, r Report) (group int64)

// ReportOwn is Report for a caller that must go on whatever the outcome. It waits for at
// most ownTimeout, also after ctx has ended, and only logs a failure. It returns the
// group, or 0 without one.
func (s *Service) ReportOwn(ctx context.Context, r Report) (group int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownTimeout)
	defer cancel()
	reported := make(chan Result, 1)
	go func() {
		var result Result
		err := fmt.Errorf("report an exception in time: %w", context.DeadlineExceeded)
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
			if err != nil {
				s.log.ErrorContext(ctx, "report own exception",
					"function", r.Function, "exception", r.Message, "error", err)
			}
			reported <- result
		}()
		result, err = s.Report(ctx, r)
	}()
	select {
	case result := <-reported:
		return result.Group
	case <-ctx.Done():
		return 0 // the goroutine logs a failure
	}
}

type withoutReportingKey struct{}

// WithoutReporting returns a context under which nothing is reported. It is for the code
// that notifies of exceptions, so that no exception leads to another one.
func WithoutReporting(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutReportingKey{}, true)
}

// ReportingDisabled reports whether ctx is from WithoutReporting.
func ReportingDisabled(ctx context.Context) bool { return ctx.Value(withoutReportingKey{}) != nil }
