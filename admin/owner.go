package admin

import (
	"strconv"
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

func groupPath(id int64) string { return "/groups/" + strconv.FormatInt(id, 10) }

// ownerPath is the page of a product or a group.
func ownerPath(at product.Owner) string {
	if at.GroupID != 0 {
		return groupPath(at.GroupID)
	}
	return productPath(at.ProductID)
}

// ownerOf is the product or the group that a path is about.
func ownerOf(c *gin.Context) (product.Owner, error) {
	if strings.HasPrefix(c.FullPath(), "/groups/") {
		id, err := web.ID(c, "id", "group")
		return product.InGroup(id), err
	}
	id, err := web.ID(c, "id", "product")
	return product.InProduct(id), err
}

// ownerFor is ownerOf where the actor may do something in it.
func (a *Admin) ownerFor(c *gin.Context, p authz.Permission) (product.Owner, error) {
	at, err := ownerOf(c)
	if err != nil {
		return at, err
	}
	return at, a.Products.Require(c.Request.Context(), actorOf(c), p, at)
}

// mayAt is a right in a place as a yes or no.
func (a *Admin) mayAt(c *gin.Context, p authz.Permission, at product.Owner) (bool, error) {
	if at.GroupID != 0 {
		return authz.MayGroup(c.Request.Context(), a.Store, actorOf(c), p, at.GroupID)
	}
	return authz.May(c.Request.Context(), a.Store, actorOf(c), p, at.ProductID)
}

// groupOptions are the groups that the actor may put products into, and none;
// nil where there are none at all.
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

// idOf reads an id that a form or a query may have, 0 for none.
func idOf(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return id
}
