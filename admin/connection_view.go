package admin

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

func (a *Admin) connectionRows(c *gin.Context, rows []models.ConnectionRow) []page.ConnectionRow {
	list := make([]page.ConnectionRow, 0, len(rows))
	for _, r := range rows {
		list = append(list, a.connectionRow(c, r))
	}
	return list
}

func (a *Admin) connectionRow(c *gin.Context, r models.ConnectionRow) page.ConnectionRow {
	m := a.descriptor(r.Module)
	row := page.ConnectionRow{
		ID:        r.ID,
		Name:      r.Name,
		Module:    m.Title,
		Icon:      m.Icon,
		Hint:      r.Hint,
		Condition: a.condition(c, r),
	}
	switch o := r.Owner(); {
	case o.ProductID != 0:
		row.Owner, row.OwnerKind, row.OwnerHref = r.Product, "product", productPath(o.ProductID)+"?tab=targets"
	case o.GroupID != 0:
		row.Owner, row.OwnerKind = r.Group, "group"
	case o.UserID != 0:
		row.Owner, row.Personal = "You", true
	default:
		row.Owner = "System"
	}
	return row
}

// condition describes the health of a connection.
func (a *Admin) condition(c *gin.Context, r models.ConnectionRow) page.Condition {
	v := page.Condition{
		State:       string(r.State()),
		Since:       a.inUserZone(c, troubledSince(r)),
		Failures:    r.EndpointHealth.Failures,
		Refusals:    r.OwnHealth.Rejected,
		Probes:      r.EndpointHealth.Probes,
		LastSuccess: a.inUserZone(c, r.OwnHealth.LastSuccessAt),
		Waiting:     r.Waiting,
		Server:      r.EndpointID != nil,
	}
	switch r.State() {
	case models.ConnectionOff:
		if r.DisabledWhy != "" {
			v.State, v.Reason = "gone", r.DisabledWhy
		}
	case models.ConnectionDown:
		v.NextAt, v.Reason = a.inUserZone(c, r.EndpointHealth.ProbeAt), r.EndpointHealth.Reason
	case models.ConnectionPaused:
		v.Reason = r.EndpointHealth.Reason
	case models.ConnectionFailing, models.ConnectionRejecting:
		if v.Reason = r.EndpointHealth.Reason; v.Reason == "" {
			v.Reason = r.OwnHealth.Reason
		}
	case models.ConnectionWorking, models.ConnectionNew:
	}
	return v
}

// troubledSince returns since when a connection has been failing, or the zero time if it
// works.
func troubledSince(r models.ConnectionRow) (since time.Time) {
	switch r.State() {
	case models.ConnectionOff:
		since = r.UpdatedAt
	case models.ConnectionPaused:
		since = r.EndpointHealth.PausedAt
	case models.ConnectionDown:
		since = r.EndpointHealth.OpenedAt
	case models.ConnectionFailing:
		since = r.EndpointHealth.FailingSince
	case models.ConnectionRejecting:
		since = r.OwnHealth.BrokenAt
	case models.ConnectionWorking, models.ConnectionNew:
	}
	return since
}

// targetRows returns targets with their health.
func (a *Admin) targetRows(c *gin.Context, list []models.ConnectionRow) []page.TargetRow {
	rows := make([]page.TargetRow, 0, len(list))
	for _, t := range list {
		m := a.descriptor(t.Module)
		rows = append(rows, page.TargetRow{
			ID:        t.ID,
			Module:    m.Title,
			Icon:      m.Icon,
			Name:      t.Name,
			Hint:      t.Hint,
			Enabled:   t.Enabled,
			Condition: a.condition(c, t),
		})
	}
	return rows
}

// testConnection sends a test message over the connection that load finds, and shows its delivery.
func (a *Admin) testConnection(load func(*gin.Context) (models.Connection, error)) handler {
	return func(c *gin.Context) error {
		found, err := load(c)
		if err != nil {
			return err
		}
		d, err := a.Dispatcher.Test(c.Request.Context(), found)
		if err != nil {
			return err
		}
		web.SeeOther(c, deliveryPath(d.ID))
		return nil
	}
}
