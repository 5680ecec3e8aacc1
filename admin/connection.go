package admin

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// connectionRoutes adds the page of a connection.
func (a *Admin) connectionRoutes(r router) {
	r.get("/connections/:id", a.connection)
	r.post("/connections/:id", a.connectionSave)
	r.post("/connections/:id/test", a.testConnection(a.connectionOf))
	r.post("/connections/:id/resume", a.connectionResume)
	r.post("/connections/:id/rotate", a.connectionRotate)
	a.turnRoutes(r, "/connections/:id", a.connectionOf, pageOfConnection)
	r.get("/connections/:id/delete", a.connectionDeleteConfirm)
	r.post("/connections/:id/delete", a.connectionDelete)
}

// maxLastDeliveries bounds the deliveries on a connection's page.
const maxLastDeliveries = 10

// pageOfConnection returns the path of a connection's own page.
func pageOfConnection(found models.Connection) string { return connectionPath(found.ID) }

// hideForbidden turns "forbidden" into "not found": a user who cannot edit a connection does not
// learn here that it exists.
func hideForbidden(err error) error {
	if fault.Is(err, fault.Forbidden) {
		return fault.NewNotFound("connection")
	}
	return err
}

// connectionOf returns the connection of the path. The actor must be able to edit it.
func (a *Admin) connectionOf(c *gin.Context) (models.Connection, error) {
	id, err := web.ID(c, "id", "connection")
	if err != nil {
		return models.Connection{}, err
	}
	found, err := a.Connections.Editable(c.Request.Context(), actorOf(c), id)
	return found, hideForbidden(err)
}

func (a *Admin) connection(c *gin.Context) error {
	found, err := a.connectionOf(c)
	if err != nil {
		return err
	}
	return a.connectionPage(c, found.ID, http.StatusOK, nil)
}

// connectionPage renders a connection; change, unless nil, edits the view last.
func (a *Admin) connectionPage(c *gin.Context, id int64, status int, change func(v *page.ConnectionView)) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	d, err := a.Connections.Details(ctx, actor, id)
	if err != nil {
		return hideForbidden(err)
	}
	last, err := a.DeliveryLog.List(ctx, actor, models.DeliveryFilter{ConnectionID: id, Limit: maxLastDeliveries})
	if err != nil {
		return err
	}
	v := page.ConnectionView{
		Frame:        a.frame(c, d.Name, layout.NavConnections),
		Row:          a.connectionRow(c, d.ConnectionRow),
		Enabled:      d.Enabled,
		CanResume:    d.Resumes,
		Rotates:      d.Rotates,
		RotatedUntil: a.inUserZone(c, d.RotatedUntil),
		Version:      d.Version,
		Fields:       connectionFields(d),
		Deliveries:   a.deliveryRows(c, last),
	}
	if change != nil {
		change(&v)
	}
	return render(c, status, page.Connection(v))
}

// connectionFields returns the fields of a connection's form. Secrets are empty; saved empty, they
// stay as they are.
func connectionFields(d connection.Details) []ui.Field {
	values := map[string]string{"name": d.Name}
	for name, value := range d.Visible {
		values[name] = value
	}
	fields := moduleForm(d.Module, values, nil).Fields
	for i, f := range d.Module.FormFields() {
		if f.Secret {
			field := &fields[i+1] // after the name
			field.Required, field.Placeholder, field.Note = false, "", "stored"
			field.Help = "Leave empty to keep the stored value."
		}
	}
	return fields
}

// refillFields puts what was typed back into the fields, with the errors. Secrets must be typed
// again.
func refillFields(fields []ui.Field, d module.Descriptor, typed, errs map[string]string) {
	secret := map[string]bool{}
	for _, f := range d.FormFields() {
		secret[f.Name] = f.Secret
	}
	for i := range fields {
		f := &fields[i]
		f.Error = errs[f.Name]
		if value, sent := typed[f.Name]; sent && !secret[f.Name] {
			f.Value = value
			for j := range f.Options {
				f.Options[j].Checked = f.Options[j].Value == value
			}
		}
	}
}

func (a *Admin) connectionSave(c *gin.Context) error {
	found, err := a.connectionOf(c)
	if err != nil {
		return err
	}
	descriptor, change := a.descriptor(found.Module), connection.Change{Config: module.Config{}}
	name := c.PostForm("name")
	change.Name = &name
	if change.Version, err = strconv.ParseInt(c.PostForm("version"), 10, 64); err != nil {
		return fault.BadField("version", "This form is out of date. Reload the page and try again")
	}
	typed := map[string]string{"name": name}
	for _, f := range descriptor.FormFields() {
		typed[f.Name] = c.PostForm(f.Name)
		if typed[f.Name] != "" || !f.Secret {
			change.Config[f.Name] = typed[f.Name]
		}
	}
	saved, err := a.updateConnection(c, found, change)
	errs := fieldErrors(err)
	if fault.Is(err, fault.TooMany) {
		errs = formErrors(err)
	}
	if errs != nil {
		return a.connectionPage(c, found.ID, web.StatusOf(err), func(v *page.ConnectionView) {
			refillFields(v.Fields, descriptor, typed, errs)
			v.Failed, v.PasswordError = errs[""], errs["password"]
		})
	}
	if err != nil {
		return hideForbidden(err)
	}
	note := savedNote("Connection saved", saved.Warning)
	return a.redirect(c, note.Kind, note.Title, note.Text, connectionPath(found.ID))
}

// updateConnection saves a connection. A change of a stored secret needs the password.
func (a *Admin) updateConnection(
	c *gin.Context, found models.Connection, change connection.Change,
) (saved connection.Saved, err error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	replaces, err := a.Connections.ReplacesSecret(found, change.Config)
	if err == nil && replaces {
		err = a.Accounts.RequirePassword(ctx, actor, c.PostForm("password"))
	}
	if err != nil {
		return connection.Saved{}, err
	}
	return a.Connections.Update(ctx, actor, found.ID, change)
}

// connectionResume makes a connection try again now.
func (a *Admin) connectionResume(c *gin.Context) error {
	found, err := a.connectionOf(c)
	if err != nil {
		return err
	}
	if _, err := a.Connections.Resume(c.Request.Context(), actorOf(c), found.ID); err != nil {
		return err
	}
	a.Dispatcher.Wake()
	const text = "Sending the oldest queued message to check the receiver."
	return a.redirect(c, "ok", "Retrying "+found.Name+" now", text, connectionPath(found.ID))
}

// connectionRotate replaces the secret of a connection, if the user has typed the password again. The
// page follows at once, and not after a redirect, since it shows the new secret this one time.
func (a *Admin) connectionRotate(c *gin.Context) error {
	found, err := a.connectionOf(c)
	if err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	err = a.Accounts.RequirePassword(ctx, actor, c.PostForm("password"))
	if errs := formErrors(err); errs != nil {
		return a.connectionPage(c, found.ID, web.StatusOf(err), func(v *page.ConnectionView) { v.RotateErrors = errs })
	}
	if err != nil {
		return err
	}
	r, err := a.Connections.Rotate(ctx, actor, found.ID)
	if err != nil {
		return err
	}
	return a.connectionPage(c, found.ID, http.StatusOK, func(v *page.ConnectionView) {
		v.Secret = &page.NewSecret{Target: r.Name, Label: "secret", Value: r.Secret, Until: a.inUserZone(c, r.Until)}
	})
}

// connectionDeleteConfirm names what is lost with a connection.
func (a *Admin) connectionDeleteConfirm(c *gin.Context) error {
	found, err := a.connectionOf(c)
	if err != nil {
		return err
	}
	lost, err := a.Connections.Losses(c.Request.Context(), actorOf(c), found.ID)
	if err != nil {
		return err
	}
	note, err := a.inPartsNote(c, models.RemoveConnection, found.ID)
	if err != nil {
		return err
	}
	return a.confirmPage(c, http.StatusOK, "Delete "+found.Name, layout.NavConnections, page.ConfirmView{
		Title: "Delete " + found.Name + "?",
		Note:  note,
		Lost: []string{
			"its URL and its secret",
			plural(lost.Deliveries, "delivery", "deliveries") + " in its history, including attempts",
			plural(lost.Waiting, "queued message, which will not be sent", "queued messages, which will not be sent") +
				": to keep them, disable the connection instead",
		},
		Button: "Delete connection",
		Cancel: connectionPath(found.ID),
	})
}

func (a *Admin) connectionDelete(c *gin.Context) error {
	found, err := a.connectionOf(c)
	if err != nil {
		return err
	}
	err = hideForbidden(a.Connections.Delete(c.Request.Context(), actorOf(c), found.ID, 0))
	return a.done(c, err, "Connection "+found.Name+" deleted", "", "/connections")
}
