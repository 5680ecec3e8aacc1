package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// memberRoutes adds the actions on the roles in products and groups.
func (a *Admin) memberRoutes(r router) {
	for _, owner := range ownerRoutes {
		r.post(owner+"/members", a.memberSet)
		r.post(owner+"/members/:user/delete", a.memberRemove)
		r.post(owner+"/authorization-groups", a.authorizationRoleSet)
		r.post(owner+"/authorization-groups/:group/delete", a.authorizationRoleRemove)
	}
}

// membersOf returns the users and authorization groups that have a role in a product or a group.
func (a *Admin) membersOf(c *gin.Context, at product.Owner, noun string) (page.People, error) {
	p := page.People{Path: ownerPath(at), Noun: noun}
	var err error
	if p.CanEdit, err = a.mayAt(c, authz.Edit, at); err != nil {
		return p, err
	}
	if p.CanOwn, err = a.mayAt(c, authz.Own, at); err != nil {
		return p, err
	}
	for _, r := range models.Roles() {
		if p.CanOwn || r != models.RoleOwner {
			p.Roles = append(p.Roles, string(r))
		}
	}
	p.Members, p.Groups, err = a.roleRows(c, at)
	return p, err
}

// roleRows returns the members and the authorization groups of an owner. Only administrators get
// links to the authorization groups, since other users do not always belong to them.
func (a *Admin) roleRows(c *gin.Context, at product.Owner) (members, groups []page.MemberRow, err error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	list, err := a.Products.Members(ctx, actor, at)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range list {
		members = append(members, page.MemberRow{ID: m.UserID, Name: m.User, Role: string(m.Role)})
	}
	roles, err := a.Products.AuthorizationRoles(ctx, actor, at)
	for _, r := range roles {
		row := page.MemberRow{ID: r.GroupID, Name: r.Group, Role: string(r.Role)}
		if actor.Administrator() {
			row.Href = authorizationPath(r.GroupID)
		}
		groups = append(groups, row)
	}
	return members, groups, err
}

// groupMembers adds the roles that a product's group gives beside the product's own. Users who
// cannot see the group learn only its name.
func (a *Admin) groupMembers(c *gin.Context, v *page.ProductView, p models.Product) error {
	if p.GroupID == nil {
		return nil
	}
	t := page.Through{Name: v.Group, Hidden: v.GroupHref == ""}
	var err error
	if v.GroupHref != "" {
		t.Href = v.GroupHref + "?tab=members"
		t.Members, t.Groups, err = a.roleRows(c, product.InGroup(*p.GroupID))
	}
	v.People.Through = &t
	return err
}

func (a *Admin) membersTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	var err error
	if v.People, err = a.membersOf(c, product.InProduct(row.ID), "product"); err != nil {
		return err
	}
	return a.groupMembers(c, v, row.Product)
}

// memberSet gives a user a role, or another one.
func (a *Admin) memberSet(c *gin.Context) error {
	at, err := a.ownerFor(c, authz.Edit)
	if err != nil {
		return err
	}
	form := page.RoleForm{Name: strings.TrimSpace(c.PostForm("user")), Role: c.PostForm("role")}
	m, err := a.Products.SetMember(c.Request.Context(), actorOf(c), at, form.Name, models.Role(form.Role))
	return a.roleAnswer(c, at, err, m.User+" is now "+string(m.Role), func(p *page.People, errs map[string]string) {
		p.Add, p.Add.Errors = form, errs
	})
}

func (a *Admin) memberRemove(c *gin.Context) error {
	at, err := a.ownerFor(c, authz.Edit)
	if err != nil {
		return err
	}
	user, err := web.ID(c, "user", "member")
	if err != nil {
		return err
	}
	err = a.Products.RemoveMember(c.Request.Context(), actorOf(c), at, user)
	return a.roleAnswer(c, at, err, "Member removed", nil)
}

// authorizationRoleSet gives an authorization group a role, or another one.
func (a *Admin) authorizationRoleSet(c *gin.Context) error {
	at, err := a.ownerFor(c, authz.Edit)
	if err != nil {
		return err
	}
	form := page.RoleForm{Name: c.PostForm("authorization_group"), Role: c.PostForm("role")}
	if form.Role == "" { // an empty role would remove it
		err = fault.BadField("role", "Choose a role")
	} else {
		err = a.Products.SetAuthorizationRole(c.Request.Context(), actorOf(c), at, form.Name, models.Role(form.Role))
	}
	return a.roleAnswer(c, at, err, form.Name+" is now "+form.Role, func(p *page.People, errs map[string]string) {
		p.Give, p.Give.Errors = form, errs
	})
}

func (a *Admin) authorizationRoleRemove(c *gin.Context) error {
	at, err := a.ownerFor(c, authz.Edit)
	if err != nil {
		return err
	}
	group, err := web.ID(c, "group", "authorization group here")
	if err != nil {
		return err
	}
	roles, err := a.Products.AuthorizationRoles(c.Request.Context(), actorOf(c), at)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r.GroupID == group {
			err := a.Products.SetAuthorizationRole(c.Request.Context(), actorOf(c), at, r.Group, "")
			return a.roleAnswer(c, at, err, "Role of "+r.Group+" removed", nil)
		}
	}
	return fault.NewNotFound("authorization group here")
}

// roleAnswer leads back to the members with what was done. An error is shown beside its field by
// showErrs, or above all.
func (a *Admin) roleAnswer(
	c *gin.Context, at product.Owner, err error, done string, showErrs func(*page.People, map[string]string),
) error {
	if errs := fieldErrors(err); errs != nil && showErrs != nil {
		return a.membersPage(c, at, func(p *page.People) { showErrs(p, errs) })
	}
	switch {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Forbidden):
		a.flash(c, "bad", textOf(err), "No changes were made.")
	case err != nil:
		return err
	default:
		a.flash(c, "ok", done, "")
	}
	to := ownerPath(at) + "?tab=members"
	if sees, err := a.mayAt(c, authz.View, at); err != nil {
		return err
	} else if !sees { // the actor has removed their own role
		to = "/products"
	}
	web.SeeOther(c, to)
	return nil
}

// membersPage renders the members of an owner after an invalid form.
func (a *Admin) membersPage(c *gin.Context, at product.Owner, change func(*page.People)) error {
	if at.GroupID != 0 {
		row, err := a.groupOf(c)
		if err != nil {
			return err
		}
		fill := func(v *page.GroupView) { change(&v.People) }
		return a.groupPage(c, http.StatusUnprocessableEntity, row, page.GroupMembers, fill)
	}
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	fill := func(v *page.ProductView) { change(&v.People) }
	return a.productPage(c, http.StatusUnprocessableEntity, row, page.TabMembers, fill)
}
