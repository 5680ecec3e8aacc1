package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// authorizationGroupsRoutes adds the list of authorization groups.
func (a *Admin) authorizationGroupsRoutes(r router) {
	r.get(authorizationGroupsPath, a.authorizationGroups)
	r.post(authorizationGroupsPath, a.authorizationCreate)
	r.get("/admin/authorization-groups", a.authorizationFirst)
}

// authorizationFirst redirects from the menu of administrators to the list that all users have.
func (a *Admin) authorizationFirst(c *gin.Context) error {
	web.SeeOther(c, authorizationGroupsPath)
	return nil
}

func (a *Admin) authorizationGroups(c *gin.Context) error {
	if err := checkListURL(c, anyText("q", "after")...); err != nil {
		return err
	}
	return a.authorizationList(c, http.StatusOK, "", nil)
}

// authorizationList lists the authorization groups of the actor. Administrators see all of them,
// and the form for a new one.
func (a *Admin) authorizationList(c *gin.Context, status int, name string, errs map[string]string) error {
	f := models.GroupFilter{Text: c.Query("q"), After: c.Query("after"), Limit: pageSize + 1}
	rows, err := a.Products.AuthorizationGroups(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.AuthorizationGroupsView{
		Frame:     a.frame(c, "Authorization groups", layout.NavAuthorization),
		Query:     f.Text,
		CanCreate: actorOf(c).Administrator(),
		Name:      name,
		Errors:    errs,
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		v.Pager.Next = link(authorizationGroupsPath, "q", f.Text, "after", rows[pageSize-1].Name)
	}
	if f.After != "" {
		v.Pager.First = link(authorizationGroupsPath, "q", f.Text)
	}
	v.Pager.Text = plural(len(rows), "authorization group", "authorization groups")
	for _, g := range rows {
		v.Rows = append(v.Rows, page.AuthorizationGroupRow{
			ID:      g.ID,
			Name:    g.Name,
			Members: g.Members,
			Roles:   g.Roles,
			Manager: g.Manager,
		})
	}
	return render(c, status, page.AuthorizationGroups(v))
}

func (a *Admin) authorizationCreate(c *gin.Context) error {
	name := c.PostForm("name")
	g, err := a.Products.SaveAuthorizationGroup(c.Request.Context(), actorOf(c), 0, name, 0)
	if errs := fieldErrors(err); errs != nil {
		return a.authorizationList(c, http.StatusUnprocessableEntity, name, errs)
	}
	return a.done(c, err, "Authorization group created",
		"Next: add users, then give the group a role on the Members tab of a product or product group.",
		authorizationPath(g.ID))
}
