package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
)

// finding is an observation with its product and its branch.
type finding struct {
	models.Observation
	product models.ProductRow
	branch  models.Branch
}

// findingOf returns the observation of the path. It must belong to the product of the path.
func (a *Admin) findingOf(c *gin.Context) (finding, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	row, err := a.productOf(c)
	if err != nil {
		return finding{}, err
	}
	id, err := web.ID(c, "observation", "observation")
	if err != nil {
		return finding{}, err
	}
	o, productID, err := a.Observations.Get(ctx, actor, id)
	if err == nil && productID != row.ID {
		err = fault.NewNotFound("observation")
	}
	if err != nil {
		return finding{}, err
	}
	branches, err := a.Store.Branches(ctx, actor.Scope(), row.ID)
	for _, b := range branches {
		if b.ID == o.BranchID {
			return finding{o, row, b}, nil
		}
	}
	if err == nil {
		err = fault.NewNotFound("observation")
	}
	return finding{}, err
}

// assessableObservation returns the observation of the path, if the actor can assess it.
func (a *Admin) assessableObservation(c *gin.Context) (finding, error) {
	f, err := a.findingOf(c)
	if err != nil {
		return f, err
	}
	return f, authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Assess, f.product.ID)
}

func (f finding) path() string { return observationPath(f.product.ID, f.ID) }

// list returns the path of the list of the observation's branch.
func (f finding) list() string {
	if f.branch.Default {
		return productPath(f.product.ID)
	}
	return link(productPath(f.product.ID), "branch", f.branch.Name)
}
