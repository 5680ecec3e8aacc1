package engine

import (
	"fmt"
	"reflect"
	"runtime"
	"time"
)

const (
	idleLimit  = 5 * time.Second // a closure that does nothing for so long hangs
	totalLimit = time.Minute     // and one that takes so long has no end
	watchEvery = time.Second
	maxStack   = 64 << 10 // bytes of stacks in a TimeoutError
)

// TimeoutError answers a closure that went on without a statement, or without
// an end, while all others waited. What it did is undone.
type TimeoutError struct {
	Closure string        // its function's name
	Took    time.Duration // since its turn began
	Stacks  []byte        // of all goroutines, to see where it hangs
}

// Error tells which closure it was.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("store: the closure %s did not end within %s", e.Closure, e.Took.Round(time.Millisecond))
}

func newTimeout(fn closureOf, took time.Duration) *TimeoutError {
	stacks := make([]byte, maxStack)
	return &TimeoutError{Closure: nameOf(fn), Took: took, Stacks: stacks[:runtime.Stack(stacks, true)]}
}

// closureOf is a closure and the function that logs and errors name.
type closureOf struct {
	run    func(*Tx) error
	caller any
}

func nameOf(fn closureOf) string {
	return runtime.FuncForPC(reflect.ValueOf(fn.caller).Pointer()).Name()
}

// watchdog looks at turns from time to time, to end those that hang.
type watchdog struct {
	quit, ended chan struct{}
}

// startWatchdog calls look until it is stopped. The time is the machine's: a limit
// holds in real time, whatever the clock of the Store says.
func startWatchdog(look func(now time.Time)) *watchdog {
	w := &watchdog{make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(w.ended)
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-w.quit:
				return
			case now := <-ticker.C:
				look(now)
			}
		}
	}()
	return w
}

func (w *watchdog) stop() {
	close(w.quit)
	<-w.ended
}

// closure runs fn. Its frame on a stack is how a Write inside of a Write is
// seen, whatever context that one is given.
//
//go:noinline
func closure(fn func(*Tx) error, tx *Tx) error {
	err := fn(tx)
	return err
}

// frames is how far up a Write looks for a closure that it is called from.
const frames = 64

// mark is the address that closure goes on at after fn.
func mark() uintptr {
	var found uintptr
	entry := runtime.FuncForPC(reflect.ValueOf(closure).Pointer()).Entry()
	probe := func(*Tx) error {
		var pcs [frames]uintptr
		for _, pc := range pcs[:runtime.Callers(1, pcs[:])] {
			if f := runtime.FuncForPC(pc - 1); f != nil && f.Entry() == entry {
				found = pc
			}
		}
		return nil
	}
	if err := closure(probe, nil); err != nil {
		return 0
	}
	return found
}

// nested reports whether the caller is a closure of this store. Of another
// store's it would only know by its context; while no closure of this one has
// its turn, it is none.
func (s *DB) nested() bool {
	if s.inside.Load() == 0 {
		return false
	}
	var pcs [frames]uintptr
	for _, pc := range pcs[:runtime.Callers(3, pcs[:])] {
		if pc == s.mark {
			return true
		}
	}
	return false
}
