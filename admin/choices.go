package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/ui"
)

// How many products and groups the form of a filter offers.
const (
	maxProductsOffered = 50
	maxGroupsOffered   = 50
)

// choice is a thing that a filter can choose.
type choice struct {
	id   int64
	name string
}

// choiceOptions returns the options of a filter: any, the offered ones, and the chosen one if it is
// none of them.
func choiceOptions(offered []choice, chosen int64) []ui.Option {
	options := []ui.Option{{Label: "any", Checked: chosen == 0}}
	known := chosen == 0
	for _, o := range offered {
		options = append(options, ui.Option{Value: formatInt(o.id), Label: o.name, Checked: o.id == chosen})
		known = known || o.id == chosen
	}
	if !known {
		options = append(options, ui.Option{Value: formatInt(chosen), Label: "selected one", Checked: true})
	}
	return options
}

// productChoices returns the first products of the user as options, and the chosen one.
func (a *Admin) productChoices(c *gin.Context, chosen int64) ([]ui.Option, error) {
	rows, err := a.Store.Products(
		c.Request.Context(), actorOf(c).Scope(), models.ProductFilter{Limit: maxProductsOffered},
	)
	var offered []choice
	for _, p := range rows {
		offered = append(offered, choice{p.ID, p.Name})
	}
	return choiceOptions(offered, chosen), err
}

// groupChoices returns the first product groups of the user as options, and the chosen one; nil if
// there are none.
func (a *Admin) groupChoices(c *gin.Context, chosen int64) ([]ui.Option, error) {
	groups, err := a.Products.Groups(c.Request.Context(), actorOf(c), models.GroupFilter{Limit: maxGroupsOffered})
	if err != nil || len(groups) == 0 && chosen == 0 {
		return nil, err
	}
	var offered []choice
	for _, g := range groups {
		offered = append(offered, choice{g.ID, g.Name})
	}
	return choiceOptions(offered, chosen), nil
}
