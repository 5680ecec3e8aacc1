package admin

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/settings"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// globalSettingsRoutes adds the global settings.
func (a *Admin) globalSettingsRoutes(r router) {
	r.get("/admin/settings", a.globalSettingsFirst)
	r.get("/admin/settings/:section", a.globalSettings)
	r.post("/admin/settings/:section", a.globalSettingsSave)
	r.get(page.RunsPreviewPath, a.runsPreview)
	r.post("/admin/settings/mail/test", a.mailTest)
}

// globalSettingsFirst redirects to the first section of the global settings.
func (a *Admin) globalSettingsFirst(c *gin.Context) error {
	first := a.Settings.Sections()[0].Name
	if _, err := a.Settings.Get(c.Request.Context(), actorOf(c), first); err != nil {
		return err
	}
	web.SeeOther(c, "/admin/settings/"+first)
	return nil
}

// globalSettings renders a section as it is saved. The preset of a mail provider fills some fields in
// without saving them.
func (a *Admin) globalSettings(c *gin.Context) error {
	preset, ok := findMailPreset(c.Query("preset"))
	if !ok || c.Param("section") != settings.SectionMail {
		return a.globalSettingsPage(c, http.StatusOK, nil, nil)
	}
	view, err := a.globalSettingsView(c, settings.SectionMail, preset.values, nil)
	if err != nil {
		return err
	}
	view.Filled = &ui.Note{Title: "Values of " + preset.title + " filled in, not saved", Text: preset.then}
	return render(c, http.StatusOK, page.Settings(view))
}

// globalSettingsPage renders a section: as it is saved, or as it was typed with the errors.
func (a *Admin) globalSettingsPage(c *gin.Context, status int, typed map[string]string, formErr error) error {
	view, err := a.globalSettingsView(c, c.Param("section"), typed, formErr)
	if err != nil {
		return err
	}
	return render(c, status, page.Settings(view))
}

// mailSettingsPage renders the mail section with the result of a test.
func (a *Admin) mailSettingsPage(c *gin.Context, status int, test page.MailTest) error {
	view, err := a.globalSettingsView(c, settings.SectionMail, nil, nil)
	if err != nil {
		return err
	}
	view.Mail = &test
	return render(c, status, page.Settings(view))
}

func (a *Admin) globalSettingsView(
	c *gin.Context, section string, typed map[string]string, formErr error,
) (page.SettingsView, error) {
	v, err := a.Settings.Get(c.Request.Context(), actorOf(c), section)
	if err != nil {
		return page.SettingsView{}, err
	}
	errs := formErrors(formErr)
	view := page.SettingsView{
		Frame: a.frame(c, v.Title+" settings", layout.NavSettings), Name: v.Name, Title: v.Title, Summary: v.Summary,
		Version: strconv.FormatInt(v.Version, 10), ChangedBy: v.By, ChangedAt: a.inUserZone(c, v.At),
	}
	for _, s := range a.Settings.Sections() {
		view.Sections = append(view.Sections, page.SettingsLink{Name: s.Name, Title: s.Title})
	}
	for _, f := range v.Fields {
		field := globalField(f, v.Values[f.Name], typed)
		field.Error = errs[f.Name]
		view.Fields = append(view.Fields, field)
		if f.Guarded {
			view.Guarded = append(view.Guarded, f.Label)
		}
	}
	view.Error, view.PasswordError = errs[""], errs["password"]
	err = a.globalSettingsExtra(c, &view)
	return view, err
}

// globalSettingsExtra adds what only one of the sections has.
func (a *Admin) globalSettingsExtra(c *gin.Context, view *page.SettingsView) error {
	switch view.Name {
	case settings.SectionJobs:
		for i, f := range view.Fields {
			now := a.runsOf(c, f.Value)
			if f.Error != "" {
				now.Wrong = "" // it is below the field already
			}
			view.Fields[i].Preview = ui.Preview{URL: page.RunsPath(f.Name), Now: page.Runs(now)}
		}
	case settings.SectionMail:
		view.Mail, view.Presets = &page.MailTest{To: actorOf(c).User.Email}, mailPresetLinks()
	}
	if view.Name != settings.SectionGate {
		return nil
	}
	at, err := a.Sweeper.Progress(c.Request.Context(), actorOf(c))
	view.Sweep = &page.SweepView{
		Seen:    int(at.Seen),
		Total:   int(at.Total),
		Changed: int(at.Changed),
		Done:    at.Done,
		Began:   !at.StartedAt.IsZero(),
		Ended:   a.inUserZone(c, at.FinishedAt),
	}
	return err
}

// mailTest sends a test email at once, and shows the response of the server.
func (a *Admin) mailTest(c *gin.Context) error {
	if _, err := a.Settings.Get(c.Request.Context(), actorOf(c), settings.SectionMail); err != nil {
		return err
	}
	test := page.MailTest{To: strings.TrimSpace(c.PostForm("to"))}
	if _, err := a.Mail.Prepare(module.Config{"to": test.To}); err != nil {
		test.Error = fieldErrors(err)["to"]
		return a.mailSettingsPage(c, http.StatusUnprocessableEntity, test)
	}
	result := a.Mail.SendTest(c.Request.Context(), test.To, a.BaseURL())
	test.Answer = result.Answer
	if result.Kind() == module.KindDelivered {
		test.Result = &ui.Note{Kind: "ok", Title: "Accepted by the mail server", Text: result.Reason}
	} else {
		test.Result = &ui.Note{Kind: "bad", Title: "Email not sent", Text: result.Reason}
	}
	return a.mailSettingsPage(c, http.StatusOK, test)
}

// globalField returns a setting as a form shows it.
func globalField(f settings.Field, value any, typed map[string]string) ui.Field {
	field := ui.Field{
		Name:         f.Name,
		Label:        f.Label,
		Help:         f.Help,
		Placeholder:  f.Placeholder,
		MaxLength:    f.MaxLength,
		Note:         globalNote(f),
		Autocomplete: "off",
		Fixed:        ui.Fixed{Label: f.FixedWhy, Value: f.Fixed},
	}
	text, sent := typed[f.Name]
	if !sent {
		text = globalText(f, value)
	}
	switch f.Kind {
	case settings.KindBool:
		field.Type, field.Checked = "checkbox", text == "true" || text == "on"
	case settings.KindInt:
		field.Type, field.Unit = "number", f.PageUnitName()
		field.Min, field.Max, field.Value = f.PageNumber(f.Min), f.PageNumber(f.Max), text
		if f.PageUnit.Size != 0 {
			field.Step = "any"
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && f.NoLimit > 0 && n >= f.NoLimit {
			field.Help += " Now: no threshold."
		}
	case settings.KindLines:
		field.Type, field.Mono, field.Value = "textarea", true, text
	case settings.KindSecret:
		field.Type, field.Autocomplete = "password", "new-password"
		if value == true {
			field.Placeholder = "stored; type to replace it"
		}
	case settings.KindChoice:
		field.Type = "select"
		for _, choice := range f.Choices {
			field.Options = append(field.Options, ui.Option{
				Value: choice.Value, Label: choice.Label, Help: choice.Help, Checked: choice.Value == text,
			})
		}
	case settings.KindTarget:
		field.Value, field.Secret = text, strings.Contains(f.Name, "webhook")
	case settings.KindText:
		field.Value = text
	}
	return field
}

// globalNote names a setting's constant, its default and its range.
func globalNote(f settings.Field) string {
	note := "default: " + globalText(f, f.Default)
	switch {
	case f.Kind == settings.KindSecret:
		return cmp.Or(f.Constant, "-")
	case f.Default == "":
		note = "default: empty"
	case f.NoLimit > 0 && f.Default == f.NoLimit:
		note = "default: " + globalText(f, f.NoLimit) + ", no threshold"
	case f.Kind == settings.KindBool && f.Default == true:
		note = "default: on"
	case f.Kind == settings.KindBool:
		note = "default: off"
	}
	if r := f.PageRange(); r != "" {
		note += "; " + r
	}
	if f.Constant != "" {
		note = f.Constant + "; " + note
	}
	return note
}

func globalText(f settings.Field, value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return f.PageNumber(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (a *Admin) globalSettingsSave(c *gin.Context) error {
	section, ok := a.Settings.Section(c.Param("section"))
	if !ok {
		return fault.NewNotFound("page")
	}
	if _, err := a.Settings.Get(c.Request.Context(), actorOf(c), section.Name); err != nil {
		return err
	}
	typed, patch := map[string]string{}, map[string]any{}
	for _, f := range section.Fields {
		text, sent := c.GetPostForm(f.Name)
		if !sent && f.Kind != settings.KindBool { // the form is of an older version without this field
			continue
		}
		if f.Kind == settings.KindSecret {
			if text != "" {
				patch[f.Name] = text
			}
			continue
		}
		typed[f.Name], patch[f.Name] = text, f.Read(text)
	}
	version, err := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err != nil {
		return fault.BadField("version", "This form is out of date. Reload the page and try again")
	}
	change := settings.Change{
		Values: patch, IfVersion: settings.IfVersion(version), Password: c.PostForm("password"),
	}
	if section.Name == settings.SectionGate {
		if asked, err := a.askGlobalGate(c, change, typed); asked || err != nil {
			return err
		}
	}
	return a.globalSettingsApply(c, section.Name, change, typed)
}

// askGlobalGate asks before a save that changes gates, and reports whether it did.
func (a *Admin) askGlobalGate(c *gin.Context, change settings.Change, typed map[string]string) (bool, error) {
	next, ok := a.Settings.GateWith(c.Request.Context(), change)
	if !ok {
		return false, nil
	}
	preview, err := a.Products.PreviewGlobal(c.Request.Context(), actorOf(c), next)
	if err != nil {
		return false, err
	}
	question := toConfirm(c, preview)
	if question == "" {
		return false, nil
	}
	view, err := a.globalSettingsView(c, settings.SectionGate, typed, nil)
	if err != nil {
		return true, err
	}
	view.Confirm = question
	return true, render(c, http.StatusOK, page.Settings(view))
}

func (a *Admin) globalSettingsApply(
	c *gin.Context, section string, change settings.Change, typed map[string]string,
) error {
	saved, err := a.Settings.Update(c.Request.Context(), actorOf(c), section, change)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooMany) {
		return a.globalSettingsPage(c, web.StatusOf(err), typed, err)
	}
	if err != nil {
		return err
	}
	if len(saved.Warnings) > 0 {
		a.flash(c, "wait", "Settings saved, with a warning", strings.Join(saved.Warnings, "; "))
	} else {
		a.flash(c, "ok", "Settings saved", "")
	}
	web.SeeOther(c, "/admin/settings/"+section)
	return nil
}
