package exception

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// tellTime is how long whoever reports a fault of Gatecrier itself waits.
const tellTime = 2 * time.Second

// ReportOwn is Report for who has something else to go on with, whatever comes of
// it: it waits for a moment at most, also where ctx has ended, and says in the
// log alone that it has failed. It returns the group, 0 where there is none.
func (s *Service) ReportOwn(ctx context.Context, r Report) (group int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	told := make(chan Result, 1)
	go func() {
		var result Result
		err := fmt.Errorf("nobody could be told in time: %w", context.DeadlineExceeded)
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
			if err != nil {
				s.log.ErrorContext(
					ctx, "an exception was not reported", "function", r.Function, "exception", r.Message, "error", err,
				)
			}
			told <- result
		}()
		result, err = s.Report(ctx, r)
	}()
	select {
	case result := <-told:
		return result.Group
	case <-ctx.Done():
		return 0 // it says so itself, once it knows
	}
}

type withoutReportingKey struct{}

// WithoutReporting marks what people are told of exceptions by: whatever fails under such
// a context is never reported, so that no exception leads to another one.
func WithoutReporting(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutReportingKey{}, true)
}

// ReportingDisabled reports whether a context is marked so.
func ReportingDisabled(ctx context.Context) bool { return ctx.Value(withoutReportingKey{}) != nil }
