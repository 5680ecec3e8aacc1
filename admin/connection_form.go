package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/connection"
	"gatecrier/app/module"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// descriptor describes a module. Of a module that no longer exists, only the name is known.
func (a *Admin) descriptor(name string) module.Descriptor {
	for _, m := range a.Connections.Modules() {
		if d := m.Descriptor(); d.Name == name {
			return d
		}
	}
	return module.Descriptor{Name: name, Title: name}
}

// moduleForms returns the forms of all modules. The form of the module named has what was typed,
// and the errors.
func (a *Admin) moduleForms(named string, typed, errs map[string]string) []page.ModuleForm {
	modules := a.Connections.Modules()
	forms := make([]page.ModuleForm, len(modules))
	for i, m := range modules {
		d := m.Descriptor()
		if d.Name == named {
			forms[i] = moduleForm(d, typed, errs)
		} else {
			forms[i] = moduleForm(d, nil, nil)
		}
		forms[i].Open = d.Name == named || named == "" && i == 0
	}
	return forms
}

// moduleForm builds the form of a module from its descriptor.
func moduleForm(d module.Descriptor, typed, errs map[string]string) page.ModuleForm {
	f := page.ModuleForm{Module: d.Name, Title: d.Title, Icon: d.Icon, Summary: d.Summary}
	id := "target-" + d.Name + "-"
	f.Fields = append(f.Fields, ui.Field{
		ID:           id + "name",
		Name:         "name",
		Label:        "Name",
		Value:        typed["name"],
		Error:        errs["name"],
		Required:     true,
		MaxLength:    100,
		Placeholder:  "On-call " + d.Title,
		Help:         "Display name in lists.",
		Autocomplete: "off",
	})
	for _, field := range d.FormFields() {
		f.Fields = append(f.Fields, ui.Field{
			ID:           id + field.Name,
			Name:         field.Name,
			Label:        field.Label,
			Value:        typed[field.Name],
			Error:        errs[field.Name],
			Help:         field.Help,
			Placeholder:  field.Placeholder,
			Required:     field.Required && !field.Generated,
			MaxLength:    field.MaxLen,
			Mono:         true,
			Secret:       field.Secret,
			Autocomplete: "off",
			Type:         inputType(field.Kind),
			Options:      optionsOf(field, typed[field.Name]),
		})
	}
	return f
}

func optionsOf(f module.Field, current string) []ui.Option {
	options := make([]ui.Option, len(f.Choices))
	for i, c := range f.Choices {
		options[i] = ui.Option{Value: c.Value, Label: c.Label, Checked: c.Value == current}
	}
	return options
}

func inputType(k module.FieldKind) string {
	switch k {
	case module.FieldURL:
		return "url"
	case module.FieldEmail:
		return "email"
	case module.FieldSecret:
		return "password"
	case module.FieldChoice:
		return "select"
	case module.FieldText:
	}
	return "text"
}

// connectionDraft reads the form for a new connection. typed is what was sent, by field.
func (a *Admin) connectionDraft(c *gin.Context) (d connection.Draft, typed map[string]string) {
	d = connection.Draft{Module: c.PostForm("module"), Name: c.PostForm("name"), Config: module.Config{}}
	typed = map[string]string{"name": d.Name, "owner": c.PostForm("owner")}
	for _, f := range a.descriptor(d.Module).FormFields() {
		d.Config[f.Name], typed[f.Name] = c.PostForm(f.Name), c.PostForm(f.Name)
	}
	return d, typed
}

// savedNote says that something was saved, and the warning about it, if any.
func savedNote(title, warning string) *ui.Note {
	if warning != "" {
		return &ui.Note{Kind: "wait", Title: title + ", with a warning", Text: warning}
	}
	return &ui.Note{Kind: "ok", Title: title, Text: "Send a test to check the connection."}
}
