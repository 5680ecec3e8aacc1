package admin

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// ownExceptions is the value of the product filter for exceptions without a product.
const ownExceptions = "none"

// exceptionQuery is the filter of the list as the URL has it.
type exceptionQuery struct {
	models.ExceptionFilter
	pairs []string
}

// exceptionParams are the parameters of the list.
func exceptionParams() []listParam {
	return exceptionStateParams(append(anyText("product", "q"),
		oneOf("kind", models.ExceptionRequest, models.ExceptionTask, models.ExceptionReported))...)
}

// exceptionStateParams are the parameters of the list of one product's exceptions, and others.
func exceptionStateParams(others ...listParam) []listParam {
	return pageParams(models.ExceptionOrders, newestFirst("last_seen"), append(others,
		oneOf("state", models.ExceptionOpen, models.ExceptionResolved), oneOf("muted", "1"))...)
}

// readExceptionQuery reads the filter of the URL. It returns a "not found" error for a product that
// is not an ID.
func readExceptionQuery(c *gin.Context) (exceptionQuery, error) {
	var q exceptionQuery
	keep := func(name, value string) { q.pairs = append(q.pairs, name, value) }
	switch s := models.ExceptionState(c.Query("state")); s {
	case models.ExceptionOpen, models.ExceptionResolved:
		q.State = s
		keep("state", string(s))
	}
	if c.Query("muted") == "1" {
		q.Muted = true
		keep("muted", "1")
	}
	switch k := models.ExceptionKind(c.Query("kind")); k {
	case models.ExceptionRequest, models.ExceptionTask, models.ExceptionReported:
		q.Kind = k
		keep("kind", string(k))
	}
	switch text := c.Query("product"); text {
	case "":
	case ownExceptions:
		q.Own = true
		keep("product", text)
	default:
		if q.ProductID = idOf(text); q.ProductID < 1 {
			return q, fault.NewNotFound("product")
		}
		keep("product", text)
	}
	if q.Text = strings.TrimSpace(c.Query("q")); q.Text != "" {
		keep("q", q.Text)
	}
	return q, nil
}

// exceptionFilters fills the filters of the list. Only administrators see exceptions of requests.
func (a *Admin) exceptionFilters(c *gin.Context, q exceptionQuery, v *page.ExceptionsView) error {
	v.Chips = exceptionChips(exceptionsPath, q.ExceptionFilter, withoutPairs(withoutPairs(q.pairs, "state"), "muted"))
	rest := withoutPairs(q.pairs, "kind")
	v.Kinds = []ui.Chip{{Label: "All sources", Href: link(exceptionsPath, rest...), Count: -1, Current: q.Kind == ""}}
	for _, k := range []struct {
		kind  models.ExceptionKind
		label string
		admin bool
	}{
		{models.ExceptionReported, "SDK and API", false},
		{models.ExceptionTask, "Background jobs", false},
		{models.ExceptionRequest, "Gatecrier requests", true},
	} {
		if !k.admin || actorOf(c).Administrator() {
			v.Kinds = append(v.Kinds, ui.Chip{
				Label:   k.label,
				Href:    link(exceptionsPath, append(slices.Clone(rest), "kind", string(k.kind))...),
				Count:   -1,
				Current: q.Kind == k.kind,
			})
		}
	}
	for i := 0; i < len(q.pairs); i += 2 {
		if q.pairs[i] != "q" {
			v.Hidden = append(v.Hidden, ui.Hidden{Name: q.pairs[i], Value: q.pairs[i+1]})
		}
	}
	if q.Own {
		v.Filters = append(v.Filters, ui.Removable{
			Label: "Without a product", Clear: link(exceptionsPath, withoutPairs(q.pairs, "product")...),
		})
	}
	if q.ProductID == 0 {
		return nil
	}
	row, err := a.Products.Get(c.Request.Context(), actorOf(c), q.ProductID)
	v.Filters = append(v.Filters, ui.Removable{
		Label: row.Name, Clear: link(exceptionsPath, withoutPairs(q.pairs, "product")...),
	})
	return err
}
