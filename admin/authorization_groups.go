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

// authorizationOptions are the orders of the list.
func authorizationOptions() []sortOption {
	return []sortOption{
		{name: "name"},
		{name: models.AuthorizationGroupsByMembers, desc: true},
		{name: models.AuthorizationGroupsByRoles, desc: true},
	}
}

func (a *Admin) authorizationGroups(c *gin.Context) error {
	params := pageParams(models.AuthorizationGroupOrders, authorizationOptions(), anyText("q")...)
	if err := checkListURL(c, params...); err != nil {
		return err
	}
	return a.authorizationList(c, http.StatusOK, "", nil)
}

// authorizationList lists the authorization groups of the actor. Administrators see all of them,
// and the form for a new one.
func (a *Admin) authorizationList(c *gin.Context, status int, name string, errs map[string]string) error {
	ctx, actor, f := c.Request.Context(), actorOf(c), models.GroupFilter{Text: c.Query("q")}
	p := pageOf(c, authorizationOptions()...)
	p.in(authorizationGroupsPath, "q", f.Text)
	rows, pager, err := readPage(&p, rowsOf[models.AuthorizationGroupRow]{
		read: func(at models.Place, limit int) ([]models.AuthorizationGroupRow, error) {
			f.Place, f.Limit = at, limit
			return a.Products.AuthorizationGroups(ctx, actor, f)
		},
		key:   models.AuthorizationGroupOrders.Key,
		count: func() (int, error) { return a.Products.CountAuthorizationGroups(ctx, actor, f) },
		one:   "authorization group", many: "authorization groups",
	})
	if err != nil {
		return err
	}
	v := page.AuthorizationGroupsView{
		Frame:     a.frame(c, "Authorization groups", layout.NavAuthorization),
		Query:     f.Text,
		Keep:      hiddenFields(p.kept()),
		Sorting:   p.sorting(),
		Pager:     pager,
		CanCreate: actorOf(c).Administrator(),
		Name:      name,
		Errors:    errs,
	}
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
