package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productBadgeRoutes adds the actions on the badge of a product.
func (a *Admin) productBadgeRoutes(r router) {
	r.post("/products/:id/badge", a.badgeCreate)
	r.get("/products/:id/badge/:action", a.badgeConfirm)
	r.post("/products/:id/badge/:action", a.badgeChange)
}

// badgeForm returns the badge as the settings show it. The caller must have checked that the user
// can edit the product.
func (a *Admin) badgeForm(row models.ProductRow) page.BadgeForm {
	if row.BadgeToken == nil {
		return page.BadgeForm{}
	}
	path := product.BadgePath(*row.BadgeToken)
	return page.BadgeForm{Path: path, URL: a.BaseURL() + path, State: string(row.Default.Gate)}
}

func (a *Admin) badgeCreate(c *gin.Context) error {
	row, err := a.editableProduct(c)
	if err != nil {
		return err
	}
	settings := productPath(row.ID) + "?tab=settings"
	if row.BadgeToken != nil {
		return a.redirect(c, "ok", "Badge already exists", "No changes were made.", settings)
	}
	_, err = a.Products.MakeBadge(c.Request.Context(), actorOf(c), row.ID)
	return a.done(c, err, "Badge created", "Its Markdown is below the settings.", settings)
}

const (
	badgeRenew  = "renew"
	badgeRemove = "remove"
)

// badgeConfirm says what happens to the badge's URL.
func (a *Admin) badgeConfirm(c *gin.Context) error {
	row, err := a.editableProduct(c)
	if err != nil {
		return err
	}
	settings := productPath(row.ID) + "?tab=settings"
	v := page.AskView{
		Crumbs: []ui.Crumb{{Label: "Products", Href: "/products"}, {Label: row.Name, Href: settings}},
		Cancel: settings,
	}
	lost := "The current URL stops working immediately, wherever it is used."
	switch c.Param("action") {
	case badgeRenew:
		v.Title = "Regenerate the badge URL of " + row.Name + "?"
		v.Effects = []string{lost, "Replace it with the new URL there."}
		v.Buttons = []page.AskButton{{Label: "Regenerate URL", Danger: true}}
	case badgeRemove:
		v.Title, v.Effects = "Remove the badge of "+row.Name+"?", []string{lost, "A new badge will have a different URL."}
		v.Buttons = []page.AskButton{{Label: "Remove badge", Danger: true}}
	default:
		return fault.NewNotFound("page")
	}
	return a.askPage(c, http.StatusOK, v.Title, layout.NavProducts, v)
}

func (a *Admin) badgeChange(c *gin.Context) error {
	row, err := a.editableProduct(c)
	if err != nil {
		return err
	}
	ctx, done := c.Request.Context(), "Badge removed"
	switch c.Param("action") {
	case badgeRenew:
		done = "Badge URL regenerated"
		_, err = a.Products.MakeBadge(ctx, actorOf(c), row.ID)
	case badgeRemove:
		err = a.Products.DropBadge(ctx, actorOf(c), row.ID)
	default:
		err = fault.NewNotFound("page")
	}
	return a.done(c, err, done, "", productPath(row.ID)+"?tab=settings")
}
