package admin

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// productTokenRoutes adds the actions on the tokens of a product.
func (a *Admin) productTokenRoutes(r router) {
	r.post("/products/:id/tokens", a.productTokenCreate)
	r.post("/products/:id/tokens/:token/delete", a.productTokenRevoke)
}

// tokensTab lists a product's tokens, for its owners.
func (a *Admin) tokensTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	rows, err := a.Products.Tokens(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	v.Tokens.BaseURL = a.BaseURL()
	for _, t := range rows {
		v.Tokens.Rows = append(v.Tokens.Rows, a.tokenRow(c, t))
	}
	return nil
}

// productTokenCreate creates a token. The page follows at once, and not after a redirect, since it
// shows the token this one time.
func (a *Admin) productTokenCreate(c *gin.Context) error {
	row, err := a.productOf(c)
	if err == nil {
		err = a.Products.Require(c.Request.Context(), actorOf(c), authz.Own, product.InProduct(row.ID))
	}
	if err != nil {
		return err
	}
	d := product.TokenDraft{Name: c.PostForm("name"), Role: models.Role(c.PostForm("role"))}
	expires := c.PostForm("expires")
	var text string
	if expires != "never" {
		days, parseErr := strconv.Atoi(expires)
		if parseErr != nil {
			err = fault.BadField("expires_at", "Choose an expiry")
		}
		d.ExpiresAt = a.Store.Now().AddDate(0, 0, days)
	}
	// A session alone makes nothing that outlives it.
	proofErr := a.Accounts.RequirePassword(c.Request.Context(), actorOf(c), c.PostForm("password"))
	err = fault.Join(err, a.Products.CheckToken(&d), proofErr)
	if err == nil {
		_, text, err = a.Products.CreateToken(c.Request.Context(), actorOf(c), row.ID, d)
	}
	if errs := formErrors(err); errs != nil {
		return a.productPage(c, web.StatusOf(err), row, page.TabTokens, func(v *page.ProductView) {
			v.Tokens.Name, v.Tokens.Role, v.Tokens.Expires, v.Tokens.Errors = d.Name, string(d.Role), expires, errs
		})
	}
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	return a.productPage(c, http.StatusOK, row, page.TabTokens, func(v *page.ProductView) {
		v.Tokens.Secret, v.Tokens.Made = text, d.Name
	})
}

func (a *Admin) productTokenRevoke(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	token, err := web.ID(c, "token", "token")
	if err != nil {
		return err
	}
	err = a.Products.RevokeToken(c.Request.Context(), actorOf(c), row.ID, token)
	to := productPath(row.ID) + "?tab=tokens"
	return a.done(c, err, "Token revoked", "Requests with this token are rejected from now on.", to)
}
