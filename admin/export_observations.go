package admin

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
)

// observationColumns are the columns of both lists of observations.
var observationColumns = []string{
	"id", "product", "branch", "severity", "title", "component", "fixed version", "location", "status", "known exploited",
	"CVSS", "EPSS", "scanner", "assessed by", "risk accepted until", "first seen", "URL",
}

func observationCells(o models.Observation, product string) []string {
	d := o.Details.Decode()
	return []string{
		formatInt(o.ID), product, o.Branch, o.Severity.String(), o.Name(), o.Component, o.Fix, o.Location, string(o.Status),
		boolCell(o.KEV), decimalCell(d.Score), decimalCell(d.EPSS), o.Scanner, o.Assessed.By, timeCell(o.Assessed.Until),
		timeCell(o.FirstSeenAt), web.HTTPLink(o.URL),
	}
}

// decimalCell writes a number, "" for 0.
func decimalCell(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// exportObservations sends the observations of a product's branch.
func (a *Admin) exportObservations(c *gin.Context, row models.ProductRow) error {
	q, err := a.observationQuery(c, row, c.Request.URL.Query())
	if err != nil {
		return err
	}
	if err := q.err(); err != nil {
		return err
	}
	f, scope := q.ObservationFilter, actorOf(c).Scope()
	f.Place, f.Limit = pageOf(c, observationOptions()...).Place, exportPart+1
	f.Key = ""
	return a.sendExport(c, export{
		"observations", observationColumns, exportRows(
			func() ([]models.Observation, error) { return a.Store.Observations(c.Request.Context(), scope, f) },
			func(o models.Observation) []string { return observationCells(o, row.Name) },
			func(o models.Observation) { f.Key = models.ObservationOrders.Key(f.Place, o) },
		),
	})
}

// exportFound sends the observations of all products.
func (a *Admin) exportFound(c *gin.Context, f models.FindFilter) error {
	scope := actorOf(c).Scope()
	f.Limit, f.After = exportPart, nil
	return a.sendExport(c, export{"observations", observationColumns, func() ([][]string, bool, error) {
		found, err := a.Store.FindObservations(c.Request.Context(), scope, f)
		rows := make([][]string, 0, len(found.Rows))
		for _, o := range found.Rows {
			rows = append(rows, observationCells(o.Observation, o.Product))
		}
		f.After = found.Next
		return rows, found.Next != nil, err
	}})
}
