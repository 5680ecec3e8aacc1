package engine

import (
	"context"
	"reflect"
	"runtime"
	"runtime/debug"
)

// closure is the function that a Write runs.
type closure struct {
	run   func(tx *Tx) error
	entry uintptr // of the function that logs and errors name
}

// newClosure returns a closure with the name of caller, which is a function.
func newClosure(caller any, fn func(tx *Tx) error) closure {
	return closure{run: fn, entry: reflect.ValueOf(caller).Pointer()}
}

func (c closure) name() string { return runtime.FuncForPC(c.entry).Name() }

// closureOf is the key that marks the context of a closure of a database.
type closureOf struct{ db *DB }

// maxFrames is how many frames up the stack isNested looks for a closure.
const maxFrames = 64

// isNested reports whether the caller's caller is inside a closure of this database. The context
// shows it, or else the stack, since a closure can pass any context. On the stack all databases look
// alike: while a closure of this one runs, the closure of another database counts too.
func (d *DB) isNested(ctx context.Context) bool {
	if ctx.Value(closureOf{d}) != nil {
		return true
	}
	if d.running.Load() == 0 {
		return false
	}
	var pcs [maxFrames]uintptr
	for _, pc := range pcs[:runtime.Callers(3, pcs[:])] {
		if pc == d.closurePC {
			return true
		}
	}
	return false
}

// runClosure runs fn. Its frame on a stack identifies a Write inside a Write.
//
//go:noinline
func runClosure(fn func(*Tx) error, tx *Tx) error {
	err := fn(tx)
	return err
}

// outcome is how a closure ended.
type outcome struct {
	returned bool
	err      error       // that it returned
	panicked *PanicError // nil if it did not panic
	firstErr error       // of its first statement that failed, or the watchdog's
	owned    bool        // false if the watchdog has taken the connection
}

// runGuarded runs a closure on a guarded connection, ends the guard, and passes the outcome to end.
// end also runs if the closure panics, after which runGuarded returns, and if it ends its goroutine.
func runGuarded(c closure, tx *Tx, guard *txConn, end func(outcome)) {
	var o outcome
	defer func() {
		if !o.returned {
			if v := recover(); v != nil {
				o.panicked = &PanicError{Value: v, Stack: debug.Stack()}
			}
		}
		o.firstErr, o.owned = guard.end()
		end(o)
	}()
	o.err = runClosure(c.run, tx)
	o.returned = true
}

// failure returns why a closure failed, nil if it succeeded. The error of a statement counts if the
// closure ignored it, and that of the watchdog in any case.
func (o outcome) failure() error {
	switch {
	case o.panicked != nil:
		return o.panicked
	case !o.returned:
		return errGoexit
	case o.err == nil || !o.owned:
		return o.firstErr
	}
	return o.err
}

// panicValue returns the value that the closure panicked with, nil for none.
func (o outcome) panicValue() any {
	if o.panicked == nil {
		return nil
	}
	return o.panicked.Value
}

// findClosurePC returns the address in runClosure that fn returns to, 0 if it finds none.
func findClosurePC() uintptr {
	var found uintptr
	entry := runtime.FuncForPC(reflect.ValueOf(runClosure).Pointer()).Entry()
	probe := func(*Tx) error {
		var pcs [maxFrames]uintptr
		for _, pc := range pcs[:runtime.Callers(1, pcs[:])] {
			if f := runtime.FuncForPC(pc - 1); f != nil && f.Entry() == entry {
				found = pc
			}
		}
		return nil
	}
	if err := runClosure(probe, nil); err != nil {
		return 0
	}
	return found
}
