package connection

import (
	"context"
	"strconv"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// errChangedMeanwhile returns a conflict that names who changed a connection since the actor read
// it, as far as the audit log still knows.
func (s *Service) errChangedMeanwhile(ctx context.Context, now models.Connection) error {
	if now.DisabledWhy != "" {
		return fault.NewOutdated("Gatecrier turned it off in the meantime: " + now.DisabledWhy)
	}
	who, product := "Another user", now.Owner().ProductID
	if product != 0 { // a name alone could be that of another product's target
		last := models.AuditFilter{Kind: string(audit.Target), Name: now.Name, ProductID: product, Limit: 1}
		list, err := s.store.Audits(ctx, last)
		if err != nil {
			return err
		}
		if len(list) > 0 && list[0].Actor != "" {
			who = list[0].Actor
		}
	}
	return fault.NewOutdated(who + " changed it in the meantime")
}

// writeAudit records a change of a connection. was is nil for a creation, became for a deletion.
func writeAudit(tx *models.Tx, actor authz.Actor, action audit.Action, was, became *models.Connection) error {
	e := audit.Entry{Action: action, Kind: audit.Target, Was: auditOf(was), Became: auditOf(became)}
	for _, c := range []*models.Connection{was, became} {
		if c != nil {
			e.Name, e.ProductID = c.Name, c.Owner().ProductID
		}
	}
	if was != nil && became != nil && was.Config != became.Config {
		e.Was["config"], e.Became["config"] = audit.Masked, audit.Masked
	}
	return audit.Write(tx, actor, e)
}

// auditOf returns the values of a connection that the audit log shows.
func auditOf(c *models.Connection) audit.Values {
	if c == nil {
		return nil
	}
	values := audit.Values{"name": c.Name, "module": c.Module, "to": c.Hint, "enabled": strconv.FormatBool(c.Enabled)}
	if !c.Enabled && c.DisabledWhy == "" {
		values["waiting messages"] = "canceled"
		if c.KeepsWaiting {
			values["waiting messages"] = "kept"
		}
	}
	return values
}
