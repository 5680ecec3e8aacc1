package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/ui"
)

// maxGroups bounds the groups of a select.
const maxGroups = 500

// ownerOf returns the product or the group that a path is about.
func ownerOf(c *gin.Context) (product.Owner, error) {
	if strings.HasPrefix(c.FullPath(), "/groups/") {
		id, err := web.ID(c, "id", "group")
		return product.InGroup(id), err
	}
	id, err := web.ID(c, "id", "product")
	return product.InProduct(id), err
}

// ownerFor is like ownerOf, and requires a permission.
func (a *Admin) ownerFor(c *gin.Context, p authz.Permission) (product.Owner, error) {
	at, err := ownerOf(c)
	if err != nil {
		return at, err
	}
	return at, a.Products.Require(c.Request.Context(), actorOf(c), p, at)
}

// mayAt reports whether the actor has a permission in a product or a group.
func (a *Admin) mayAt(c *gin.Context, p authz.Permission, at product.Owner) (bool, error) {
	if at.GroupID != 0 {
		return authz.MayGroup(c.Request.Context(), a.Store, actorOf(c), p, at.GroupID)
	}
	return authz.May(c.Request.Context(), a.Store, actorOf(c), p, at.ProductID)
}

// groupOptions returns the groups that the actor can put products into, and "none". It returns nil
// if there are no such groups.
func (a *Admin) groupOptions(c *gin.Context, current int64) ([]ui.Option, error) {
	rows, err := a.Products.Groups(c.Request.Context(), actorOf(c), models.GroupFilter{Editable: true, Limit: maxGroups})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	options := []ui.Option{{Label: "none", Checked: current == 0}}
	for _, g := range rows {
		options = append(options, ui.Option{Value: formatInt(g.ID), Label: g.Name, Checked: g.ID == current})
	}
	return options, nil
}

func (a *Admin) productOf(c *gin.Context) (models.ProductRow, error) {
	id, err := web.ID(c, "id", "product")
	if err != nil {
		return models.ProductRow{}, err
	}
	return a.Products.Get(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) groupOf(c *gin.Context) (models.GroupRow, error) {
	id, err := web.ID(c, "id", "group")
	if err != nil {
		return models.GroupRow{}, err
	}
	return a.Products.Group(c.Request.Context(), actorOf(c), id)
}

// editableProduct returns the product of the path, if the actor can edit it.
func (a *Admin) editableProduct(c *gin.Context) (models.ProductRow, error) {
	row, err := a.productOf(c)
	if err == nil {
		err = authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Edit, row.ID)
	}
	return row, err
}

// assessableProduct returns the product of the path, if the actor can assess its observations.
func (a *Admin) assessableProduct(c *gin.Context) (models.ProductRow, error) {
	row, err := a.productOf(c)
	if err != nil {
		return row, err
	}
	return row, authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Assess, row.ID)
}

func productIDs(rows []models.ProductRow) []int64 {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
