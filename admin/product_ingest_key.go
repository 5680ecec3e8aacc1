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

// ingestKeyRoutes adds the actions on the ingest key of a product.
func (a *Admin) ingestKeyRoutes(r router) {
	r.post("/products/:id/ingest-key", a.ingestKeyCreate)
	r.get("/products/:id/ingest-key/:action", a.ingestKeyConfirm)
	r.post("/products/:id/ingest-key/:action", a.ingestKeyChange)
}

const (
	keyRotate = "rotate"
	keyDelete = "delete"
)

// ingestKeyFacts shows how programs report exceptions, to users who can import.
func (a *Admin) ingestKeyFacts(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	t := &v.Exceptions
	if t.MayRead = v.CanUpload; !t.MayRead {
		return nil
	}
	t.BaseURL = a.BaseURL()
	k, ok, err := a.Products.IngestKey(c.Request.Context(), actorOf(c), row.ID)
	if ok {
		t.DSN, t.MadeBy = product.DSN(t.BaseURL, k), k.CreatedBy
	}
	return err
}

// ingestKeyCreate makes a product's first key. A key that somebody else has just made stays.
func (a *Admin) ingestKeyCreate(c *gin.Context) error {
	row, err := a.editableProduct(c)
	if err != nil {
		return err
	}
	_, has, err := a.Products.IngestKey(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	if has {
		return a.redirect(c, "wait", "There is a DSN already", "Nothing was changed.", exceptionsTabPath(row.ID))
	}
	_, err = a.Products.NewIngestKey(c.Request.Context(), actorOf(c), row.ID)
	return a.done(c, err, "The DSN is there", "Give it to the programs of this product.", exceptionsTabPath(row.ID))
}

// ingestKeyConfirm says what happens if the key is replaced or removed.
func (a *Admin) ingestKeyConfirm(c *gin.Context) error {
	row, err := a.editableProduct(c)
	if err != nil {
		return err
	}
	v := page.AskView{
		Crumbs: []ui.Crumb{{Label: "Products", Href: "/products"}, {Label: row.Name, Href: exceptionsTabPath(row.ID)}},
		Cancel: exceptionsTabPath(row.ID),
	}
	switch c.Param("action") {
	case keyRotate:
		v.Title, v.Buttons = "Replace the key of "+row.Name+"?", []page.AskButton{{Label: "Replace the key", Danger: true}}
		v.Effects = []string{
			"Programs that have the former DSN report nothing any more, at once.",
			"They need the new one, which stands on the product's page.",
		}
	case keyDelete:
		v.Title, v.Buttons = "Remove the key of "+row.Name+"?", []page.AskButton{{Label: "Remove the key", Danger: true}}
		v.Effects = []string{"Programs that have the DSN report nothing any more, at once.", "What they have reported stays."}
	default:
		return fault.NewNotFound("page")
	}
	return a.askPage(c, http.StatusOK, v.Title, layout.NavProducts, v)
}

func (a *Admin) ingestKeyChange(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	ctx, title, text := c.Request.Context(), "The key is removed", ""
	switch c.Param("action") {
	case keyRotate:
		title, text = "There is a new key", "The former one counts no more."
		_, err = a.Products.NewIngestKey(ctx, actorOf(c), row.ID)
	case keyDelete:
		err = a.Products.RemoveIngestKey(ctx, actorOf(c), row.ID)
	default:
		err = fault.NewNotFound("page")
	}
	return a.done(c, err, title, text, exceptionsTabPath(row.ID))
}
