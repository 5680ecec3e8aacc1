package ui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return "f-" + f.Name
}

func (f Field) class() string {
	class := "form-control"
	if f.Mono {
		class += " mono"
	}
	if f.Error != "" {
		class += " is-invalid"
	}
	return class
}

// attributes returns the attributes that not every input has.
func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	if f.Type != "textarea" && f.Type != "select" {
		a["type"] = f.inputType()
	}
	set("placeholder", f.Placeholder)
	set("autocomplete", f.Autocomplete)
	set("inputmode", f.Inputmode)
	if len(f.List) > 0 {
		a["list"] = f.id() + "-list"
	}
	set("min", f.Min)
	set("max", f.Max)
	set("step", f.Step)
	if f.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.Secret {
		a["data-secret"] = ""
	}
	a["required"], a["autofocus"] = f.Required, f.Autofocus
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	set("aria-describedby", f.describedBy())
	return a
}

// beside returns the text next to the label.
func (f Field) beside() string {
	switch {
	case f.Note == "-":
		return ""
	case f.Note != "":
		return f.Note
	case !f.Required:
		return "optional"
	}
	return ""
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// helpByChoice reports whether the help depends on the selected option. The style sheet shows that of
// the selected one.
func (f Field) helpByChoice() bool {
	return f.Type == "select" && slices.ContainsFunc(f.Options, func(o Option) bool { return o.Help != "" })
}

func (f Field) describedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	if f.Help != "" || f.helpByChoice() {
		ids = append(ids, f.id()+"-help")
	}
	if f.Unit != "" {
		ids = append(ids, f.id()+"-unit")
	}
	if f.Zone.Name != "" {
		ids = append(ids, f.id()+"-zone")
	}
	return strings.Join(ids, " ")
}

// WrongField is a field of a form with an invalid value.
type WrongField struct {
	ID      string // of the field
	Label   string // "" = the error has no field
	Message string
}

func (w WrongField) text() string {
	if w.Label == "" {
		return w.Message
	}
	return w.Label + ": " + w.Message
}

func summaryTitle(n int) string {
	return Plural(n, "field needs", "fields need") + " attention"
}

func noteIcon(kind string) string {
	switch kind {
	case "ok":
		return "circle-check"
	case "wait", "bad":
		return "alert-triangle"
	}
	return "info-circle"
}
