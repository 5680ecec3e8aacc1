package admin

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/app/silence"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// silencesRoutes adds the list of silences.
func (a *Admin) silencesRoutes(r router) {
	r.get(silencesPath, a.silenceList)
}

// silenceOptions are the orders of the list, newest first.
func silenceOptions() []sortOption {
	return []sortOption{{name: "created", desc: true}, {name: models.SilencesByEnd}}
}

func (a *Admin) silenceList(c *gin.Context) error {
	if err := checkListURL(c, pageParams(models.SilenceOrders, silenceOptions(),
		append(anyText("product"), oneOf("state", models.SilenceEnded))...)...); err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	v := page.SilencesView{Ended: c.Query("state") == string(models.SilenceEnded)}
	f, p := models.SilenceFilter{Open: !v.Ended}, pageOf(c, silenceOptions()...)
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
	if isExport(c) {
		f.Place = p.Place
		return a.exportSilences(c, f)
	}
	p.in(silencesPath, append(slices.Clone(pairs), "state", state)...)
	rows, pager, err := readPage(&p, a.silencesIn(c, f))
	if err != nil {
		return err
	}
	v.Sorting, v.Pager = p.sorting(), pager
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
	pairs = append(pairs, p.kept()...)
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

// silencesIn reads the silences of a filter.
func (a *Admin) silencesIn(c *gin.Context, f models.SilenceFilter) rowsOf[silence.Row] {
	ctx, actor := c.Request.Context(), actorOf(c)
	return rowsOf[silence.Row]{
		read: func(at models.Place, limit int) ([]silence.Row, error) {
			f.Place, f.Limit = at, limit
			return a.Silences.List(ctx, actor, f)
		},
		key:   func(at models.Place, r silence.Row) string { return models.SilenceOrders.Key(at, r.Silence) },
		count: func() (int, error) { return a.Silences.Count(ctx, actor, f) },
		one:   "silence", many: "silences",
	}
}
