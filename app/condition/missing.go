package condition

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// comparisons are the calls that are false where what they compare is missing.
var comparisons = map[string]bool{
	"_==_": true, "_!=_": true, "_<_": true, "_<=_": true, "_>_": true, "_>=_": true, "@in": true,
	"contains": true, "startsWith": true, "endsWith": true, "matches": true,
}

// plan returns the program of a syntax tree.
func plan(env *cel.Env, a *ast.AST) (cel.Program, error) {
	guarded, rounds, patterns := map[int64]bool{}, map[int64]bool{}, map[string]int{}
	visit(a.Expr(), func(e ast.Expr) {
		switch e.Kind() {
		case ast.CallKind:
			call := e.AsCall()
			guarded[e.ID()] = comparisons[call.FunctionName()]
			if pattern, ok := patternOf(call); ok && call.FunctionName() == "matches" {
				if size, err := types.RegexProgramSize(pattern); err == nil {
					patterns[pattern] = size
				}
			}
		case ast.ComprehensionKind: // exists, all and exists_one, not map and filter
			guarded[e.ID()] = a.GetType(e.ID()).IsExactType(types.BoolType)
			rounds[e.AsComprehension().LoopCondition().ID()] = true
		case ast.SelectKind:
			guarded[e.ID()] = e.AsSelect().IsTestOnly()
		default:
		}
	})
	return env.PlanProgram(a,
		cel.CustomDecoratorV2(compilePatterns), cel.CustomDecoratorV2(compareScalars),
		cel.CustomDecoratorV2(func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
			switch {
			case rounds[i.ID()]:
				return &interruptible{i}, nil
			case guarded[i.ID()]:
				return &guarding{i}, nil
			default:
				return i, nil
			}
		}),
		cel.CostTracking(costs{patterns}), cel.CostLimit(MaxCost), cel.InterruptCheckFrequency(1),
	)
}

// costs counts what calls on texts cost. CEL would count the characters of a text first, which
// takes longer than most calls.
type costs struct{ patterns map[string]int }

// CallCost returns the cost of a call, nil for CEL's own.
func (c costs) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	n := uint64(1)
	if types.IsError(result) {
		return &n // it did not start
	}
	switch function {
	case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
		n = 1 + min(length(args[0]), length(args[1]))/10
	case "contains":
		n = 1 + (length(args[0])+length(args[1]))/10
	case "_+_":
		if _, ok := args[0].(types.String); !ok {
			return nil // lists are joined without a copy
		}
		n = 1 + (length(args[0])+length(args[1]))/10
	case "lowerAscii", "upperAscii", "trim":
		n = 1 + length(args[0])/10
	case "size":
		if _, ok := args[0].(types.String); !ok {
			return nil
		}
		n = 1 + length(args[0])/100 // its characters are counted
	case "startsWith", "endsWith":
		n = 1 + length(args[1])/10
	case "matches":
		return patternCost(args, c.patterns)
	default:
		return nil
	}
	return &n
}

// length returns the length of a text, the size of a list, and 0 for other values.
func length(v ref.Val) uint64 {
	switch v := v.(type) {
	case types.String:
		return uint64(len(v))
	case traits.Lister:
		if n, ok := v.Size().(types.Int); ok && n > 0 {
			return uint64(n)
		}
	}
	return 0
}

// compareScalars replaces comparisons by those of single values: to compare a whole list takes time
// that is not counted.
func compareScalars(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || len(call.Args()) != 2 {
		return i, nil
	}
	var compare func(args ...ref.Val) ref.Val
	switch call.Function() {
	case "_==_":
		compare = func(args ...ref.Val) ref.Val {
			if isContainer(args[0]) && isContainer(args[1]) {
				return types.NewErr("%s", noContainers)
			}
			return types.Equal(args[0], args[1])
		}
	case "_!=_":
		compare = func(args ...ref.Val) ref.Val {
			if isContainer(args[0]) && isContainer(args[1]) {
				return types.NewErr("%s", noContainers)
			}
			return types.Bool(types.Equal(args[0], args[1]) != types.True)
		}
	case "@in":
		compare = func(args ...ref.Val) ref.Val {
			in, ok := args[1].(traits.Container)
			if !ok {
				return types.NoSuchOverloadErr()
			}
			if isContainer(args[0]) {
				return types.NewErr("%s", noContainers)
			}
			return in.Contains(args[0])
		}
	default:
		return i, nil
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), compare), nil
}

const noContainers = "whole lists and objects cannot be compared: compare single fields, or use size, in or exists"

// isContainer reports whether a value is a list or an object.
func isContainer(v ref.Val) bool {
	switch v.(type) {
	case traits.Lister, traits.Mapper:
		return true
	default:
		return false
	}
}

// patternSteps is how many instructions of a regular expression on one character cost one unit.
const patternSteps = 50

// patternCost returns what it costs to search a text for a pattern, nil if they are no texts.
func patternCost(args []ref.Val, sizes map[string]int) *uint64 {
	if len(args) != 2 {
		return nil
	}
	text, ok := args[0].(types.String)
	pattern, known := args[1].(types.String)
	if !ok || !known {
		return nil
	}
	n := uint64(len(text))*uint64(max(sizes[string(pattern)], 1))/patternSteps + 1
	return &n
}

// compilePatterns replaces a search for a pattern by one whose pattern is compiled, and that
// refuses, before it starts, what would exceed the limit: a search cannot be interrupted.
func compilePatterns(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || call.Function() != "matches" || len(call.Args()) != 2 {
		return i, nil
	}
	literal, ok := call.Args()[1].(interpreter.InterpretableConst)
	if !ok {
		return i, nil
	}
	pattern, ok := literal.Value().(types.String)
	if !ok {
		return i, nil
	}
	compiled, err := regexp.Compile(string(pattern))
	if err != nil {
		return nil, err
	}
	size, err := types.RegexProgramSize(string(pattern))
	if err != nil {
		return nil, err
	}
	sizes := map[string]int{string(pattern): size}
	search := func(args ...ref.Val) ref.Val {
		text, ok := args[0].(types.String)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		if n := patternCost(args, sizes); n == nil || *n > MaxCost {
			return types.NewErr("a text of %d characters is too long for the pattern", len(text))
		}
		return types.Bool(compiled.MatchString(string(text)))
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), search), nil
}

// interruptible is the condition of a loop, which is asked in each round. CEL interrupts only loops
// that no decorator has wrapped: map and filter.
type interruptible struct{ interpreter.InterpretableV2 }

// Exec gives up the evaluation if time has run out.
func (i *interruptible) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	if frame.CheckInterrupt() {
		panic(interpreter.EvalCancelledError{Message: "out of time", Cause: interpreter.ContextCancelled})
	}
	return i.InterpretableV2.Exec(frame)
}

// Eval evaluates the condition alone.
func (i *interruptible) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, i.Exec)
}

// guarding is a part of a condition that is false where a field is missing.
type guarding struct{ interpreter.InterpretableV2 }

// Exec evaluates the part within an evaluation.
func (g *guarding) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	val := g.InterpretableV2.Exec(frame)
	err, ok := val.(*types.Err)
	if !ok {
		return val
	}
	if isMissing(err) || isNoOverload(err) && g.comparesNull(frame) || isNullRange(err) {
		return types.False
	}
	return val
}

// Eval evaluates the part alone.
func (g *guarding) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, g.Exec)
}

// comparesNull reports whether an argument of the call is null, which counts as missing.
func (g *guarding) comparesNull(frame *interpreter.ExecutionFrame) bool {
	call, ok := g.InterpretableV2.(interpreter.InterpretableCall)
	if !ok {
		return false
	}
	for _, arg := range call.Args() {
		if arg.Exec(frame) == types.NullValue {
			return true
		}
	}
	return false
}

// CEL has no types for these errors, only texts; TestMissingIsFalse holds them.

// isMissing reports whether a key or an entry of a list is missing.
func isMissing(err error) bool {
	text := errorOf(err)
	return strings.HasPrefix(text, "no such key") || strings.HasPrefix(text, "index out of bounds") ||
		strings.HasPrefix(text, "index '") && strings.Contains(text, "out of range")
}

// isNoOverload reports whether values of these types cannot be compared.
func isNoOverload(err error) bool { return strings.HasPrefix(errorOf(err), "no such overload") }

// isNullRange reports whether a loop was over null.
func isNullRange(err error) bool {
	return strings.HasPrefix(errorOf(err), fmt.Sprintf("got '%T'", types.NullValue))
}
