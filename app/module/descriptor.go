package module

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gatecrier/app/fault"
)

// Descriptor is what a module tells about itself: forms, documentation and
// queues are made from it.
type Descriptor struct {
	Name    string // in the API and the database: "webhook"
	Title   string // for people: "Webhook"
	Icon    string // the name of an icon
	Summary string // one sentence
	Fields  []Field
	Limits  Limits
	// OneServer says that all connections share one server, of the settings:
	// they share a queue, and its trouble is no fault of theirs.
	OneServer bool
}

// Field is one value of a configuration.
type Field struct {
	Name        string // in the API and forms
	Label       string
	Kind        FieldKind
	Help        string
	Placeholder string
	Required    bool
	Secret      bool // sealed, and never shown again
	Generated   bool // made by Prepare when absent
	Hidden      bool // kept with the others by the module alone: nobody is asked for it
	Choices     []Choice
	MaxLen      int // in characters; 0 is 200
}

// Choice is a value of a field that has only some. The first is the default.
type Choice struct{ Value, Label string }

// FieldKind says how a field is asked for.
type FieldKind string

// The kinds of fields.
const (
	FieldText   FieldKind = "text"
	FieldURL    FieldKind = "url"
	FieldEmail  FieldKind = "email"
	FieldSecret FieldKind = "secret"
	FieldChoice FieldKind = "choice"
)

// Valid reports whether it is one of the kinds.
func (k FieldKind) Valid() bool {
	switch k {
	case FieldText, FieldURL, FieldEmail, FieldSecret, FieldChoice:
		return true
	}
	return false
}

// Limits says how messages to one connection go out.
type Limits struct {
	Ordered   bool    // those of one product one after the other
	Parallel  int     // at most so many at once
	PerSecond float64 // at most so many in the long run; 0 is no limit
	Burst     int     // so many at once after a pause, where there is a limit
}

// Config is the values of a configuration by the names of their fields.
type Config map[string]string

// Clean returns the configuration trimmed, without empty values, and what is
// wrong with it as far as the fields say: unknown ones, missing ones, those too
// long or with control characters. A module's own checks add to it.
func (d Descriptor) Clean(c Config) (Config, fault.Fields) {
	clean, fieldErrs := Config{}, fault.Fields{}
	for _, f := range d.Fields {
		value := strings.TrimSpace(c[f.Name])
		if value == "" && len(f.Choices) > 0 {
			value = f.Choices[0].Value
		}
		if value != "" {
			clean[f.Name] = value
		}
		if problem := f.problem(value); problem != "" {
			fieldErrs.Add(f.Name, problem)
		}
	}
	for name := range c {
		if !d.has(name) {
			fieldErrs.Add(name, "there is no such field")
		}
	}
	return clean, fieldErrs
}

// Visible returns the values that may be shown to who may see the connection.
func (d Descriptor) Visible(c Config) Config {
	visible := Config{}
	for _, f := range d.Fields {
		if value := c[f.Name]; value != "" && !f.Secret {
			visible[f.Name] = value
		}
	}
	return visible
}

// Secrets returns the values that must not be shown.
func (d Descriptor) Secrets(c Config) []string {
	var secrets []string
	for _, f := range d.Fields {
		if value := c[f.Name]; value != "" && f.Secret {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// FormFields returns the fields that people are asked for.
func (d Descriptor) FormFields() []Field {
	var asked []Field
	for _, f := range d.Fields {
		if !f.Hidden {
			asked = append(asked, f)
		}
	}
	return asked
}

func (d Descriptor) has(name string) bool {
	for _, f := range d.Fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// check finds what a descriptor itself has wrong.
func (d Descriptor) check() error {
	if d.Name == "" || d.Title == "" || d.Limits.Parallel < 1 {
		return fmt.Errorf("module %q: it needs a name, a title and a queue", d.Name)
	}
	seen := map[string]bool{}
	for _, f := range d.Fields {
		if f.Name == "" || f.Label == "" || !f.Kind.Valid() || seen[f.Name] ||
			(f.Kind == FieldChoice) != (len(f.Choices) > 0) {
			return fmt.Errorf("module %q: field %q needs a name of its own, a label and a kind", d.Name, f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// MaxLength returns how many characters a value can have.
func (f Field) MaxLength() int { return cmp.Or(f.MaxLen, 200) }

func (f Field) problem(value string) string {
	limit := f.MaxLength()
	switch {
	case value == "" && f.Required && !f.Generated:
		return "is required"
	case utf8.RuneCountInString(value) > limit:
		return fmt.Sprintf("may have at most %d characters", limit)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, isControl):
		return "has a character that is not allowed"
	case value != "" && len(f.Choices) > 0 && !slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == value }):
		return "must be one of " + f.values()
	}
	return ""
}

// values lists a field's choices.
func (f Field) values() string {
	values := make([]string, len(f.Choices))
	for i, c := range f.Choices {
		values[i] = c.Value
	}
	return strings.Join(values, ", ")
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
