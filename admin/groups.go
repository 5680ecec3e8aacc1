package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// groupsRoutes adds the list of groups.
func (a *Admin) groupsRoutes(r router) {
	r.get("/groups", a.groups)
}

func (a *Admin) groups(c *gin.Context) error {
	if err := checkListURL(c, anyText("q", "after")...); err != nil {
		return err
	}
	f := models.GroupFilter{Text: c.Query("q"), After: c.Query("after"), Limit: pageSize + 1}
	rows, err := a.Products.Groups(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.GroupsView{
		Query:     f.Text,
		CanCreate: a.Products.MayCreate(actorOf(c)) == nil,
		Frame:     a.frame(c, "Product groups", layout.NavGroups),
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		v.Pager.Next = link("/groups", "q", f.Text, "after", rows[pageSize-1].Name)
	}
	if f.After != "" {
		v.Pager.First = link("/groups", "q", f.Text)
	}
	v.Pager.Text = plural(len(rows), "group", "groups") + " shown"
	for _, g := range rows {
		v.Rows = append(v.Rows, page.GroupRow{
			ID: g.ID, Name: g.Name, Description: g.Description, Products: g.Products, Failed: g.Failed, Gate: groupGate(g.Group),
		})
	}
	return render(c, http.StatusOK, page.Groups(v))
}
