package admin

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// branchOf returns the branch of the path. It must belong to the product of the path.
func (a *Admin) branchOf(c *gin.Context) (models.BranchRow, error) {
	productID, err := web.ID(c, "id", "product")
	if err != nil {
		return models.BranchRow{}, err
	}
	id, err := web.ID(c, "branch", "branch")
	if err != nil {
		return models.BranchRow{}, err
	}
	b, err := a.Products.Branch(c.Request.Context(), actorOf(c), id)
	if err == nil && b.ProductID != productID {
		err = fault.NewNotFound("branch")
	}
	return b, err
}

func (a *Admin) branchRow(c *gin.Context, b models.BranchRow) page.BranchRow {
	return page.BranchRow{
		ID:         b.ID,
		Name:       b.Name,
		Default:    b.Default,
		Protected:  b.Protected,
		Gate:       string(b.Gate),
		Why:        shortGateReason(b.Branch),
		Counts:     uiCounts(b.Counts),
		LastReport: a.inUserZone(c, b.LastReportAt),
	}
}

// branchesKept says after how long a branch without reports is removed, "" for never.
func (a *Admin) branchesKept() string {
	kept := a.Settings.Reports().BranchesKept
	if kept == 0 {
		return ""
	}
	return plural(int(kept/(24*time.Hour)), "day", "days")
}
