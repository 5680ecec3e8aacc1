package admin

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// silencesRoutes adds the list of silences.
func (a *Admin) silencesRoutes(r router) {
	r.get(silencesPath, a.silenceList)
}

func (a *Admin) silenceList(c *gin.Context) error {
	err := checkListURL(c, append(anyText("product"), oneOf("state", models.SilenceEnded), keyParam("before", isIDKey))...)
	if err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	v := page.SilencesView{Ended: c.Query("state") == string(models.SilenceEnded)}
	f := models.SilenceFilter{Open: !v.Ended, Limit: pageSize + 1}
	var pairs []string
	state := ""
	if v.Ended {
		state, f.State = string(models.SilenceEnded), models.SilenceEnded
	}
	if text := c.Query("product"); text != "" {
		row, err := a.Products.Get(ctx, actor, idOf(text))
		if err != nil {
			return err
		}
		f.ProductID, v.Narrowed, pairs = row.ID, true, []string{"product", formatInt(row.ID)}
		v.Filters = []ui.Removable{{Label: row.Name, Clear: link(silencesPath, "state", state)}}
	}
	//nolint:errcheck // a text that is not a number means the first page
	f.Before, _ = strconv.ParseInt(c.Query("before"), 10, 64)
	if isExport(c) {
		return a.exportSilences(c, f)
	}
	rows, err := a.Silences.List(ctx, actor, f)
	if err != nil {
		return err
	}
	here := slices.Concat(pairs, []string{"state", state})
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		v.Pager.Next = link(silencesPath, append(here, "before", formatInt(rows[pageSize-1].ID))...)
	}
	if f.Before > 0 {
		v.Pager.First = link(silencesPath, here...)
	}
	v.Pager.Text = plural(len(rows), "silence", "silences") + " shown"
	v.Pager.Export = exportLink(c)
	for _, r := range rows {
		v.Rows = append(v.Rows, a.silenceRow(c, r))
	}
	may, err := a.Silences.MayAny(ctx, actor)
	if err != nil {
		return err
	}
	if may {
		v.MayNew = link(silencesPath+"/new", pairs...)
	}
	v.Chips = []ui.Chip{
		{Label: "Active and scheduled", Href: link(silencesPath, pairs...), Count: -1, Current: !v.Ended},
		{
			Label:   "Ended",
			Href:    link(silencesPath, append(pairs, "state", string(models.SilenceEnded))...),
			Count:   -1,
			Current: v.Ended,
		},
	}
	v.Frame = a.frame(c, "Silences", layout.NavSilences)
	return render(c, http.StatusOK, page.Silences(v))
}
