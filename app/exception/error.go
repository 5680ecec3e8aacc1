package exception

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// ownPrefix begins the names of this program's own functions.
const ownPrefix = "gatecrier/"

// FromError returns the report of an error of Gatecrier itself: of a route or a task. Its class
// is the root cause's, its frames are those of fault.WithStack or of the panic.
func FromError(kind models.ExceptionKind, function string, err error) Report {
	r := Report{Kind: kind, Function: function, Message: err.Error(), Frames: framesOf(err)}
	root := err
	for _, e := range chain(err) {
		if isWrapper(e) {
			continue
		}
		root = e
		r.Chain = append(r.Chain, Cause{Class: class(e), Message: e.Error()})
	}
	if r.Class = class(root); len(r.Chain) == 1 {
		r.Chain = nil
	}
	return r
}

// chain lists an error and its causes, outermost first. Of joined errors it follows
// the first.
func chain(err error) []error {
	var list []error
	for err != nil && len(list) < maxCauses {
		list = append(list, err)
		switch e := err.(type) { //nolint:errorlint // the loop unwraps each error itself
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			if err = nil; len(e.Unwrap()) > 0 {
				err = e.Unwrap()[0]
			}
		default:
			err = nil
		}
	}
	return list
}

// isWrapper reports whether an error only wraps another one.
func isWrapper(err error) bool {
	switch err.(type) { //nolint:errorlint // the type of err itself counts
	case *fault.Error, *Panic, *models.PanicError:
		return len(chain(err)) > 1
	}
	switch reflect.TypeOf(err).String() { // types that their packages do not export
	case "*fmt.wrapError", "*fmt.wrapErrors", "*errors.joinError", "*fault.traced":
		return len(chain(err)) > 1
	}
	return false
}

// class returns an error's type, or "panic".
func class(err error) string {
	switch err.(type) { //nolint:errorlint // the type of err itself is its class
	case *Panic, *models.PanicError:
		return "panic"
	}
	return reflect.TypeOf(err).String()
}

// Panic is a panic as an error, with its stack.
type Panic struct {
	Value  any
	frames []Frame
}

// Error returns "panic: " and the value.
func (p *Panic) Error() string {
	if written, ok := p.Value.(*models.PanicError); ok { // raised again: its text has the prefix already
		return written.Error()
	}
	return fmt.Sprintf("panic: %v", p.Value)
}

// Unwrap returns the value if that is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// FromPanic returns a recovered value as an error. Only the deferred function that called
// recover can call it, since its callers are the panic's stack.
func FromPanic(value any) *Panic {
	pcs := make([]uintptr, 2*maxFrames)
	var list []Frame
	panicking := true // the runtime calls that run the deferred function come first
	for frames, more := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)]), true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if panicking {
			panicking = f.Function != "runtime.gopanic"
			continue
		}
		list = append(list, frameOf(f.Function, f.File, f.Line))
	}
	return &Panic{Value: value, frames: withoutRuntime(list)}
}

// framesOf returns the stack of an error, innermost call first.
func framesOf(err error) []Frame {
	var written *models.PanicError
	if errors.As(err, &written) { // a panic of a write, on another goroutine
		return parseStack(written.Stack)
	}
	var p *Panic
	if errors.As(err, &p) {
		return p.frames
	}
	var list []Frame
	for _, f := range fault.StackOf(err) {
		list = append(list, frameOf(f.Function, f.File, f.Line))
	}
	return withoutRuntime(list)
}

func frameOf(function, file string, line int) Frame {
	module, name := split(function)
	return Frame{
		Module:   module,
		Function: name,
		File:     path.Base(path.Dir(file)) + "/" + path.Base(file),
		Line:     line,
		InApp:    strings.HasPrefix(function, ownPrefix) || strings.HasPrefix(function, "main."),
	}
}

// split separates a function's name from its package's path.
func split(function string) (module, name string) {
	slash := strings.LastIndex(function, "/") + 1
	dot := strings.Index(function[slash:], ".")
	if dot < 0 {
		return "", function
	}
	return function[:slash+dot], function[slash+dot+1:]
}

// withoutRuntime returns the calls of a stack but those of the runtime.
func withoutRuntime(list []Frame) []Frame {
	var kept []Frame
	for _, f := range list {
		if f.Module != "runtime" && f.Module != "runtime/debug" {
			kept = append(kept, f)
		}
	}
	return kept
}

// parseStack reads a stack in the format of runtime/debug, from the panic on.
func parseStack(stack []byte) []Frame {
	var list []Frame
	var function string
	panicked := !bytes.Contains(stack, []byte("\npanic("))
	for lines := bufio.NewScanner(bytes.NewReader(stack)); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "panic("):
			panicked, function = true, ""
		case !panicked || strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "created by "):
			function = ""
		case strings.HasPrefix(line, "\t") && function != "":
			file, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
			number, _, _ := strings.Cut(rest, " ")
			n, _ := strconv.Atoi(number) //nolint:errcheck // 0 = unknown
			list, function = append(list, frameOf(function, file, n)), ""
		case !strings.HasPrefix(line, "\t"):
			function = line
			if open := strings.LastIndex(line, "("); open > 0 {
				function = line[:open]
			}
		}
	}
	return withoutRuntime(list)
}
