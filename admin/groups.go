package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

func (a *Admin) groups(c *gin.Context) error {
	f := models.GroupFilter{Text: c.Query("q"), After: c.Query("after"), Limit: pageSize + 1}
	rows, err := a.Products.Groups(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	v := page.GroupsView{Query: f.Text, Frame: a.frame(c, "Groups", layout.NavGroups)}
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

// groupGate says what a group's gate mode means.
func groupGate(g models.Group) string {
	switch g.GateMode {
	case models.GateOwn:
		return "limits of the group: " + limitWords(g.Thresholds.Limits())
	case models.GateDisabled:
		return "all gates disabled by the group"
	case models.GateStandard:
	}
	return "each product has its own gate"
}

// limitWords are the severities that are limited, with their limits.
func limitWords(limits models.Counts) string {
	var parts []string
	for _, s := range models.Severities() {
		if n := limits.Of(s); n < settings.NoLimit {
			parts = append(parts, s.String()+" "+formatInt(n))
		}
	}
	if len(parts) == 0 {
		return "none is limited"
	}
	return strings.Join(parts, ", ")
}

func (a *Admin) groupNew(c *gin.Context) error {
	return a.groupNewPage(c, http.StatusOK, page.GroupNewView{})
}

func (a *Admin) groupNewPage(c *gin.Context, status int, v page.GroupNewView) error {
	v.Frame = a.frame(c, "New group", layout.NavGroups)
	return render(c, status, page.GroupNew(v))
}

func (a *Admin) groupCreate(c *gin.Context) error {
	d := product.GroupDraft{Name: c.PostForm("name"), Description: c.PostForm("description")}
	row, err := a.Products.CreateGroup(c.Request.Context(), actorOf(c), d)
	if errs := fieldErrors(err); errs != nil {
		return a.groupNewPage(
			c, http.StatusUnprocessableEntity, page.GroupNewView{Name: d.Name, Description: d.Description, Errors: errs},
		)
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", "The group is there", "Create products in it, or move some here by their settings.")
	web.SeeOther(c, groupPath(row.ID))
	return nil
}
