package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

func (a *Admin) targetsTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	list, err := a.Connections.List(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	v.Targets.Rows = a.targetRows(c, list)
	ids := make([]int64, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	v.Targets.Adds = a.moduleForms("", nil, nil)
	v.Inherited, err = a.inheritedTargets(c, row, ids)
	return err
}

// targetRows are targets with how they do.
func (a *Admin) targetRows(c *gin.Context, list []models.ConnectionRow) []page.TargetRow {
	rows := make([]page.TargetRow, 0, len(list))
	for _, t := range list {
		m := a.descriptor(t.Module)
		rows = append(rows, page.TargetRow{
			ID:        t.ID,
			Module:    m.Title,
			Icon:      m.Icon,
			Name:      t.Name,
			Hint:      t.Hint,
			Enabled:   t.Enabled,
			Condition: a.condition(c, t),
		})
	}
	return rows
}

// descriptor describes a module; one that is no more has its name alone.
func (a *Admin) descriptor(name string) module.Descriptor {
	for _, m := range a.Connections.Modules() {
		if d := m.Descriptor(); d.Name == name {
			return d
		}
	}
	return module.Descriptor{Name: name, Title: name}
}

// moduleForms are the forms of all modules. That of the one named has what was
// typed, and what is wrong with it.
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

// moduleForm is the form of a module, from its descriptor.
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
		Help:         "How it is called in lists.",
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

// targetCreate adds a target. The page that follows is rendered at once, and
// not after a redirect, since it shows a made secret this one time.
func (a *Admin) targetCreate(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	d, typed := a.connectionDraft(c)
	saved, err := a.Connections.Create(c.Request.Context(), actorOf(c), row.ID, d)
	if errs := fieldErrors(err); errs != nil {
		return a.productPage(c, http.StatusUnprocessableEntity, row, page.TabTargets, func(v *page.ProductView) {
			v.Targets.Adds = a.moduleForms(d.Module, typed, errs)
		})
	}
	if err != nil {
		return err
	}
	return a.productPage(c, http.StatusOK, row, page.TabTargets, func(v *page.ProductView) {
		for name, value := range saved.Made {
			v.Targets.Secret = &page.NewSecret{Target: saved.Name, Label: name, Value: value}
		}
		for i := range v.Targets.Rows {
			if v.Targets.Rows[i].ID == saved.ID {
				v.Targets.Rows[i].Warning = saved.Warning
			}
		}
	})
}

// targetOf finds the target of a path, which must be one of its product or
// group.
func (a *Admin) targetOf(c *gin.Context) (models.Connection, error) {
	at, err := ownerOf(c)
	if err != nil {
		return models.Connection{}, err
	}
	id, err := web.ID(c, "target", "target")
	if err != nil {
		return models.Connection{}, err
	}
	t, err := a.Connections.Editable(c.Request.Context(), actorOf(c), id)
	if err == nil && t.Owner() != at {
		err = fault.NewNotFound("target")
	}
	return t, err
}

func (a *Admin) targetTest(c *gin.Context) error {
	t, err := a.targetOf(c)
	if err != nil {
		return err
	}
	d, err := a.Dispatcher.Test(c.Request.Context(), t)
	if err != nil {
		return err
	}
	web.SeeOther(c, deliveryPath(d.ID))
	return nil
}

func (a *Admin) targetEnable(enabled bool) handler {
	return func(c *gin.Context) error {
		t, err := a.targetOf(c)
		if err != nil {
			return err
		}
		if _, err := a.Connections.Update(
			c.Request.Context(), actorOf(c), t.ID, connection.Change{Enabled: &enabled},
		); err != nil {
			return err
		}
		a.flashEnabled(c, t.Name, enabled)
		web.SeeOther(c, ownerPath(t.Owner())+"?tab=targets")
		return nil
	}
}

func (a *Admin) targetDelete(c *gin.Context) error {
	t, err := a.targetOf(c)
	if err != nil {
		return err
	}
	if err := a.Connections.Delete(c.Request.Context(), actorOf(c), t.ID); err != nil {
		return err
	}
	a.flash(c, "ok", t.Name+" is deleted", "")
	web.SeeOther(c, ownerPath(t.Owner())+"?tab=targets")
	return nil
}
