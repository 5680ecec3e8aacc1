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
	return append(anyText("q", "after"), show)
}

func (a *Admin) users(c *gin.Context) error {
	if err := checkListURL(c, userParams()...); err != nil {
		return err
	}
	q, shown, after := c.Query("q"), knownValue(c, "show"), c.Query("after")
	f := userFilter(shown)
	f.Text, f.After, f.Limit = q, after, pageSize+1
	if isExport(c) {
		return a.exportUsers(c, f)
	}
	rows, err := a.Accounts.List(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.UsersView{Frame: a.frame(c, "Users", layout.NavUsers), Query: q, Show: shown}
	for _, s := range userFilters {
		v.Chips = append(v.Chips, ui.Chip{
			Label: s.label, Href: link(usersPath, "q", q, "show", s.show), Count: -1, Current: s.show == shown,
		})
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		v.Pager.Next = link(usersPath, "q", q, "show", shown, "after", rows[pageSize-1].Name)
	}
	if after != "" {
		v.Pager.First = link(usersPath, "q", q, "show", shown)
	}
	v.Pager.Text = plural(len(rows), "user", "users") + " shown"
	v.Pager.Export = exportLink(c)
	for _, u := range rows {
		v.Rows = append(v.Rows, a.userRow(c, u))
	}
	return render(c, http.StatusOK, page.Users(v))
}
