package condition

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Read returns the rows of a form for an expression. ok is false for an expression that a form
// cannot show: it was written by hand. Print of the rows means the same as the expression.
func Read(expression string) (rows []Row, ok bool) {
	if strings.TrimSpace(expression) == "" {
		return nil, true
	}
	env, err := environment()
	if err != nil {
		return nil, false
	}
	checked, err := parse(env, expression)
	if err != nil {
		return nil, false
	}
	rows, ok = readRows(checked.NativeRep().Expr(), "")
	if !ok || countRows(rows) > MaxRows {
		return nil, false
	}
	return rows, true
}

func countRows(rows []Row) int {
	n := len(rows)
	for _, row := range rows {
		n += countRows(row.Rows)
	}
	return n
}

// readRows returns the rows of terms that `&&` joins, of an entry of a list if it has a name.
func readRows(e ast.Expr, entry string) ([]Row, bool) {
	var rows []Row
	for _, term := range conjuncts(e) {
		row, ok := readRow(term, entry)
		if !ok {
			return nil, false
		}
		if n := len(rows); n > 0 && row.Comparison == AtMost && rows[n-1].Comparison == AtLeast &&
			rows[n-1].Field == row.Field {
			rows[n-1] = Row{Field: row.Field, Comparison: Between, Values: []string{rows[n-1].Values[0], row.Values[0]}}
			continue
		}
		rows = append(rows, row)
	}
	return rows, true
}

// readRow returns the row of one comparison.
func readRow(e ast.Expr, entry string) (Row, bool) {
	if e.Kind() == ast.ComprehensionKind && entry == "" {
		return readHas(e.AsComprehension())
	}
	if e.Kind() != ast.CallKind {
		return Row{}, false
	}
	call := e.AsCall()
	if call.IsMemberFunction() {
		return readMethod(call, entry)
	}
	args := call.Args()
	if len(args) != 2 {
		return Row{}, false
	}
	name := call.FunctionName()
	if name == "@in" {
		return readOneOf(args, entry)
	}
	if at, ok := timeLiteral(args[1]); ok {
		return readTime(name, args[0], at, entry)
	}
	field, ok := pathOf(args[0], entry)
	if !ok || args[1].Kind() != ast.LiteralKind {
		return Row{}, false
	}
	return readValue(name, field, args[1])
}

// readValue returns the row of a comparison with a literal.
func readValue(name, field string, literal ast.Expr) (Row, bool) {
	var value string
	var by map[string]Comparison
	switch v := literal.AsLiteral().(type) {
	case types.String:
		value, by = string(v), map[string]Comparison{"_==_": Is, "_!=_": IsNot}
	case types.Int:
		value, by = strconv.FormatInt(int64(v), 10), numberComparisons
	case types.Double:
		value, by = float(float64(v)), numberComparisons
	case types.Bool:
		if name != "_==_" {
			return Row{}, false
		}
		if v {
			return Row{Field: field, Comparison: IsTrue}, true
		}
		return Row{Field: field, Comparison: IsFalse}, true
	}
	comparison, ok := by[name]
	return Row{Field: field, Comparison: comparison, Values: []string{value}}, ok
}

var numberComparisons = map[string]Comparison{
	"_==_": Equal, "_!=_": NotEqual, "_<_": Less, "_<=_": AtMost, "_>_": More, "_>=_": AtLeast,
}

// readMethod returns the row of a call such as `event.title.contains("x")`.
func readMethod(call ast.CallExpr, entry string) (Row, bool) {
	field, ok := pathOf(call.Target(), entry)
	if !ok || len(call.Args()) != 1 || call.Args()[0].Kind() != ast.LiteralKind {
		return Row{}, false
	}
	value, ok := call.Args()[0].AsLiteral().(types.String)
	if !ok {
		return Row{}, false
	}
	for comparison, name := range methods {
		if name == call.FunctionName() {
			return Row{Field: field, Comparison: comparison, Values: []string{string(value)}}, true
		}
	}
	return Row{}, false
}

// readOneOf returns the row of `field in ["a", "b"]`.
func readOneOf(args []ast.Expr, entry string) (Row, bool) {
	field, ok := pathOf(args[0], entry)
	if !ok || args[1].Kind() != ast.ListKind || args[1].AsList().Size() == 0 ||
		len(args[1].AsList().OptionalIndices()) > 0 {
		return Row{}, false
	}
	row := Row{Field: field, Comparison: OneOf}
	for _, one := range args[1].AsList().Elements() {
		if one.Kind() != ast.LiteralKind {
			return Row{}, false
		}
		value, ok := one.AsLiteral().(types.String)
		if !ok {
			return Row{}, false
		}
		row.Values = append(row.Values, string(value))
	}
	return row, true
}

// readTime returns the row of `timestamp(field) > timestamp("...")`.
func readTime(name string, left ast.Expr, at, entry string) (Row, bool) {
	comparison := map[string]Comparison{"_>_": After, "_<_": Before}[name]
	if comparison == "" {
		return Row{}, false
	}
	field, ok := pathOf(left, entry)
	if ok && field == "time" && entry == "" {
		return Row{Field: field, Comparison: comparison, Values: []string{at}}, true
	}
	arg, ok := timestampOf(left)
	if !ok {
		return Row{}, false
	}
	field, ok = pathOf(arg, entry)
	return Row{Field: field, Comparison: comparison, Values: []string{at}}, ok
}

// timestampOf returns the argument of a call of timestamp.
func timestampOf(e ast.Expr) (ast.Expr, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "timestamp" || len(e.AsCall().Args()) != 1 {
		return nil, false
	}
	return e.AsCall().Args()[0], true
}

// timeLiteral returns the time of `timestamp("...")`.
func timeLiteral(e ast.Expr) (string, bool) {
	arg, ok := timestampOf(e)
	if !ok || arg.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := arg.AsLiteral().(types.String)
	if !ok {
		return "", false
	}
	at, err := time.Parse(time.RFC3339, string(text))
	return at.UTC().Format(time.RFC3339Nano), err == nil
}

// readHas returns the row of `list.exists(x, ...)`.
func readHas(l ast.ComprehensionExpr) (Row, bool) {
	field, ok := pathOf(l.IterRange(), "")
	if !ok || l.HasIterVar2() || !isBool(l.AccuInit(), false) || l.LoopStep().Kind() != ast.CallKind ||
		l.Result().Kind() != ast.IdentKind {
		return Row{}, false
	}
	step := l.LoopStep().AsCall()
	if step.FunctionName() != "_||_" || len(step.Args()) != 2 || slices.Contains(variables, l.IterVar()) {
		return Row{}, false
	}
	rows, ok := readRows(step.Args()[1], l.IterVar())
	return Row{Field: field, Comparison: Has, Rows: rows}, ok
}

func isBool(e ast.Expr, value bool) bool {
	return e.Kind() == ast.LiteralKind && e.AsLiteral() == types.Bool(value)
}

// pathOf returns the path of a selection: from a variable, or from an entry of a list without its name.
func pathOf(e ast.Expr, entry string) (string, bool) {
	var parts []string
	for e.Kind() == ast.SelectKind {
		if e.AsSelect().IsTestOnly() {
			return "", false
		}
		parts = append(parts, e.AsSelect().FieldName())
		e = e.AsSelect().Operand()
	}
	if e.Kind() != ast.IdentKind {
		return "", false
	}
	root := e.AsIdent()
	slices.Reverse(parts)
	if entry != "" {
		name := strings.Join(parts, ".")
		return name, root == entry && (name == "" || validPath(name))
	}
	name := strings.Join(append([]string{root}, parts...), ".")
	return name, slices.Contains(variables, root) && name != "event" && validPath(name)
}
