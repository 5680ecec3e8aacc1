package admin

import (
	"errors"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// maxHolders bounds the members that a page names.
const maxHolders = 6

// holdersFor returns the members with the permission that an actor lacks by an error. An error in
// reading them is only logged: the page is about another one.
func (a *Admin) holdersFor(c *gin.Context, err error) page.Holders {
	var d authz.Denied
	if !errors.As(err, &d) || d.ProductID+d.GroupID == 0 {
		return page.Holders{}
	}
	h, err := a.holders(c, product.Owner{ProductID: d.ProductID, GroupID: d.GroupID}, d.Permission)
	if err != nil {
		a.Log.ErrorContext(c, "read members with a permission", "error", err)
	}
	return h
}

// holders returns the members of a product or a group with a permission, also those by the
// product's group: none that the actor cannot see.
func (a *Admin) holders(c *gin.Context, at product.Owner, p authz.Permission) (page.Holders, error) {
	rows, err := a.visibleRoles(c, at)
	if err != nil || at.ProductID == 0 {
		return cutHolders(rows, p), err
	}
	row, err := a.Products.Get(c.Request.Context(), actorOf(c), at.ProductID)
	if err != nil || row.GroupID == nil {
		return cutHolders(rows, p), err
	}
	inGroup, err := a.visibleRoles(c, product.InGroup(*row.GroupID))
	return cutHolders(append(rows, inGroup...), p), err
}

// visibleRoles returns the members and authorization groups of a product or a group, none if the
// actor cannot see them.
func (a *Admin) visibleRoles(c *gin.Context, at product.Owner) ([]page.MemberRow, error) {
	members, groups, err := a.roleRows(c, at)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return nil, nil
	}
	for i := range groups {
		groups[i].Name = "authorization group " + groups[i].Name
	}
	return append(members, groups...), err
}

// cutHolders names the members with a permission by their role, each once.
func cutHolders(rows []page.MemberRow, p authz.Permission) page.Holders {
	var h page.Holders
	seen := map[string]bool{}
	for _, r := range rows {
		if !authz.Allows(models.Role(r.Role), p) || seen[r.Name] {
			continue
		}
		seen[r.Name] = true
		if len(h.Names) == maxHolders {
			h.More++
			continue
		}
		h.Names = append(h.Names, r.Name)
	}
	return h
}
