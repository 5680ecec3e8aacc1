package condition

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// The time of one evaluation. Cost bounds it already: time is the second bound. A busy machine can
// use up the first, so that a condition is only given up after the second.
const (
	firstLimit  = 5 * time.Millisecond
	secondLimit = 50 * time.Millisecond
)

// Product is the product of an event.
type Product struct {
	ID          int64
	Name, Group string
}

// Event is what a condition reads, as its owner can see it: the caller masks what they cannot.
type Event struct {
	Type     string
	Time     time.Time
	Actor    string
	Product  *Product // nil: none, its fields are missing
	Severity string   // empty: null
	Tone     string
	Title    string
	Payload  []byte // a JSON object
}

// Input is an event that was decoded for any number of evaluations, at once too.
type Input struct{ vars map[string]any }

// NewInput decodes an event. It returns an error if the payload is no JSON object.
func NewInput(e Event) (Input, error) {
	payload, err := decode(e.Payload)
	if err != nil {
		return Input{}, fmt.Errorf("decode payload of %s: %w", e.Type, err)
	}
	product := map[string]any{}
	if e.Product != nil {
		product["id"], product["name"] = e.Product.ID, e.Product.Name
		if e.Product.Group != "" {
			product["group"] = e.Product.Group
		}
	}
	var severity any
	if e.Severity != "" {
		severity = e.Severity
	}
	return Input{map[string]any{
		"event": payload, "event_type": e.Type, "time": e.Time, "actor": e.Actor, "product": product,
		"severity": severity, "tone": e.Tone, "title": e.Title,
	}}, nil
}

// decode returns a JSON object, with whole numbers as such.
func decode(payload []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("it is null, not an object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	for key, value := range object {
		object[key] = numbers(value)
	}
	return object, nil
}

// numbers replaces the numbers of a decoded value by integers and floats.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String() // larger than any float
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f)
		}
		return f
	case map[string]any:
		for key, one := range v {
			v[key] = numbers(one)
		}
	case []any:
		for i, one := range v {
			v[i] = numbers(one)
		}
	}
	return value
}

// Outcome is whether a condition holds.
type Outcome string

// The outcomes.
const (
	NotMatched Outcome = "not_matched"
	Matched    Outcome = "matched"
	Unsure     Outcome = "unsure" // it failed: the rule sends, and says why
)

// Result is the result of an evaluation. Why is a sentence with Unsure, else empty.
type Result struct {
	Outcome Outcome
	Why     string
}

// Eval evaluates the condition for an event. The only error is that of ctx: the caller gave up,
// and nothing is known.
func (p *Program) Eval(ctx context.Context, in Input) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if p.program == nil {
		return Result{Outcome: Matched}, nil
	}
	return evaluate(ctx, p.program, p.loops, in, firstLimit, secondLimit)
}

// evaluate runs a program, once more with the next limit whenever time runs out.
func evaluate(ctx context.Context, program cel.Program, loops bool, in Input, limits ...time.Duration) (Result,
	error,
) {
	if !loops { // nothing can be interrupted
		out, _, err := program.Eval(in.vars)
		return resultOf(out, err), nil
	}
	var result Result
	for _, limit := range limits {
		limited, cancel := context.WithTimeout(ctx, limit)
		out, _, err := program.ContextEval(limited, in.vars)
		cancel()
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		result = resultOf(out, err)
		if !isOutOfTime(err) {
			return result, nil
		}
	}
	return result, nil
}

// isOutOfTime reports whether an evaluation was interrupted.
func isOutOfTime(err error) bool {
	cancelled, ok := errors.AsType[interpreter.EvalCancelledError](err)
	return ok && cancelled.Cause == interpreter.ContextCancelled || errors.Is(err, interpreter.InterruptError{})
}

// resultOf returns what an evaluation means.
func resultOf(out any, err error) Result {
	cancelled, stopped := errors.AsType[interpreter.EvalCancelledError](err)
	switch {
	case err == nil:
	case isMissing(err):
		return Result{Outcome: NotMatched}
	case stopped && cancelled.Cause == interpreter.CostLimitExceeded:
		return unsure("it is too expensive for this event")
	case isOutOfTime(err):
		return unsure("it took too long for this event")
	case isNoOverload(err):
		return unsure("it compares values of different types")
	default:
		return unsure(errorOf(err))
	}
	switch v := out.(type) {
	case types.Bool:
		if v {
			return Result{Outcome: Matched}
		}
		return Result{Outcome: NotMatched}
	case types.Null:
		return Result{Outcome: NotMatched}
	case interface{ Value() any }:
		return unsure("its result is " + show(v.Value()) + ", not true or false")
	default:
		return unsure("it has no result")
	}
}

func unsure(why string) Result {
	return Result{Outcome: Unsure, Why: "The condition could not be evaluated: " + shorten(why, 200)}
}
