package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// targetRoutes adds the actions on the targets of products and groups.
func (a *Admin) targetRoutes(r router) {
	for _, owner := range ownerRoutes {
		r.post(owner+"/targets/:target/test", a.testConnection(a.targetOf))
		a.turnRoutes(r, owner+"/targets/:target", a.targetOf, targetsTabPath)
		r.post(owner+"/targets/:target/delete", a.targetDelete)
	}
}

// targetOf returns the target of the path. It must belong to the product or the group of the path.
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

func (a *Admin) targetDelete(c *gin.Context) error {
	t, err := a.targetOf(c)
	if err != nil {
		return err
	}
	err = a.Connections.Delete(c.Request.Context(), actorOf(c), t.ID, 0)
	return a.done(c, err, "Target "+t.Name+" deleted", "", targetsTabPath(t))
}

// addedTarget is what the page after the form for a new target shows.
type addedTarget struct {
	status  int
	forms   []page.ModuleForm // as they were sent, with the errors; nil = the target was added
	secret  *page.NewSecret   // made for the target; nil = none
	id      int64
	warning string // about the target; "" = none
}

// addTarget reads the form for a new target and adds it. An invalid form is no error: the
// result has its messages.
func (a *Admin) addTarget(c *gin.Context, at product.Owner) (addedTarget, error) {
	draft, typed := a.connectionDraft(c)
	saved, err := a.Connections.CreateFor(c.Request.Context(), actorOf(c), at, draft)
	if errs := fieldErrors(err); errs != nil {
		return addedTarget{
			status: http.StatusUnprocessableEntity, forms: a.moduleForms(draft.Module, typed, errs),
		}, nil
	}
	added := addedTarget{status: http.StatusOK, id: saved.ID, warning: saved.Warning}
	for name, value := range saved.Made {
		added.secret = &page.NewSecret{Target: saved.Name, Label: name, Value: value}
	}
	return added, err
}

// fill sets the secret and, after an invalid form, the forms for new targets.
func (t addedTarget) fill(forms *[]page.ModuleForm, secret **page.NewSecret) {
	if t.forms != nil {
		*forms = t.forms
	}
	*secret = t.secret
}

// mark puts the warning beside the row of the new target.
func (t addedTarget) mark(row *page.TargetRow) {
	if row.ID == t.id {
		row.Warning = t.warning
	}
}
