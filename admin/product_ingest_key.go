package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
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
	keyShow   = "show"
)

// ingestKeyFacts shows how applications report exceptions, to users who can import. Of the DSN it shows the
// last characters: a session alone does not reveal it.
func (a *Admin) ingestKeyFacts(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	t := &v.Exceptions
	if t.MayRead = v.CanUpload; !t.MayRead {
		return nil
	}
	t.BaseURL = a.BaseURL()
	k, ok, err := a.Products.IngestKey(c.Request.Context(), actorOf(c), row.ID)
	if ok {
		t.Masked, t.MadeBy = product.MaskedDSN(t.BaseURL, k), k.CreatedBy
	}
	return err
}

// ingestKeyCreate creates a product's first key. A key that another user has just created stays.
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
		return a.redirect(c, "wait", "DSN already exists", "No changes were made.", exceptionsTabPath(row.ID))
	}
	k, err := a.newIngestKey(c, row.ID)
	return a.dsnPage(c, row, k, err, "DSN created")
}

// dsnPage renders the tab with a product's DSN, and says what was done, or with the errors of the form
// that asked for it. It follows at once, and not after a redirect, since a page that is loaded again
// does not show the DSN.
func (a *Admin) dsnPage(c *gin.Context, row models.ProductRow, k models.IngestKey, err error, done string) error {
	errs := formErrors(err)
	if err != nil && errs == nil {
		return err
	}
	if errs != nil {
		return a.productPage(c, web.StatusOf(err), row, page.TabExceptions, func(v *page.ProductView) {
			v.Exceptions.Errors = errs
		})
	}
	if done != "" {
		a.flash(c, "ok", done, "Use it in your application.")
	}
	return a.productPage(c, http.StatusOK, row, page.TabExceptions, func(v *page.ProductView) {
		v.Exceptions.DSN = product.DSN(a.BaseURL(), k)
	})
}

// ingestKeyShow shows a product's DSN, if the user has typed the password again.
func (a *Admin) ingestKeyShow(c *gin.Context, row models.ProductRow) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	if err := authz.Require(ctx, a.Store, actor, authz.Import, row.ID); err != nil {
		return err
	}
	var k models.IngestKey
	err := a.Accounts.RequirePassword(ctx, actor, c.PostForm("password"))
	if err == nil {
		k, err = a.Products.ShowIngestKey(ctx, actor, row.ID)
	}
	return a.dsnPage(c, row, k, err, "")
}

// newIngestKey gives a product a new key, if the user has typed the password again: the key outlives
// the session.
func (a *Admin) newIngestKey(c *gin.Context, productID int64) (models.IngestKey, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	if err := authz.Require(ctx, a.Store, actor, authz.Edit, productID); err != nil {
		return models.IngestKey{}, err
	}
	if err := a.Accounts.RequirePassword(ctx, actor, c.PostForm("password")); err != nil {
		return models.IngestKey{}, err
	}
	return a.Products.NewIngestKey(ctx, actor, productID)
}

func (a *Admin) ingestKeyConfirm(c *gin.Context) error {
	return a.ingestKeyConfirmPage(c, http.StatusOK, nil)
}

// ingestKeyConfirmPage says what happens if the key is replaced or removed; errs are why it did not.
func (a *Admin) ingestKeyConfirmPage(c *gin.Context, status int, errs map[string]string) error {
	row, err := a.editableProduct(c)
	if err != nil {
		return err
	}
	v := page.AskView{
		Crumbs: []ui.Crumb{{Label: "Products", Href: "/products"}, {Label: row.Name, Href: exceptionsTabPath(row.ID)}},
		Cancel: exceptionsTabPath(row.ID),
		Error:  errs[""],
	}
	switch c.Param("action") {
	case keyRotate:
		v.Title, v.Buttons = "Replace the DSN of "+row.Name+"?", []page.AskButton{{Label: "Replace DSN", Danger: true}}
		v.Effects = []string{
			"Applications that use the old DSN can no longer report exceptions, effective immediately.",
			"Configure them with the new DSN, which is shown next.",
		}
		v.Password, v.PasswordError = true, errs["password"]
	case keyDelete:
		v.Title, v.Buttons = "Remove the DSN of "+row.Name+"?", []page.AskButton{{Label: "Remove DSN", Danger: true}}
		v.Effects = []string{
			"Applications that use the DSN can no longer report exceptions, effective immediately.",
			"Exceptions that were reported before are kept.",
		}
	default:
		return fault.NewNotFound("page")
	}
	return a.askPage(c, status, v.Title, layout.NavProducts, v)
}

func (a *Admin) ingestKeyChange(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	switch c.Param("action") {
	case keyShow:
		return a.ingestKeyShow(c, row)
	case keyRotate:
		k, err := a.newIngestKey(c, row.ID)
		if errs := formErrors(err); errs != nil {
			return a.ingestKeyConfirmPage(c, web.StatusOf(err), errs)
		}
		return a.dsnPage(c, row, k, err, "DSN replaced")
	case keyDelete:
		err := a.Products.RemoveIngestKey(c.Request.Context(), actorOf(c), row.ID)
		return a.done(c, err, "DSN removed", "", exceptionsTabPath(row.ID))
	}
	return fault.NewNotFound("page")
}
