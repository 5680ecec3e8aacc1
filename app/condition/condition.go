// Package condition compiles and evaluates the conditions of rules: expressions in CEL that are true
// or false for an event. It checks them against a catalog of fields, bounds what they cost, and
// converts the rows of a form to expressions and back. It is pure: it reads no database and no clock.
package condition

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// The bounds of an expression.
const (
	MaxExpression = 4_000   // characters
	MaxCost       = 100_000 // of an evaluation, in CEL's units: estimated when it is saved, counted when it runs
	maxPattern    = 500     // instructions of a compiled regular expression
	maxDepth      = 100     // of nested parentheses, lists and calls
)

// Fault is what is wrong in an expression, and where.
type Fault struct {
	Line, Column int // of the first character, from 1; 0 where the fault is not at one place
	Text         string
}

// Faults are all faults of an expression, in their order.
type Faults []Fault

// Error returns the faults, one a line, such as "1:7: gate.changed has no field `urgency`".
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Text
		if one.Line > 0 {
			lines[i] = fmt.Sprintf("%d:%d: %s", one.Line, one.Column, one.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// Program is a compiled condition. It can be evaluated by several goroutines at once.
type Program struct {
	checked   *cel.Ast // nil: no condition, always true
	env       *cel.Env
	program   cel.Program
	loops     bool // it has a loop over a list, so that time bounds it too
	estimated uint64
}

// Cost returns the estimate of what an evaluation costs at most.
func (p *Program) Cost() uint64 { return p.estimated }

// Compile compiles the condition of a rule for events of some types, of which the catalog knows
// the fields. An empty expression holds for each event. Any error is of type Faults.
func Compile(expression string, eventTypes []string, catalog Fields) (*Program, error) {
	if strings.TrimSpace(expression) == "" {
		return &Program{}, nil
	}
	env, err := environment()
	if err != nil {
		return nil, Faults{{Text: err.Error()}}
	}
	checked, err := parse(env, expression)
	if err != nil {
		return nil, err
	}
	native := checked.NativeRep()
	if out := checked.OutputType(); !out.IsExactType(types.BoolType) && !out.IsExactType(types.DynType) {
		return nil, Faults{faultAt(native, native.Expr().ID(), fmt.Sprintf("The condition is of type %s: "+
			"write a comparison, such as `event.urgency > 80`", typeName(out.String())))}
	}
	if faults := checkFields(native, eventTypes, catalog); len(faults) > 0 {
		return nil, faults
	}
	p := &Program{checked: checked, env: env, loops: hasLoop(native.Expr())}
	if p.estimated, err = checkCost(env, checked); err != nil {
		return nil, err
	}
	if p.program, err = plan(env, native); err != nil {
		return nil, Faults{{Text: sentence(err.Error())}}
	}
	return p, nil
}

// environment returns the environment of all conditions.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("event_type", cel.StringType),
		cel.Variable("time", cel.TimestampType),
		cel.Variable("actor", cel.StringType),
		cel.Variable("product", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("severity", cel.DynType),
		cel.Variable("tone", cel.StringType),
		cel.Variable("title", cel.StringType),
		textFunction("lowerAscii", lowerASCII), textFunction("upperAscii", upperASCII), textFunction("trim",
			strings.TrimSpace),
		cel.OptionalTypes(),
		cel.EnableMacroCallTracking(), // for the text of a term
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(MaxExpression), cel.ParserRecursionLimit(maxDepth),
		cel.ParserErrorRecoveryLimit(5),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(1), allowed{},
		),
	)
})

// parse returns the checked syntax tree of an expression.
func parse(env *cel.Env, expression string) (*cel.Ast, error) {
	if n := utf8.RuneCountInString(expression); n > MaxExpression {
		return nil, Faults{{Text: fmt.Sprintf("The expression has %d characters: at most %d are allowed. "+
			"Split it into several rules", n, MaxExpression)}}
	}
	parsed, issues := env.Parse(expression)
	if issues.Err() != nil {
		return nil, faultsOf(issues)
	}
	if faults := unknownCalls(parsed.NativeRep()); len(faults) > 0 {
		return nil, faults
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, faultsOf(issues)
	}
	return checked, nil
}

// textFunction declares a function of a text that returns a text no longer than it. CEL's library
// of them has others that can multiply a text, and is large.
func textFunction(name string, f func(string) string) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("text_"+name, []*cel.Type{cel.StringType}, cel.StringType,
		cel.UnaryBinding(func(v ref.Val) ref.Val {
			text, ok := v.(types.String)
			if !ok {
				return types.NoSuchOverloadErr()
			}
			return types.String(f(string(text)))
		})))
}

func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

func upperASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r + 'A' - 'a'
		}
		return r
	}, text)
}

// functions are what a condition can call, beside macros.
var functions = map[string]bool{
	"_&&_": true, "_||_": true, "!_": true, "_?_:_": true,
	"_==_": true, "_!=_": true, "_<_": true, "_<=_": true, "_>_": true, "_>=_": true, "@in": true,
	"_+_": true, "_-_": true, "_*_": true, "_/_": true, "_%_": true, "-_": true,
	"_[_]": true, "_[?_]": true, "_?._": true, "orValue": true, "or": true, "hasValue": true, "value": true,
	"of": true, "none": true, "ofNonZeroValue": true, // after "optional."
	"contains": true, "startsWith": true, "endsWith": true, "matches": true, "size": true,
	"lowerAscii": true, "upperAscii": true, "trim": true,
	"int": true, "uint": true, "double": true, "string": true, "bool": true, "dyn": true, "type": true,
	"timestamp": true, "duration": true,
	"getFullYear": true, "getMonth": true, "getDate": true, "getDayOfMonth": true, "getDayOfWeek": true,
	"getDayOfYear": true, "getHours": true, "getMinutes": true, "getSeconds": true, "getMilliseconds": true,
	"@not_strictly_false": true,
}

// unknownCalls returns an error for each call of a function that is not in the list.
func unknownCalls(a *ast.AST) Faults {
	var faults Faults
	visit(a.Expr(), func(e ast.Expr) {
		if e.Kind() == ast.CallKind && !functions[e.AsCall().FunctionName()] {
			faults = append(faults, faultAt(a, e.ID(),
				code(e.AsCall().FunctionName())+" is not available here: use contains, "+
					"startsWith, endsWith, matches, size, lowerAscii, upperAscii, trim, exists, all or filter"))
		}
	})
	return faults
}

// allowed refuses what takes time that is not counted, or that is not known in advance.
type allowed struct{}

// Name returns the name of the validator.
func (allowed) Name() string { return "gatecrier.allowed" }

// Validate reports calls that a condition must not have.
func (allowed) Validate(_ *cel.Env, _ cel.ValidatorConfig, a *ast.AST, issues *cel.Issues) {
	visit(a.Expr(), func(e ast.Expr) {
		if e.Kind() == ast.StructKind {
			issues.ReportErrorAtID(e.ID(), "Objects cannot be created here: compare single fields")
		}
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		switch call.FunctionName() {
		case "_==_", "_!=_":
			for _, arg := range call.Args() {
				if arg.Kind() == ast.ListKind || arg.Kind() == ast.MapKind {
					issues.ReportErrorAtID(e.ID(), "%s", upper(noContainers))
					return
				}
			}
		case "matches":
			checkPattern(e, call, issues)
		}
	})
}

// checkPattern reports a pattern that is not known in advance, or too large.
func checkPattern(e ast.Expr, call ast.CallExpr, issues *cel.Issues) {
	pattern, ok := patternOf(call)
	if !ok {
		issues.ReportErrorAtID(e.ID(), "The pattern of `matches` must be a text in quotes")
		return
	}
	if size, err := types.RegexProgramSize(pattern); err == nil && size > maxPattern {
		issues.ReportErrorAtID(e.ID(), "The pattern of `matches` is too large (%d steps, at most %d): "+
			"use smaller repetitions", size, maxPattern)
	}
}

// patternOf returns the literal pattern of a call of matches.
func patternOf(call ast.CallExpr) (string, bool) {
	args := call.Args()
	if len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind {
		return "", false
	}
	pattern, ok := args[len(args)-1].AsLiteral().(types.String)
	return string(pattern), ok
}

func hasLoop(e ast.Expr) bool {
	found := false
	visit(e, func(e ast.Expr) { found = found || e.Kind() == ast.ComprehensionKind })
	return found
}

func visit(e ast.Expr, f func(ast.Expr)) { ast.PreOrderVisit(e, ast.NewExprVisitor(f)) }

// errorOf returns the text of an error that CEL has wrapped in its own type.
func errorOf(err error) string {
	if wrapped, ok := errors.AsType[*types.Err](err); ok {
		return wrapped.Error()
	}
	return err.Error()
}
