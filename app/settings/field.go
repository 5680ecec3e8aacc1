package settings

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/fault"
)

// Kind is the type of a field's values and of its input on a page.
type Kind string

// The kinds of fields.
const (
	KindBool   Kind = "bool"
	KindInt    Kind = "int"
	KindText   Kind = "text"
	KindLines  Kind = "lines"  // text of several lines
	KindSecret Kind = "secret" // text that is sealed and never shown
	KindChoice Kind = "choice"
	KindTarget Kind = "target" // text that Targets stores: a connection, shown in part
)

// Choice is one value of a KindChoice. Its Help is shown while it is chosen.
type Choice struct{ Value, Label, Help string }

// Field is one setting.
type Field struct {
	Name        string // in the API
	Label       string // on its page
	Constant    string // its name in SecObserve's style, if the label is not that
	Kind        Kind
	Default     any // bool, int64 or string
	Min, Max    int64
	MaxLength   int // characters of a text; 0 is 200
	Choices     []Choice
	Unit        string
	NoLimit     int64 // this number and higher ones mean that there is no threshold; 0 = none does
	PageUnit    Unit  // in which pages show a number, if not Unit
	Help        string
	Fixed       string // a value of the environment that joins the setting and cannot be changed here
	FixedWhy    string // where it is from
	Placeholder string
	// Guarded is set if the field decides where emails with links go, or weakens sign-in: a session
	// needs the password to change it.
	Guarded bool
	// sentTo names the server that a secret is sent to: another one does not get the stored secret.
	sentTo func(values lookup) string
	needed func(values lookup) bool // whether a secret is used; nil: validate says it
	check  func(text string) string // the reason why a text is not allowed, "" if it is
}

// guarded returns the fields, all of them guarded.
func guarded(fields []Field) []Field {
	for i := range fields {
		fields[i].Guarded = true
	}
	return fields
}

// Unit is a unit of numbers.
type Unit struct {
	Name string
	Size int64 // in the unit of the API
}

// mebibyte is the unit of sizes on pages.
var mebibyte = Unit{"MiB", 1 << 20}

// Section is a group of settings that change together.
type Section struct {
	Name     string
	Title    string
	Summary  string
	Fields   []Field
	validate validator
}

// validator checks the values of a section together before they are saved. It adds errors to
// fieldErrs, and returns warnings as sentences.
type validator func(ctx context.Context, before, next lookup, fieldErrs *fault.Fields) (warnings []string)

// lookup returns the value of a field, or its default.
type lookup func(field string) any

// Field finds one of a section's fields.
func (s Section) Field(name string) (Field, bool) {
	i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return s.Fields[i], true
}

// Range returns the values that a field accepts, in words, "" if it accepts any.
func (f Field) Range() string {
	if f.Kind != KindInt {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%s to %s %s", grouped(f.Min), grouped(f.Max), f.Unit))
}

// PageRange is Range in the unit of pages.
func (f Field) PageRange() string {
	if f.PageUnit.Size == 0 || f.Kind != KindInt {
		return f.Range()
	}
	return grouped(f.Min/f.PageUnit.Size) + " to " + grouped(f.Max/f.PageUnit.Size) + " " + f.PageUnit.Name
}

// PageNumber returns a number in the unit of pages. Read reads it back without a loss.
func (f Field) PageNumber(n int64) string {
	if f.PageUnit.Size == 0 {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatFloat(float64(n)/float64(f.PageUnit.Size), 'f', -1, 64)
}

// PageUnitName returns the unit of numbers on pages, "" for none.
func (f Field) PageUnitName() string { return cmp.Or(f.PageUnit.Name, f.Unit) }

// grouped formats a number with commas.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// accept converts a decoded JSON value to the field's type. It returns the reason why the value
// is not allowed, "" if it is.
func (f Field) accept(value any) (any, string) {
	switch f.Kind {
	case KindBool:
		if b, ok := value.(bool); ok {
			return b, ""
		}
		return nil, "Enter true or false"
	case KindInt:
		return f.acceptInt(value)
	case KindText, KindLines, KindSecret, KindChoice, KindTarget:
	}
	text, ok := value.(string)
	if !ok {
		return nil, "Enter text"
	}
	if f.Kind != KindSecret {
		text = strings.TrimSpace(text)
	}
	return text, f.checkText(text)
}

func (f Field) acceptInt(value any) (any, string) {
	var n int64
	switch v := value.(type) {
	case int64:
		n = v
	case float64: // of JSON
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return nil, "Enter a whole number from " + f.Range()
		}
		n = int64(v)
	default:
		return nil, "Enter a whole number from " + f.Range()
	}
	if n < f.Min || n > f.Max {
		text := "From " + f.Range()
		if f.PageUnit.Size != 0 {
			text += " (" + f.PageRange() + ")"
		}
		return nil, text
	}
	return n, ""
}

// checkText returns the reason why a text is not allowed, "" if it is.
func (f Field) checkText(text string) string {
	maxLength := f.MaxLength
	if maxLength == 0 {
		maxLength = 200
	}
	control := func(r rune) bool {
		return unicode.IsControl(r) && (f.Kind != KindLines || r != '\n' && r != '\r' && r != '\t')
	}
	switch {
	case f.Kind == KindChoice && !slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == text }):
		return "Choose one of " + f.choices()
	case utf8.RuneCountInString(text) > maxLength:
		return fmt.Sprintf("At most %s characters", grouped(int64(maxLength)))
	case !utf8.ValidString(text) || strings.ContainsFunc(text, control):
		return "No control characters"
	case f.check != nil:
		return f.check(text)
	}
	return ""
}

func (f Field) choices() string {
	words := make([]string, len(f.Choices))
	for i, c := range f.Choices {
		words[i] = c.Value
	}
	return strings.Join(words, ", ")
}

// Read converts the input of a form to the field's type. It returns an invalid input unchanged,
// so that Update refuses it.
func (f Field) Read(text string) any {
	switch f.Kind {
	case KindBool:
		return text == "on" || text == "true"
	case KindInt:
		return f.readNumber(strings.TrimSpace(text))
	case KindText, KindLines, KindSecret, KindChoice, KindTarget:
	}
	return text
}

// readNumber reads a number in the unit of pages.
func (f Field) readNumber(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && f.PageUnit.Size == 0 {
		return n
	}
	n, err := strconv.ParseFloat(text, 64)
	if n *= float64(f.PageUnit.Size); err != nil || f.PageUnit.Size == 0 || math.Abs(n) > 1<<53 || math.IsNaN(n) {
		return text
	}
	return int64(math.Round(n))
}
