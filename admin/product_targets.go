package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/connection"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// targetRoutes adds the actions on the targets of products and groups.
func (a *Admin) targetRoutes(r router) {
	r.post("/products/:id/targets", a.targetCreate)
	r.post("/groups/:id/targets", a.groupTargetCreate)
	for _, owner := range ownerRoutes {
		r.post(owner+"/targets/:target/test", a.targetTest)
		r.post(owner+"/targets/:target/enable", a.targetEnable(true))
		r.post(owner+"/targets/:target/disable", a.targetEnable(false))
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
