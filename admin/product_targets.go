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
	r.post("/products/:id/targets", a.targetCreate)
	r.post("/groups/:id/targets", a.groupTargetCreate)
	for _, owner := range ownerRoutes {
		r.post(owner+"/targets/:target/test", a.testConnection(a.targetOf))
		r.post(owner+"/targets/:target/enable", a.enableConnection(true, a.targetOf, targetsTabPath))
		r.post(owner+"/targets/:target/disable", a.enableConnection(false, a.targetOf, targetsTabPath))
		r.post(owner+"/targets/:target/delete", a.targetDelete)
	}
}

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

// targetCreate adds a target to a product. The page follows at once, and not after a redirect,
// since it shows a generated secret this one time.
func (a *Admin) targetCreate(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	added, err := a.addTarget(c, product.InProduct(row.ID))
	if err != nil {
		return err
	}
	return a.productPage(c, added.status, row, page.TabTargets, func(v *page.ProductView) {
		added.fill(&v.Targets.Adds, &v.Targets.Secret)
		for i := range v.Targets.Rows {
			added.mark(&v.Targets.Rows[i])
		}
	})
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
	err = a.Connections.Delete(c.Request.Context(), actorOf(c), t.ID)
	return a.done(c, err, t.Name+" is deleted", "", targetsTabPath(t))
}

// targetsTabPath returns the path of the tab that lists the targets of a target's owner.
func targetsTabPath(t models.Connection) string { return ownerPath(t.Owner()) + "?tab=targets" }
