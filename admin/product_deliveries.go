package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

func (a *Admin) deliveriesTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	f, pager := a.deliveryFilter(c, productPath(row.ID), "tab", "deliveries")
	f.ProductID = row.ID
	rows, err := a.DeliveryLog.List(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	rows = pager.cut(rows)
	v.Deliveries = page.DeliveriesTab{
		Rows:  a.deliveryRows(c, rows),
		Pager: pager.Pager,
		Chips: stateChips(productPath(row.ID), string(f.State), "tab", "deliveries"),
	}
	return nil
}
