package engine

import (
	"errors"
	"fmt"
	"time"
)

// The errors of a call that a DB or a Tx refuses.
var (
	ErrClosed  = errors.New("store: closed")
	ErrNested  = errors.New("store: a Write inside a Write would wait for itself")
	ErrInUse   = errors.New("store: another program uses the database")
	ErrExpired = errors.New("store: this transaction is over")
)

// errGoexit is the error of a closure that ended the goroutine it ran on.
var errGoexit = errors.New("store: the closure ended its goroutine")

// PanicError is the value that Write panics with, on its caller's goroutine, after a closure panicked.
type PanicError struct {
	Value any    // the closure's panic value
	Stack []byte // of the panic
}

// Error returns the panic value without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic in a write: %v", e.Value) }

// Unwrap returns the panic value if it is an error.
func (e *PanicError) Unwrap() error {
	err, ok := e.Value.(error)
	if !ok {
		return nil
	}
	return err
}

// TimeoutError is the error of a closure that ran no statement for too long, or took too long,
// while other writes waited. Its changes are undone.
type TimeoutError struct {
	Closure string        // the name of its function
	Took    time.Duration // since the closure began
	Stacks  []byte        // of all goroutines, to see where it hangs
}

// Error names the closure and its duration.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("store: the closure %s did not end within %s", e.Closure, e.Took.Round(time.Millisecond))
}
