package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

// productStart fills the first steps of a product without an evaluated gate.
func (a *Admin) productStart(c *gin.Context, row models.ProductRow, targets int, v *page.ProductView) (err error) {
	s := page.ProductStart{Targets: targets, Elsewhere: !row.LastReportAt.IsZero(), BaseURL: a.BaseURL()}
	s.HasToken, err = a.Products.HasUploadToken(c.Request.Context(), actorOf(c), row.ID)
	v.Start = &s
	return err
}
