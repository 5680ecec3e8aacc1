package admin

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

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
	v := page.ObservationListView{Narrowed: len(withoutPairs(q.pairs, "sort")) > 0}
	if v.Applied, err = a.observationListNames(c, q); err != nil {
		return err
	}
	if v.Views, err = a.savedViews(c, viewsOfObservations, q.pairs); err != nil {
		return err
	}
	f := q.FindFilter
	f.Limit, f.After = pageSize, foundKey(c.Query("after"))
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
	v.Pager = observationListPager(c, q, found)
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

// maxPagesBack bounds the pages that "Previous" leads back to, one after the other. With more, it
// leads to the first page.
const maxPagesBack = 20

// observationListPager returns the links to other pages. The URL has the keys at which the pages
// before this one begin: a list by key cannot be read backward in all of its orders.
func observationListPager(c *gin.Context, q observationListQuery, found models.FoundPage) ui.Pager {
	p := ui.Pager{Text: plural(len(found.Rows), "observation", "observations") + " shown"}
	total := found.Total
	if total > len(found.Rows) {
		p.Text = formatInt(len(found.Rows)) + " of " + ui.Plural(total, "observation", "observations") + " shown"
	} else if found.Next != nil && !found.Partial {
		n := len(found.Rows)
		p.Text = formatInt(n) + " of more than " + ui.Plural(n, "observation", "observations") + " shown"
	}
	var back []string
	if text := c.Query("back"); text != "" {
		back = strings.Split(text, ",")
	}
	at := c.Query("after")
	if at != "" {
		p.First, p.Prev = link(foundPath, q.pairs...), link(foundPath, q.pairs...)
		if n := len(back); n > 0 {
			p.Prev = link(foundPath, append(q.pairs, "after", back[n-1], "back", strings.Join(back[:n-1], ","))...)
		}
	}
	if found.Next != nil {
		if at != "" {
			back = append(back, at)
		}
		back = back[max(0, len(back)-maxPagesBack):]
		p.Next = link(foundPath, append(q.pairs, "after", keyText(*found.Next), "back", strings.Join(back, ","))...)
	}
	return p
}

// keyText writes the key at which a page begins for a URL.
func keyText(key models.FoundKey) string {
	text, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
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
