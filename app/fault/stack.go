package fault

import (
	"errors"
	"runtime"
)

// maxFrames bounds a stack.
const maxFrames = 48

// stackError is an error with the stack where it came into this program's code.
type stackError struct {
	err error
	pcs []uintptr
}

func (t *stackError) Error() string { return t.err.Error() }
func (t *stackError) Unwrap() error { return t.err }

// WithStack adds the stack of the caller to an error. It returns nil, an error with a stack, and an
// error for the user (a fault.Error other than Internal) unchanged.
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

// StackOf returns the stack of an error, innermost call first, nil if it has none.
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
