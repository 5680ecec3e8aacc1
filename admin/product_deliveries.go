package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

func (a *Admin) deliveriesTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	here := []string{"tab", string(page.TabDeliveries)}
	f, p := models.DeliveryFilter{ProductID: row.ID}, pageOf(c, newestFirst("created")...)
	if s := models.DeliveryState(c.Query("state")); s.Valid() {
		f.State = s
	}
	p.in(productPath(row.ID), append(here, "state", string(f.State))...)
	rows, pager, err := readPage(&p, a.deliveriesIn(c, f))
	if err != nil {
		return err
	}
	v.Deliveries = page.DeliveriesTab{
		Rows:    a.deliveryRows(c, rows),
		Sorting: p.sorting(),
		Pager:   pager,
		Chips:   stateChips(productPath(row.ID), string(f.State), append(here, p.kept()...)...),
	}
	return nil
}
