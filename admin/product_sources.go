package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productSources lists the sources of a product's reports, and marks those of the default branch
// that are older than the settings allow.
func (a *Admin) productSources(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	sources, err := a.Products.Sources(c.Request.Context(), actorOf(c), row.ID)
	after, now := a.Settings.Reports().Stale(row.Product), a.Store.Now()
	if after > 0 {
		v.StaleAfter = ui.Span(after)
	}
	v.SourcesOpen = c.Query("sources") == "open"
	v.StaleSince = a.inUserZone(c, row.Default.StaleSince)
	for _, s := range sources {
		stale := after > 0 && s.Reports() && s.DefaultBranch && now.Sub(s.LastReportAt) >= after
		if stale {
			v.Stale++
		}
		facts := s.Facts.Decode()
		v.Sources = append(v.Sources, page.SourceRow{
			ID:         s.ID,
			Scanner:    s.Scanner,
			Name:       s.Name,
			Branch:     s.Branch,
			Format:     s.Format,
			Subject:    facts.Subject,
			Reference:  facts.Reference(),
			LastReport: a.inUserZone(c, s.LastReportAt),
			Counts:     uiCounts(s.Counts),
			Stale:      stale,
			Manual:     !s.Reports(),
		})
	}
	return err
}
