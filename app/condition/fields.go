package condition

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Kind is the kind of a field's values. It decides which comparisons a form offers.
type Kind string

// The kinds of fields.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Time   Kind = "time" // a text in RFC 3339; the variable `time` is a timestamp
	Choice Kind = "choice"
	List   Kind = "list"
	YesNo  Kind = "yes_no"
	Object Kind = "object" // has fields of its own, and cannot be compared
)

// Field describes one field of an event.
type Field struct {
	Name    string
	Kind    Kind
	Options []string // the values of a choice, or of a list of choices; empty: any text
	Item    Kind     // of a list of values: their kind; empty: it has Fields, or is not known
	Fields  []Field  // of an object, or of each entry of a list of objects
}

// entry returns the field that each entry of a list is.
func (f Field) entry(name string) Field {
	if len(f.Fields) > 0 {
		return Field{Name: name, Kind: Object, Fields: f.Fields}
	}
	return Field{Name: name, Kind: f.Item, Options: f.Options}
}

// Fields is a catalog: the fields of `event` by type of event. A type without an entry is foreign:
// what its events hold is not known, so nothing about it is checked.
type Fields map[string][]Field

// Variables returns the variables beside `event`, as fields.
func Variables() []Field {
	return []Field{
		{Name: "event_type", Kind: Text},
		{Name: "time", Kind: Time},
		{Name: "actor", Kind: Text},
		{Name: "product", Kind: Object, Fields: []Field{
			{Name: "id", Kind: Number}, {Name: "name", Kind: Text}, {Name: "group", Kind: Text},
		}},
		{Name: "severity", Kind: Choice, Options: []string{"critical", "high", "medium", "low", "none", "unknown"}},
		{Name: "tone", Kind: Text},
		{Name: "title", Kind: Text},
	}
}

// find returns the field of a path such as "event.asset.name" for a type of events. ok is false if
// there is none; unknown is true if the type is foreign, and the path could exist.
func (f Fields) find(eventType, path string) (found Field, ok, unknown bool) {
	root, rest, nested := strings.Cut(path, ".")
	fields := Variables()
	if root == "event" {
		known := false
		if fields, known = f[eventType]; !known {
			return Field{}, false, nested
		}
		if !nested {
			return Field{}, false, false
		}
		root, rest, nested = strings.Cut(rest, ".")
	}
	for {
		i := slices.IndexFunc(fields, func(one Field) bool { return one.Name == root })
		if i < 0 {
			return Field{}, false, false
		}
		if !nested {
			return fields[i], true, false
		}
		if fields[i].Kind != Object {
			return Field{}, false, false
		}
		fields = fields[i].Fields
		root, rest, nested = strings.Cut(rest, ".")
	}
}

// checker checks an expression for one type of events.
type checker struct {
	syntax    *ast.AST
	eventType string
	catalog   Fields
	scopes    map[string]Field // the variables of loops
	faults    Faults
	missing   map[int64]string // the names of unknown fields by the selection
}

// checkFields returns an error for each field that a type of events does not have, and for each
// comparison of a field with a literal of another type.
func checkFields(a *ast.AST, eventTypes []string, catalog Fields) Faults {
	var all Faults
	missing := map[int64]int{}
	checkers := make([]*checker, 0, len(eventTypes))
	for _, eventType := range eventTypes {
		c := &checker{
			syntax: a, eventType: eventType, catalog: catalog, scopes: map[string]Field{},
			missing: map[int64]string{},
		}
		c.walk(a.Expr())
		for id := range c.missing {
			missing[id]++
		}
		checkers = append(checkers, c)
	}
	for _, c := range checkers {
		for id, text := range c.missing {
			if missing[id] < len(eventTypes) {
				text += ". Make a separate rule for " + c.eventType + ", or read the field with `.?` and orValue"
			}
			all = append(all, faultAt(a, id, text))
		}
		all = append(all, c.faults...)
	}
	slices.SortStableFunc(all, func(x, y Fault) int {
		if d := x.Line - y.Line; d != 0 {
			return d
		}
		if d := x.Column - y.Column; d != 0 {
			return d
		}
		return strings.Compare(x.Text, y.Text)
	})
	return slices.Compact(all)
}

// walk checks an expression, and returns its field if it is one of the catalog.
func (c *checker) walk(e ast.Expr) (Field, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return c.ident(e.AsIdent())
	case ast.SelectKind:
		sel := e.AsSelect()
		return c.selected(e, sel.Operand(), sel.FieldName(), sel.IsTestOnly())
	case ast.CallKind:
		return c.call(e)
	case ast.ComprehensionKind:
		return c.loop(e.AsComprehension())
	case ast.ListKind:
		for _, one := range e.AsList().Elements() {
			c.walk(one)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			c.walk(entry.AsMapEntry().Key())
			c.walk(entry.AsMapEntry().Value())
		}
	default:
	}
	return Field{}, false
}

func (c *checker) ident(name string) (Field, bool) {
	if f, ok := c.scopes[name]; ok {
		return f, f.Kind != ""
	}
	if name == "event" {
		fields, known := c.catalog[c.eventType]
		return Field{Name: "event", Kind: Object, Fields: fields}, known
	}
	for _, f := range Variables() {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// selected checks a selection of a field of an operand. In has(), the field itself can be missing.
func (c *checker) selected(e, operand ast.Expr, name string, optional bool) (Field, bool) {
	of, known := c.walk(operand)
	if !known || optional && of.Kind == Object && !hasField(of, name) {
		return Field{}, false
	}
	if of.Kind == Object {
		for _, f := range of.Fields {
			if f.Name == name {
				return f, true
			}
		}
		c.missing[e.ID()] = c.noField(of, name)
		return Field{}, false
	}
	what := of.what() + ": it has no field " + code(name)
	if of.Kind == List {
		what += fmt.Sprintf(". Use `%s.exists(x, ...)`", of.Name)
	}
	c.fault(e, what)
	return Field{}, false
}

func hasField(of Field, name string) bool {
	return slices.ContainsFunc(of.Fields, func(f Field) bool { return f.Name == name })
}

// noField returns the error of a field that an object does not have, with those that it has.
func (c *checker) noField(of Field, name string) string {
	owner := "`" + of.Name + "`"
	if of.Name == "event" {
		owner = c.eventType
	}
	names := make([]string, len(of.Fields))
	for i, f := range of.Fields {
		names[i] = f.Name
	}
	text := owner + " has no field " + code(name)
	if similar := closest(name, names); similar != "" {
		return text + ". Did you mean " + code(similar) + "?"
	}
	if len(names) == 0 {
		return text
	}
	return text + ". It has " + enumerate(names, "and")
}

// loop checks exists, all, filter and their like: the variable is each entry of the list.
func (c *checker) loop(l ast.ComprehensionExpr) (Field, bool) {
	over, known := c.walk(l.IterRange())
	entry := Field{}
	if known {
		switch {
		case over.Kind != List && over.Kind != Object:
			c.fault(l.IterRange(), over.what()+": only a list has entries")
		case over.Kind == List:
			entry = over.entry(l.IterVar())
		default:
			entry = Field{Name: l.IterVar(), Kind: Text}
		}
	}
	shadowed, had := c.scopes[l.IterVar()]
	accumulated, hadAccumulator := c.scopes[l.AccuVar()]
	c.scopes[l.IterVar()], c.scopes[l.AccuVar()] = entry, Field{}
	c.walk(l.AccuInit())
	c.walk(l.LoopCondition())
	c.walk(l.LoopStep())
	c.walk(l.Result())
	c.restore(l.AccuVar(), accumulated, hadAccumulator)
	c.restore(l.IterVar(), shadowed, had)
	if l.AccuInit().Kind() == ast.ListKind && known && over.Kind == List && isFilter(l) {
		return over, true
	}
	return Field{}, false
}

func (c *checker) restore(name string, f Field, had bool) {
	if had {
		c.scopes[name] = f
		return
	}
	delete(c.scopes, name)
}

// isFilter reports whether a loop keeps entries as they are: its step is a condition.
func isFilter(l ast.ComprehensionExpr) bool {
	step := l.LoopStep()
	if step.Kind() != ast.CallKind || step.AsCall().FunctionName() != "_?_:_" {
		return false
	}
	added := step.AsCall().Args()[1]
	if added.Kind() != ast.CallKind || added.AsCall().FunctionName() != "_+_" {
		return false
	}
	list := added.AsCall().Args()[1]
	return list.Kind() == ast.ListKind && list.AsList().Size() == 1 &&
		list.AsList().Elements()[0].Kind() == ast.IdentKind && list.AsList().Elements()[0].AsIdent() == l.IterVar()
}

// call checks a call: its arguments, and that it compares a field with a value of the same type.
func (c *checker) call(e ast.Expr) (Field, bool) {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	name := call.FunctionName()
	if (name == "_?._" || name == "_[_]" || name == "_[?_]") && len(args) == 2 {
		return c.index(e, args[0], args[1], name != "_[_]")
	}
	fields := make([]Field, len(args))
	for i, arg := range args {
		if f, known := c.walk(arg); known {
			fields[i] = f
		}
	}
	if comparisons[name] && len(args) == 2 {
		c.compare(e, name, args, fields)
	}
	return Field{}, false
}

// index checks `event["urgency"]`, `event.?urgency` and `event.assets[0]`.
func (c *checker) index(e, operand, key ast.Expr, optional bool) (Field, bool) {
	if key.Kind() == ast.LiteralKind {
		if name, ok := key.AsLiteral().(types.String); ok {
			f, known := c.selected(e, operand, string(name), optional)
			return f, known && !optional
		}
		if of, known := c.walk(operand); known && of.Kind == List && !optional {
			entry := of.entry(of.Name)
			return entry, entry.Kind != ""
		}
		return Field{}, false
	}
	c.walk(operand)
	c.walk(key)
	return Field{}, false
}

// compare reports a comparison of a field with a literal that can never be of its type.
func (c *checker) compare(e ast.Expr, name string, args []ast.Expr, fields []Field) {
	switch name {
	case "contains", "startsWith", "endsWith", "matches":
		if of := fields[0]; of.Kind != "" && of.Kind != Text && of.Kind != Choice && of.Kind != Time {
			hint := "compare it with == < or >"
			if of.Kind == List {
				hint = fmt.Sprintf("use `%s.exists(x, ...)` or `\"...\" in %s`", of.Name, of.Name)
			}
			c.fault(e, of.what()+", and "+code(name)+" is for texts: "+hint)
		}
		return
	case "@in":
		if of := fields[1]; of.Kind != "" && of.Kind != List && of.Kind != Object {
			c.fault(e, of.what()+": `in` needs a list on its right side")
		}
		return
	}
	for i, of := range fields {
		other := args[1-i]
		if of.Kind == "" || other.Kind() != ast.LiteralKind {
			continue
		}
		if want := wanted(of); want != "" && !fits(of, other, name) {
			c.fault(e, of.what()+": compare it with "+want)
		}
	}
}

// wanted names what a field can be compared with.
func wanted(of Field) string {
	switch of.Kind {
	case Text, Choice:
		if len(of.Options) > 0 && len(of.Options) < 8 {
			return `"` + strings.Join(of.Options, `", "`) + `"`
		}
		return "a text in quotes"
	case Number:
		return "a number without quotes"
	case YesNo:
		return "true or false"
	case Time:
		if of.Name == "time" {
			return `timestamp("2026-01-31T08:00:00Z")`
		}
		return "a text in quotes, or timestamps of both sides"
	case List:
		return "its size, or use exists"
	case Object:
		return "one of its fields"
	default:
		return ""
	}
}

// fits reports whether a literal is of a field's type. Null can be compared with anything.
func fits(of Field, literal ast.Expr, operator string) bool {
	value := literal.AsLiteral()
	switch v := value.(type) {
	case types.Null:
		return operator == "_==_" || operator == "_!=_"
	case types.String:
		if of.Kind == Choice && len(of.Options) > 0 {
			return slices.Contains(of.Options, string(v))
		}
		return of.Kind == Text || of.Kind == Choice || of.Kind == Time
	case types.Int, types.Uint, types.Double:
		return of.Kind == Number
	case types.Bool:
		return of.Kind == YesNo
	default:
		return true
	}
}

func (c *checker) fault(e ast.Expr, text string) {
	c.faults = append(c.faults, faultAt(c.syntax, e.ID(), text))
}

// what says of which kind a field is: "`urgency` is a number".
func (f Field) what() string { return code(f.Name) + " is " + f.Kind.phrase() }

// phrase returns a kind with its article.
func (k Kind) phrase() string {
	switch k {
	case YesNo:
		return "a yes-or-no field"
	case Object:
		return "an object"
	default:
		return "a " + string(k)
	}
}

// closest returns the name that differs in at most two characters from a word, "" for none.
func closest(word string, names []string) string {
	best, at := "", min(3, len(word))
	for _, name := range names {
		if d := distance(word, name); d < at {
			best, at = name, d
		}
	}
	return best
}

// distance returns how many characters must be inserted, removed or replaced to get from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
