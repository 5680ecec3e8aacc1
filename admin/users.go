package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// usersRoutes adds the list of users.
func (a *Admin) usersRoutes(r router) {
	r.get(usersPath, a.users)
}

// userFilters are the filters of the list.
var userFilters = []struct{ show, label string }{
	{"", "All"},
	{"active", "Active"},
	{"deactivated", "Deactivated"},
	{"administrators", "Administrators"},
}

func userFilter(show string) models.UserFilter {
	yes, no := true, false
	switch show {
	case "active":
		return models.UserFilter{Active: &yes}
	case "deactivated":
		return models.UserFilter{Active: &no}
	case "administrators":
		return models.UserFilter{Administrator: &yes}
	}
	return models.UserFilter{}
}

// userParams are the parameters of the list.
func userParams() []listParam {
	show := listParam{name: "show"}
	for _, f := range userFilters[1:] {
		show.values = append(show.values, f.show)
	}
	return pageParams(models.UserOrders, userOptions(), append(anyText("q"), show)...)
}

// userOptions are the orders of the list.
func userOptions() []sortOption {
	return []sortOption{{name: "name"}, {name: models.UsersBySignIn, desc: true}}
}

func (a *Admin) users(c *gin.Context) error {
	if err := checkListURL(c, userParams()...); err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	q, shown := c.Query("q"), knownValue(c, "show")
	f, p := userFilter(shown), pageOf(c, userOptions()...)
	f.Text = q
	if isExport(c) {
		f.Place = p.Place
		return a.exportUsers(c, f)
	}
	p.in(usersPath, "q", q, "show", shown)
	rows, pager, err := readPage(&p, rowsOf[models.UserRow]{
		read: func(at models.Place, limit int) ([]models.UserRow, error) {
			f.Place, f.Limit = at, limit
			return a.Accounts.List(ctx, actor, f)
		},
		key:   models.UserOrders.Key,
		count: func() (int, error) { return a.Accounts.Count(ctx, actor, f) },
		one:   "user", many: "users",
	})
	if err != nil {
		return err
	}
	v := page.UsersView{
		Frame: a.frame(c, "Users", layout.NavUsers), Query: q, Pager: pager, Sorting: p.sorting(),
		Keep: hiddenFields(append(p.kept(), "show", shown)),
	}
	v.Pager.Export = exportLink(c)
	for _, s := range userFilters {
		v.Chips = append(v.Chips, ui.Chip{
			Label: s.label, Count: -1, Current: s.show == shown,
			Href: link(usersPath, append(p.kept(), "q", q, "show", s.show)...),
		})
	}
	for _, u := range rows {
		v.Rows = append(v.Rows, a.userRow(c, u))
	}
	return render(c, http.StatusOK, page.Users(v))
}
