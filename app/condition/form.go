package condition

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Comparison is how a row of the form compares a field with its values. It decides the kind of
// the values too.
type Comparison string

// The comparisons of a row.
const (
	Is         Comparison = "is" // of texts
	IsNot      Comparison = "is_not"
	Contains   Comparison = "contains"
	StartsWith Comparison = "starts_with"
	MatchesRE  Comparison = "matches"
	Equal      Comparison = "equal" // of numbers
	NotEqual   Comparison = "not_equal"
	Less       Comparison = "less"
	AtMost     Comparison = "at_most"
	More       Comparison = "more"
	AtLeast    Comparison = "at_least"
	Between    Comparison = "between" // two values, both included
	After      Comparison = "after"   // of times
	Before     Comparison = "before"
	OneOf      Comparison = "one_of" // of choices: one value or more
	Has        Comparison = "has"    // of lists: an entry for which all its rows hold
	IsTrue     Comparison = "is_true"
	IsFalse    Comparison = "is_false"
)

// MaxRows is how many rows a form has at most, with those of lists.
const MaxRows = 50

// Row is one condition of the form. Rows are joined by "and".
type Row struct {
	Field      string     `json:"field"` // such as "event.asset.name"; in a list, of the entry: "name", "" = the entry
	Comparison Comparison `json:"comparison"`
	Values     []string   `json:"values,omitempty"` // numbers in decimals, times in RFC 3339
	Rows       []Row      `json:"rows,omitempty"`   // of Has
}

// Comparisons returns the comparisons that a form offers for a kind of fields.
func Comparisons(kind Kind) []Comparison {
	switch kind {
	case Text:
		return []Comparison{Is, IsNot, Contains, StartsWith, MatchesRE, OneOf}
	case Choice:
		return []Comparison{OneOf, Is, IsNot}
	case Number:
		return []Comparison{Equal, NotEqual, Less, AtMost, More, AtLeast, Between}
	case Time:
		return []Comparison{After, Before}
	case List:
		return []Comparison{Has}
	case YesNo:
		return []Comparison{IsTrue, IsFalse}
	default:
		return nil
	}
}

// RowFault is what is wrong in a row.
type RowFault struct {
	Row  []int  // the index of the row, and of the row within it
	Part string // "field", "comparison" or "values"
	Text string
}

// operators are the comparisons that CEL writes between two values.
var operators = map[Comparison]string{
	Is: "==", IsNot: "!=", Equal: "==", NotEqual: "!=", Less: "<", AtMost: "<=", More: ">", AtLeast: ">=",
	After: ">", Before: "<",
}

// methods are the comparisons that CEL writes as a call.
var methods = map[Comparison]string{Contains: "contains", StartsWith: "startsWith", MatchesRE: "matches"}

// entryName is the name of an entry of a list.
const entryName = "x"

// Print returns the expression of a form, one comparison a line. It must pass CheckForm.
func Print(rows []Row) string {
	var lines []string
	for _, row := range rows {
		lines = append(lines, printRow(row, row.Field)...)
	}
	return strings.Join(lines, " &&\n")
}

// printRow returns the comparisons of a row, of a field at a path.
func printRow(row Row, path string) []string {
	switch row.Comparison {
	case Is, IsNot:
		return []string{path + " " + operators[row.Comparison] + " " + quote(first(row.Values))}
	case Contains, StartsWith, MatchesRE:
		return []string{path + "." + methods[row.Comparison] + "(" + quote(first(row.Values)) + ")"}
	case Equal, NotEqual, Less, AtMost, More, AtLeast:
		return []string{path + " " + operators[row.Comparison] + " " + number(first(row.Values))}
	case Between:
		return []string{path + " >= " + number(first(row.Values)), path + " <= " + number(row.Values[len(row.Values)-1])}
	case After, Before:
		if path != "time" {
			path = "timestamp(" + path + ")"
		}
		return []string{path + " " + operators[row.Comparison] + " timestamp(" + quote(instant(first(row.Values))) + ")"}
	case OneOf:
		quoted := make([]string, len(row.Values))
		for i, value := range row.Values {
			quoted[i] = quote(value)
		}
		return []string{path + " in [" + strings.Join(quoted, ", ") + "]"}
	case Has:
		var lines []string
		for _, one := range row.Rows {
			of := entryName
			if one.Field != "" {
				of += "." + one.Field
			}
			lines = append(lines, printRow(one, of)...)
		}
		return []string{path + ".exists(" + entryName + ", " + strings.Join(lines, " && ") + ")"}
	case IsTrue:
		return []string{path + " == true"}
	case IsFalse:
		return []string{path + " == false"}
	default:
		return nil
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// quote returns a text as CEL reads it.
func quote(text string) string { return strconv.Quote(strings.ToValidUTF8(text, "\uFFFD")) }

// number returns a number as CEL reads it: without a fraction if it is whole.
func number(text string) string {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	f, err := parseFloat(text)
	if err != nil {
		return "0"
	}
	return float(f)
}

// float returns a float as CEL reads it.
func float(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// decimal is how a number is written in a form.
var decimal = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func parseFloat(text string) (float64, error) {
	if !decimal.MatchString(text) {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return strconv.ParseFloat(text, 64)
}

// instant returns a time in UTC.
func instant(text string) string {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil {
		return "1970-01-01T00:00:00Z"
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// CheckForm returns what is wrong in the rows of a form, for events of some types.
func CheckForm(rows []Row, eventTypes []string, catalog Fields) []RowFault {
	c := formChecker{eventTypes: eventTypes, catalog: catalog}
	c.rows(rows, nil, nil)
	if c.count > MaxRows {
		c.faults = append(c.faults, RowFault{Part: "field", Text: fmt.Sprintf("A form has at most %d rows: "+
			"make several rules", MaxRows)})
	}
	return c.faults
}

type formChecker struct {
	eventTypes []string
	catalog    Fields
	count      int
	faults     []RowFault
}

func (c *formChecker) fault(place []int, part, text string) {
	c.faults = append(c.faults, RowFault{Row: slices.Clone(place), Part: part, Text: text})
}

// rows checks rows, of the entries of a list if there is one.
func (c *formChecker) rows(rows []Row, place []int, list *Field) {
	for i, row := range rows {
		c.count++
		at := append(slices.Clip(place), i)
		of, known := c.field(row.Field, at, list)
		if known && !slices.Contains(Comparisons(of.Kind), row.Comparison) {
			c.fault(at, "comparison", "This comparison does not fit the field, which is "+of.Kind.phrase())
			continue
		}
		c.values(row, at, of)
		switch {
		case row.Comparison != Has:
		case list != nil:
			c.fault(at, "comparison", "A list within a list cannot be compared: write an expression of your own")
		case len(row.Rows) == 0:
			c.fault(at, "values", "Add a comparison for the entries of the list")
		default:
			within := of.entry("")
			if !known {
				within = Field{}
			}
			c.rows(row.Rows, at, &within)
		}
	}
}

// path is a field that a form can name: others need an expression.
var path = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// reserved are the names that CEL does not read as those of fields.
var reserved = []string{"in", "true", "false", "null"}

// validPath reports whether a path can be written in an expression.
func validPath(name string) bool {
	return path.MatchString(name) && !slices.ContainsFunc(strings.Split(name, "."), func(part string) bool {
		return slices.Contains(reserved, part)
	})
}

// field returns the field that a row names; known is false if it cannot be checked.
func (c *formChecker) field(name string, at []int, list *Field) (of Field, known bool) {
	if list != nil {
		return c.entryField(name, at, *list)
	}
	root, _, nested := strings.Cut(name, ".")
	if !validPath(name) || !slices.Contains(variables, root) || root == "event" && !nested {
		c.fault(at, "field", "Choose a field")
		return Field{}, false
	}
	for _, eventType := range c.eventTypes {
		found, ok, foreign := c.catalog.find(eventType, name)
		switch {
		case ok:
			of, known = found, true
		case !foreign:
			c.fault(at, "field", fmt.Sprintf("%s has no field %s: choose another, or a separate rule", eventType,
				shorten(strings.TrimPrefix(name, "event."), 60)))
			return Field{}, false
		}
	}
	return of, known
}

// entryField returns the field of an entry of a list.
func (c *formChecker) entryField(name string, at []int, list Field) (of Field, known bool) {
	if name != "" && !validPath(name) {
		c.fault(at, "field", "Choose a field of the entries")
		return Field{}, false
	}
	if list.Kind == "" || name == "" {
		return list, list.Kind != ""
	}
	of = list
	for part := range strings.SplitSeq(name, ".") {
		i := slices.IndexFunc(of.Fields, func(f Field) bool { return f.Name == part })
		if i < 0 || of.Kind != Object {
			c.fault(at, "field", fmt.Sprintf("The entries have no field %s: choose another", shorten(name, 60)))
			return Field{}, false
		}
		of = of.Fields[i]
	}
	return of, true
}

// values checks the values of a row.
func (c *formChecker) values(row Row, at []int, of Field) {
	want := 1
	switch row.Comparison {
	case Between:
		want = 2
	case OneOf:
		want = max(len(row.Values), 1)
	case Has, IsTrue, IsFalse:
		want = 0
	default:
	}
	if len(row.Values) != want {
		c.fault(at, "values", []string{"This comparison takes no value", "Enter a value", "Enter two values"}[min(want, 2)])
		return
	}
	for _, value := range row.Values {
		if text := badValue(row.Comparison, value, of); text != "" {
			c.fault(at, "values", text)
			return
		}
	}
	if row.Comparison == Between && float64Of(row.Values[0]) > float64Of(row.Values[1]) {
		c.fault(at, "values", "The second value must not be less than the first")
	}
}

func float64Of(text string) float64 {
	f, err := parseFloat(strings.TrimSpace(text))
	if err != nil {
		return 0
	}
	return f
}

// badValue returns what is wrong with a value, "" for nothing.
func badValue(c Comparison, value string, of Field) string {
	switch c {
	case Equal, NotEqual, Less, AtMost, More, AtLeast, Between:
		if f, err := parseFloat(strings.TrimSpace(value)); err != nil || math.IsInf(f, 0) {
			return "Enter a number, such as 80 or 0.5"
		}
	case After, Before:
		if at, err := time.Parse(time.RFC3339, strings.TrimSpace(value)); err != nil || at.UTC().Year() < 1 ||
			at.UTC().Year() > 9999 {
			return "Enter a time, such as 2026-01-31T08:00:00Z"
		}
	case Is, IsNot, OneOf:
		if of.Kind == Choice && len(of.Options) > 0 && !slices.Contains(of.Options, value) {
			return "Choose " + enumerate(of.Options, "or")
		}
	case MatchesRE:
		if _, err := regexp.Compile(value); err != nil {
			return "Enter a regular expression (RE2), such as ^prod-"
		}
	case Contains, StartsWith:
		if value == "" {
			return "Enter a text"
		}
	default:
		return "Choose a comparison"
	}
	if !utf8.ValidString(value) {
		return "Enter a text in UTF-8"
	}
	return ""
}
