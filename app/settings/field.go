package settings

import (
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

// Kind says what values a field has and how it is asked for.
type Kind string

// The kinds of fields.
const (
	KindBool   Kind = "bool"
	KindInt    Kind = "int"
	KindText   Kind = "text"
	KindLines  Kind = "lines"  // text of several lines
	KindSecret Kind = "secret" // text that is sealed, and never shown again
	KindChoice Kind = "choice"
	KindTarget Kind = "target" // text that others keep: connections, of which a part is shown
)

// Choice is one value of a KindChoice.
type Choice struct{ Value, Label string }

// Field is one setting.
type Field struct {
	Name        string // in the API
	Label       string // on its page
	Kind        Kind
	Default     any // bool, int64 or string
	Min, Max    int64
	MaxLength   int // characters of a text; 0 is 200
	Choices     []Choice
	Unit        string
	Help        string
	Placeholder string
	check       func(text string) string // what is wrong with a text, "" for nothing
}

// Section is a group of settings that is changed together.
type Section struct {
	Name     string
	Title    string
	Summary  string
	Fields   []Field
	validate validator
}

// validator looks at values that are about to be saved together: it notes what is
// wrong, and returns what is only doubtful, in sentences.
type validator func(ctx context.Context, before, next lookup, bad *fault.Fields) (doubts []string)

// lookup reads a field's value, or its default.
type lookup func(field string) any

// Field finds one of a section's fields.
func (s Section) Field(name string) (Field, bool) {
	i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return s.Fields[i], true
}

// Range is the values that a field takes, in words; "" where any will do.
func (f Field) Range() string {
	if f.Kind != KindInt {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%s to %s %s", grouped(f.Min), grouped(f.Max), f.Unit))
}

// grouped writes a number with commas.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// accept turns a value as JSON has it into the field's type, or says what is
// wrong with it.
func (f Field) accept(value any) (any, string) {
	switch f.Kind {
	case KindBool:
		if b, ok := value.(bool); ok {
			return b, ""
		}
		return nil, "true or false"
	case KindInt:
		return f.acceptInt(value)
	case KindText, KindLines, KindSecret, KindChoice, KindTarget:
	}
	text, ok := value.(string)
	if !ok {
		return nil, "Must be a text"
	}
	if f.Kind != KindSecret {
		text = strings.TrimSpace(text)
	}
	return text, f.wrong(text)
}

func (f Field) acceptInt(value any) (any, string) {
	var n int64
	switch v := value.(type) {
	case int64:
		n = v
	case float64: // of JSON
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return nil, "A whole number from " + f.Range()
		}
		n = int64(v)
	default:
		return nil, "A whole number from " + f.Range()
	}
	if n < f.Min || n > f.Max {
		return nil, "From " + f.Range()
	}
	return n, ""
}

func (f Field) wrong(text string) string {
	most := f.MaxLength
	if most == 0 {
		most = 200
	}
	control := func(r rune) bool {
		return unicode.IsControl(r) && (f.Kind != KindLines || r != '\n' && r != '\r' && r != '\t')
	}
	switch {
	case f.Kind == KindChoice && !slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == text }):
		return "One of " + f.choices()
	case utf8.RuneCountInString(text) > most:
		return fmt.Sprintf("At most %s characters", grouped(int64(most)))
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

// Read turns what a form sent into a value of the field's type. What cannot be
// read is left as it is, for Update to refuse.
func (f Field) Read(text string) any {
	switch f.Kind {
	case KindBool:
		return text == "on" || text == "true"
	case KindInt:
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return n
		}
		return text
	case KindText, KindLines, KindSecret, KindChoice, KindTarget:
	}
	return text
}
