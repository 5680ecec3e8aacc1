package admin

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/gate"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// observationListRoutes adds the list of observations of all products.
func (a *Admin) observationListRoutes(r router) {
	r.get(foundPath, a.observationList)
}

func (a *Admin) observationList(c *gin.Context) error {
	if err := checkListURL(c, observationListParams()...); err != nil {
		return err
	}
	q, err := readObservationList(c.Request.URL.Query())
	if err != nil {
		return err
	}
	if isExport(c) {
		return a.exportFound(c, q.FindFilter)
	}
	p := forwardPageOf(c, foundKeyParam())
	p.in(foundPath, q.pairs...)
	q.kept = p.kept()
	v := page.ObservationListView{Narrowed: len(withoutPairs(q.pairs, "sort")) > 0, Sorting: q.sorting()}
	if v.Applied, err = a.observationListNames(c, q); err != nil {
		return err
	}
	if v.Views, err = a.savedViews(c, viewsOfObservations, q.pairs); err != nil {
		return err
	}
	f := q.FindFilter
	f.Limit, f.After = p.size, foundKey(p.Key)
	found, err := a.Store.FindObservations(c.Request.Context(), actorOf(c).Scope(), f)
	if err != nil {
		return err
	}
	v.Show, v.Severities = q.chips(found.Active)
	if v.Form, err = a.observationListForm(c, q); err != nil {
		return err
	}
	for _, o := range found.Rows {
		v.Rows = append(v.Rows, a.listedObservation(c, o))
	}
	if v.Pager, err = observationListPager(&p, found); err != nil {
		return err
	}
	v.Pager.Export = exportLink(c)
	if found.Partial {
		v.Further, v.Pager.Next = v.Pager.Next, ""
	}
	v.Frame = a.frame(c, "Observations", layout.NavFound)
	return render(c, http.StatusOK, page.ObservationList(v))
}

func (a *Admin) listedObservation(c *gin.Context, o models.FoundObservation) page.ListedObservation {
	row := page.ListedObservation{
		ObservationRow: a.observationRow(c, o.Observation, gate.Policy{}, models.Counts{}),
		ProductID:      o.ProductID,
		Product:        o.Product,
		Branch:         o.Branch,
	}
	d := o.Details.Decode()
	if d.EPSS > 0 {
		row.EPSS = percent(d.EPSS)
	}
	if d.Score > 0 {
		row.Score = strconv.FormatFloat(d.Score, 'f', 1, 64)
	}
	return row
}

// observationListPager returns the links to other pages.
func observationListPager(p *forwardPage, found models.FoundPage) (ui.Pager, error) {
	rows := shownRows{n: len(found.Rows), more: found.Next != nil, one: "observation", many: "observations"}
	rows.max = max(found.Total, 0)
	next := ""
	if found.Next != nil {
		next = keyText(*found.Next)
	}
	return p.pages(rows, func() (int, error) { return rows.max, nil }, next)
}

// keyText writes the key at which a page begins for a URL.
func keyText(key models.FoundKey) string {
	text, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// foundKeyParam returns the parameter with the key at which a page begins.
func foundKeyParam() listParam {
	return keyParam(afterField, func(text string) bool { return foundKey(text) != nil })
}

// foundKey reads the key at which a page begins, or returns nil, the first page, for a text that is
// no key.
func foundKey(text string) *models.FoundKey {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	var key models.FoundKey
	if text == "" || err != nil || json.Unmarshal(plain, &key) != nil {
		return nil
	}
	return &key
}
