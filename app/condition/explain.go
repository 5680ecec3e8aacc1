package condition

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"
)

// Reading is a value that a term read.
type Reading struct {
	Path    string // such as `event.urgency`
	Missing bool
	Value   string // as JSON, shortened
}

// Term is one of the parts of a condition that must all hold.
type Term struct {
	Text     string
	Result   Result
	Readings []Reading
}

// String returns a sentence: "`event.urgency > 80` is false (it is 60)".
func (t Term) String() string {
	text := "`" + t.Text + "` is "
	switch t.Result.Outcome {
	case Matched:
		text += "true"
	case NotMatched:
		text += "false"
	default:
		text += "not known"
	}
	if len(t.Readings) == 0 {
		return text
	}
	values := make([]string, len(t.Readings))
	for i, r := range t.Readings {
		subject := "`" + r.Path + "`"
		if len(t.Readings) == 1 {
			subject = "it"
		}
		values[i] = subject + " is " + r.Value
		if r.Missing {
			values[i] = subject + " is missing"
		}
	}
	return text + " (" + strings.Join(values, ", ") + ")"
}

// Explain evaluates each of the parts that `&&` joins, with the values that it read. The only error
// is that of ctx, like Eval's. It compiles each part: Eval is for many events.
func (p *Program) Explain(ctx context.Context, in Input) ([]Term, error) {
	if p.program == nil {
		return nil, ctx.Err()
	}
	a := p.checked.NativeRep()
	var terms []Term
	for _, e := range conjuncts(a.Expr()) {
		result, err := p.evalPart(ctx, in, e)
		if err != nil {
			return nil, err
		}
		text, err := parser.Unparse(e, a.SourceInfo())
		if err != nil {
			text = "part " + fmt.Sprint(len(terms)+1)
		}
		term := Term{Text: text, Result: result}
		for _, read := range reads(e) {
			reading, err := p.read(in, read)
			if err != nil {
				continue // it has no text of its own
			}
			if !slices.ContainsFunc(term.Readings, func(r Reading) bool { return r.Path == reading.Path }) {
				term.Readings = append(term.Readings, reading)
			}
		}
		terms = append(terms, term)
	}
	return terms, ctx.Err()
}

// evalPart evaluates one part of the condition.
func (p *Program) evalPart(ctx context.Context, in Input, e ast.Expr) (Result, error) {
	program, err := plan(p.env, subtree(p.checked.NativeRep(), e))
	if err != nil {
		return unsure(err.Error()), ctx.Err()
	}
	return evaluate(ctx, program, hasLoop(e), in, firstLimit, secondLimit)
}

// read returns the value of a selection.
func (p *Program) read(in Input, e ast.Expr) (Reading, error) {
	a := p.checked.NativeRep()
	path, err := parser.Unparse(e, a.SourceInfo())
	if err != nil {
		return Reading{}, err
	}
	program, err := plan(p.env, subtree(a, e))
	if err != nil {
		return Reading{}, err
	}
	out, _, err := program.Eval(in.vars)
	if err != nil {
		return Reading{Path: path, Missing: true}, nil //nolint:nilerr // an error says that it is missing
	}
	if optional, ok := out.(*types.Optional); ok {
		if !optional.HasValue() {
			return Reading{Path: path, Missing: true}, nil
		}
		out = optional.GetValue()
	}
	return Reading{Path: path, Value: showValue(out)}, nil
}

// conjuncts returns the parts that `&&` joins, in their order.
func conjuncts(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "_&&_" {
		return []ast.Expr{e}
	}
	var parts []ast.Expr
	for _, arg := range e.AsCall().Args() {
		parts = append(parts, conjuncts(arg)...)
	}
	return parts
}

// reads returns the longest selections that start at a variable, not at that of a loop.
func reads(e ast.Expr) []ast.Expr {
	var found []ast.Expr
	var walk func(e ast.Expr, local []string)
	walk = func(e ast.Expr, local []string) {
		if root, ok := rootOf(e); ok {
			if !slices.Contains(local, root) {
				found = append(found, e)
			}
			return
		}
		switch e.Kind() {
		case ast.SelectKind: // has() reads only whether there is one
			if !e.AsSelect().IsTestOnly() {
				walk(e.AsSelect().Operand(), local)
			}
		case ast.CallKind:
			if e.AsCall().IsMemberFunction() {
				walk(e.AsCall().Target(), local)
			}
			for _, arg := range e.AsCall().Args() {
				walk(arg, local)
			}
		case ast.ListKind:
			for _, one := range e.AsList().Elements() {
				walk(one, local)
			}
		case ast.ComprehensionKind:
			l := e.AsComprehension()
			walk(l.IterRange(), local)
			walk(l.LoopStep(), append(slices.Clip(local), l.IterVar(), l.AccuVar()))
		default:
		}
	}
	walk(e, nil)
	return found
}

// rootOf returns the variable at which a selection starts. ok is false for other expressions.
func rootOf(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), true
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			return "", false
		}
		return rootOf(e.AsSelect().Operand())
	case ast.CallKind:
		call := e.AsCall()
		switch call.FunctionName() {
		case "_[_]", "_?._", "_[?_]":
			if call.Args()[1].Kind() == ast.LiteralKind {
				return rootOf(call.Args()[0])
			}
		}
	default:
	}
	return "", false
}

// showValue returns a value as JSON, shortened.
func showValue(v ref.Val) string {
	if t, ok := v.Value().(time.Time); ok {
		return t.UTC().Format(time.RFC3339)
	}
	native, err := v.ConvertToNative(reflect.TypeFor[any]())
	if err != nil {
		native = v.Value()
	}
	return show(native)
}

// show returns a value as JSON, shortened. Of a list it says how long it is.
func show(value any) string {
	text := fmt.Sprint(value)
	if b, err := json.Marshal(value); err == nil {
		text = string(b)
	}
	text = shorten(text, 100)
	if list, ok := value.([]any); ok {
		entries := " entries: "
		if len(list) == 1 {
			entries = " entry: "
		}
		return fmt.Sprint("a list of ", len(list), entries, text)
	}
	return text
}
