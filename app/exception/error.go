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

// ownPrefix is what the names of this program's own functions begin with.
const ownPrefix = "gatecrier/"

// Of is the report of an error of Gatecrier itself: of a route or a task. Its
// class is that of the root cause, and where it came from is what fault.Trace
// has kept, or the stack of the panic that it is.
func Of(kind models.ExceptionKind, function string, err error) Report {
	r := Report{Kind: kind, Function: function, Message: err.Error(), Frames: framesOf(err)}
	root := err
	for _, e := range chain(err) {
		if std(e) {
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

// chain lists an error and what it was caused by, outermost first; of several
// that were joined, the first.
func chain(err error) []error {
	var list []error
	for err != nil && len(list) < maxCauses {
		list = append(list, err)
		switch e := err.(type) { //nolint:errorlint // each is looked at, one by one
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

// std reports whether an error only carries another one.
func std(err error) bool {
	switch reflect.TypeOf(err).String() {
	case "*fmt.wrapError",
		"*fmt.wrapErrors",
		"*errors.joinError",
		"*fault.traced",
		"*fault.Error",
		"*exception.Panic",
		"*models.PanicError":
		return len(chain(err)) > 1
	}
	return false
}

func class(err error) string {
	switch err.(type) { //nolint:errorlint // it is itself
	case *Panic, *models.PanicError:
		return "panic"
	}
	return reflect.TypeOf(err).String()
}

// Panic is a panic as an error, with the calls that led to it.
type Panic struct {
	Value  any
	frames []Frame
}

// Error tells the value.
func (p *Panic) Error() string {
	if written, ok := p.Value.(*models.PanicError); ok { // raised again: it says so itself
		return written.Error()
	}
	return fmt.Sprintf("panic: %v", p.Value)
}

// Unwrap gives the value where that is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Caught makes an error of what recover has returned; it is for the deferred
// function that called recover, whose callers are those of the panic.
func Caught(value any) *Panic {
	pcs := make([]uintptr, 2*maxFrames)
	var list []Frame
	panicking := true // what runs the deferred function comes first
	for frames, more := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)]), true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if panicking {
			panicking = f.Function != "runtime.gopanic"
			continue
		}
		list = append(list, frameOf(f.Function, f.File, f.Line))
	}
	return &Panic{Value: value, frames: clearOf(list)}
}

// framesOf is where an error came from, innermost first.
func framesOf(err error) []Frame {
	var written *models.PanicError
	if errors.As(err, &written) { // of a closure, on another goroutine
		return parse(written.Stack)
	}
	var p *Panic
	if errors.As(err, &p) {
		return p.frames
	}
	var list []Frame
	for _, f := range fault.StackOf(err) {
		list = append(list, frameOf(f.Function, f.File, f.Line))
	}
	return clearOf(list)
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

// split parts a function's name from its package's path.
func split(function string) (module, name string) {
	slash := strings.LastIndex(function, "/") + 1
	dot := strings.Index(function[slash:], ".")
	if dot < 0 {
		return "", function
	}
	return function[:slash+dot], function[slash+dot+1:]
}

// clearOf leaves out the runtime's own calls.
func clearOf(list []Frame) []Frame {
	var kept []Frame
	for _, f := range list {
		if f.Module != "runtime" && f.Module != "runtime/debug" {
			kept = append(kept, f)
		}
	}
	return kept
}

// parse reads a stack as runtime/debug writes it, from the panic on.
func parse(stack []byte) []Frame {
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
			n, _ := strconv.Atoi(number) //nolint:errcheck // 0 is not known
			list, function = append(list, frameOf(function, file, n)), ""
		case !strings.HasPrefix(line, "\t"):
			function = line
			if open := strings.LastIndex(line, "("); open > 0 {
				function = line[:open]
			}
		}
	}
	return clearOf(list)
}
