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

// groupOptions are the orders of the list.
func groupOptions() []sortOption {
	return []sortOption{
		{name: "name"}, {name: models.GroupsByProducts, desc: true}, {name: models.GroupsByFailed, desc: true},
	}
}

func (a *Admin) groups(c *gin.Context) error {
	if err := checkListURL(c, pageParams(models.GroupOrders, groupOptions(), anyText("q")...)...); err != nil {
		return err
	}
	ctx, actor, f := c.Request.Context(), actorOf(c), models.GroupFilter{Text: c.Query("q")}
	p := pageOf(c, groupOptions()...)
	p.in("/groups", "q", f.Text)
	rows, pager, err := readPage(&p, rowsOf[models.GroupRow]{
		read: func(at models.Place, limit int) ([]models.GroupRow, error) {
			f.Place, f.Limit = at, limit
			return a.Products.Groups(ctx, actor, f)
		},
		key:   models.GroupOrders.Key,
		count: func() (int, error) { return a.Products.CountGroups(ctx, actor, f) },
		one:   "group", many: "groups",
	})
	if err != nil {
		return err
	}
	v := page.GroupsView{
		Query: f.Text, Keep: hiddenFields(p.kept()), Sorting: p.sorting(), Pager: pager,
		CanCreate: a.Products.MayCreate(actorOf(c)) == nil,
		Frame:     a.frame(c, "Product groups", layout.NavGroups),
	}
	for _, g := range rows {
		v.Rows = append(v.Rows, page.GroupRow{
			ID: g.ID, Name: g.Name, Description: g.Description, Products: g.Products, Failed: g.Failed, Gate: groupGate(g.Group),
		})
	}
	return render(c, http.StatusOK, page.Groups(v))
}
