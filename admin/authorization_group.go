package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// authorizationGroupRoutes adds the page of an authorization group.
func (a *Admin) authorizationGroupRoutes(r router) {
	const one = authorizationGroupsPath + "/:id"
	r.get(one, a.authorizationGroup)
	r.post(one, a.authorizationRename)
	r.get(one+"/delete", a.authorizationDeleteConfirm)
	r.post(one+"/delete", a.authorizationDelete)
	r.post(one+"/members", a.authorizationMemberSet)
	r.post(one+"/members/:user/delete", a.authorizationMemberRemove)
}

// authorizationOf returns the authorization group of the path. The actor must be in it.
func (a *Admin) authorizationOf(c *gin.Context) (product.AuthorizationGroup, error) {
	id, err := web.ID(c, "id", "authorization group")
	if err != nil {
		return product.AuthorizationGroup{}, err
	}
	return a.Products.AuthorizationGroup(c.Request.Context(), actorOf(c), id)
}

func (a *Admin) authorizationGroup(c *gin.Context) error {
	g, err := a.authorizationOf(c)
	if err != nil {
		return err
	}
	return a.authorizationPage(c, http.StatusOK, g, nil)
}

// authorizationPage renders an authorization group; change, unless nil, edits the view last.
func (a *Admin) authorizationPage(
	c *gin.Context, status int, g product.AuthorizationGroup, change func(*page.AuthorizationGroupView),
) error {
	v := page.AuthorizationGroupView{
		Frame: a.frame(c, g.Name, layout.NavAuthorization), ID: g.ID, Name: g.Name, Typed: g.Name, Version: g.Version,
		CanEdit: g.MayEdit, Admin: actorOf(c).Administrator(),
	}
	for _, m := range g.Members {
		v.Members = append(v.Members, page.AuthorizationMemberRow{ID: m.UserID, Name: m.User, Manager: m.Manager})
	}
	for _, r := range g.Roles {
		kind := "product"
		if r.Owner.GroupID != 0 {
			kind = "group"
		}
		v.Roles = append(v.Roles, page.AuthorizationRoleRow{
			Kind: kind, Name: r.Of, Href: ownerPath(r.Owner) + "?tab=members", Role: string(r.Role),
		})
	}
	if change != nil {
		change(&v)
	}
	return render(c, status, page.AuthorizationGroup(v))
}

// authorizationRename gives an authorization group another name.
func (a *Admin) authorizationRename(c *gin.Context) error {
	g, err := a.authorizationOf(c)
	if err != nil {
		return err
	}
	name := c.PostForm("name")
	_, err = a.Products.SaveAuthorizationGroup(c.Request.Context(), actorOf(c), g.ID, name, idOf(c.PostForm("version")))
	if errs := fieldErrors(err); errs != nil {
		return a.authorizationPage(c, web.StatusOf(err), g, func(v *page.AuthorizationGroupView) {
			v.Typed, v.Errors = name, errs
		})
	}
	return a.done(c, err, "Authorization group renamed", "", authorizationPath(g.ID))
}

// authorizationMemberSet adds a user to an authorization group, as a manager or as a plain member.
func (a *Admin) authorizationMemberSet(c *gin.Context) error {
	g, err := a.authorizationOf(c)
	if err != nil {
		return err
	}
	user, manager := strings.TrimSpace(c.PostForm("user")), c.PostForm("manager") == "on"
	err = a.Products.SetAuthorizationMember(c.Request.Context(), actorOf(c), g.ID, user, manager)
	if errs := fieldErrors(err); errs != nil {
		return a.authorizationPage(c, http.StatusUnprocessableEntity, g, func(v *page.AuthorizationGroupView) {
			v.User, v.Manager, v.Errors = user, manager, errs
		})
	}
	if err != nil {
		return err
	}
	done := user + " added as a member"
	if manager {
		done = user + " is now a manager"
	}
	return a.redirect(c, "ok", done, "", authorizationPath(g.ID))
}

func (a *Admin) authorizationMemberRemove(c *gin.Context) error {
	g, err := a.authorizationOf(c)
	if err != nil {
		return err
	}
	user, err := web.ID(c, "user", "member")
	if err != nil {
		return err
	}
	if err := a.Products.RemoveAuthorizationMember(c.Request.Context(), actorOf(c), g.ID, user); err != nil {
		return err
	}
	a.flash(c, "ok", "Member removed", "")
	if user == actorOf(c).User.ID && !actorOf(c).Administrator() { // the actor cannot see it any more
		web.SeeOther(c, authorizationGroupsPath)
		return nil
	}
	web.SeeOther(c, authorizationPath(g.ID))
	return nil
}

// authorizationDeleteConfirm names what is lost with an authorization group.
func (a *Admin) authorizationDeleteConfirm(c *gin.Context) error {
	return a.authorizationDeletePage(c, http.StatusOK, "")
}

// authorizationDeletePage names what is lost with an authorization group, and asks for its name.
// problem is what is wrong with the typed name.
func (a *Admin) authorizationDeletePage(c *gin.Context, status int, problem string) error {
	g, err := a.authorizationOf(c)
	if err != nil {
		return err
	}
	if !actorOf(c).Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can delete authorization groups")
	}
	lost := []string{"the membership of " + plural(len(g.Members), "user", "users") + "; the user accounts remain"}
	for _, r := range g.Roles {
		lost = append(lost, "the role "+string(r.Role)+" in "+r.Of+" for all members")
	}
	return a.confirmPage(c, status, "Delete "+g.Name, layout.NavAuthorization, page.ConfirmView{
		Title:  "Delete the authorization group " + g.Name + "?",
		Lost:   lost,
		Button: "Delete authorization group",
		Cancel: authorizationPath(g.ID),
		Type:   g.Name,
		Error:  problem,
	})
}

func (a *Admin) authorizationDelete(c *gin.Context) error {
	g, err := a.authorizationOf(c)
	if err != nil {
		return err
	}
	if c.PostForm("confirm") != g.Name {
		return a.authorizationDeletePage(c, http.StatusUnprocessableEntity, "Type the group's name to confirm")
	}
	err = a.Products.DeleteAuthorizationGroup(c.Request.Context(), actorOf(c), g.ID, 0)
	return a.done(c, err, "Authorization group "+g.Name+" deleted", "", authorizationGroupsPath)
}
