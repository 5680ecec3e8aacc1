package fault

import (
	"errors"
	"runtime"
)

// maxFrames bounds a trace.
const maxFrames = 48

// stackError is an error with the place where it was first seen here.
type stackError struct {
	err error
	pcs []uintptr
}

func (t *stackError) Error() string { return t.err.Error() }
func (t *stackError) Unwrap() error { return t.err }

// WithStack keeps where an error came from: the calls that led to whoever asks.
// One that has a trace already, or that is for the user rather than a fault of
// ours, is left as it is, nil too.
func WithStack(err error) error {
	if err == nil {
		return nil
	}
	var t *stackError
	var known *Error
	if errors.As(err, &t) || errors.As(err, &known) && known.Kind != Internal {
		return err
	}
	pcs := make([]uintptr, maxFrames)
	return &stackError{err, pcs[:runtime.Callers(2, pcs)]}
}

// StackOf gives the calls that led to an error, innermost first; nil where
// nobody has kept them.
func StackOf(err error) []runtime.Frame {
	var t *stackError
	if !errors.As(err, &t) {
		return nil
	}
	var list []runtime.Frame
	for frames := runtime.CallersFrames(t.pcs); ; {
		frame, more := frames.Next()
		if frame.Function != "" {
			list = append(list, frame)
		}
		if !more {
			return list
		}
	}
}
