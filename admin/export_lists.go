package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/delivery"
	"gatecrier/app/exception"
	"gatecrier/app/silence"
	"gatecrier/models"
)

// exportProducts sends the list of products.
func (a *Admin) exportProducts(c *gin.Context, f models.ProductFilter) error {
	scope := actorOf(c).Scope()
	f.Key, f.Limit = "", exportPart+1
	return a.sendExport(c, export{
		"products", []string{
			"id", "product", "default branch", "security gate", "since", "critical", "high", "medium", "low", "none", "unknown",
			"last report",
		}, exportRows(
			func() ([]models.ProductRow, error) { return a.Store.Products(c.Request.Context(), scope, f) },
			func(p models.ProductRow) []string {
				row := []string{formatInt(p.ID), p.Name, p.Default.Name, gateCell(p.Default.Gate), ""}
				if p.Default.Evaluated {
					row[4] = timeCell(p.Default.Since)
				}
				for _, s := range models.Severities() {
					row = append(row, formatInt(p.Default.Counts.Of(s)))
				}
				return append(row, timeCell(p.LastReportAt))
			},
			func(p models.ProductRow) { f.Key = models.ProductOrders.Key(f.Place, p) },
		),
	})
}

func gateCell(state models.GateState) string {
	if state == models.GateNone {
		return "not evaluated"
	}
	return string(state)
}

// exportDeliveries sends the delivery log.
func (a *Admin) exportDeliveries(c *gin.Context, f models.DeliveryFilter) error {
	f.Key, f.Limit = "", exportPart+1
	return a.sendExport(c, export{
		"deliveries", []string{
			"id", "created", "state", "title", "product", "channel", "connection", "target", "attempts",
			"next attempt", "reason",
		}, exportRows(
			func() ([]delivery.Row, error) { return a.DeliveryLog.List(c.Request.Context(), actorOf(c), f) },
			func(l delivery.Row) []string {
				d := a.deliveryRow(c, l)
				return []string{
					formatInt(d.ID), timeCell(d.At), stateCell(d.State), d.Title, d.Product, d.Module, d.Connection, d.Hint,
					formatInt(d.Attempts), timeCell(d.NextAt), d.Reason,
				}
			},
			func(l delivery.Row) { f.Key = models.DeliveryOrders.Key(f.Place, l.DeliveryRow) },
		),
	})
}

// stateCell writes the state of a delivery as pages do.
func stateCell(state string) string {
	if state == string(models.DeliveryDead) {
		return "failed"
	}
	return state
}

// exportInbox sends the user's notifications. A search that stops continues with the next part.
func (a *Admin) exportInbox(c *gin.Context, f models.InboxFilter) error {
	f.Limit, f.Before = exportPart, 0
	return a.sendExport(c, export{
		"inbox",
		[]string{"id", "time", "product", "type", "notification", "message", "severity", "read", "silenced"},
		func() ([][]string, bool, error) {
			found, err := a.Inbox.List(c.Request.Context(), actorOf(c), f)
			rows := make([][]string, 0, len(found.Rows))
			for _, n := range found.Rows {
				severity := ""
				if n.Severity != nil {
					severity = n.Severity.String()
				}
				rows = append(rows, []string{
					formatInt(n.EventID), timeCell(n.At), n.Product, n.Type, n.Name, n.Message, severity, boolCell(n.Viewed),
					boolCell(n.SilenceID != 0),
				})
				f.Before = n.EventID
			}
			more := len(found.Rows) == exportPart || found.Further != 0
			if found.Further != 0 {
				f.Before = found.Further
			}
			return rows, more, err
		},
	})
}

// exportExceptions sends the list of exceptions.
func (a *Admin) exportExceptions(c *gin.Context, f models.ExceptionFilter) error {
	f.Key, f.Limit = "", exportPart+1
	return a.sendExport(c, export{
		"exceptions", []string{
			"id", "product", "source", "class", "message", "function", "state", "occurrences", "notified", "suppressed",
			"first seen", "last seen", "muted until",
		}, exportRows(
			func() ([]exception.Group, error) { return a.Exceptions.List(c.Request.Context(), actorOf(c), f) },
			func(g exception.Group) []string {
				return []string{
					formatInt(g.ID), g.Product, string(g.Kind), g.Class, g.Message, g.Function, string(g.State),
					formatInt(g.Count), formatInt(g.Notified), formatInt(g.Suppressed), timeCell(g.FirstAt), timeCell(g.LastAt),
					timeCell(g.MutedUntil),
				}
			},
			func(g exception.Group) { f.Key = models.ExceptionOrders.Key(f.Place, g.ExceptionGroup) },
		),
	})
}

// exportAudit sends the audit log.
func (a *Admin) exportAudit(c *gin.Context, f models.AuditFilter) error {
	f.Key, f.Limit = "", exportPart+1
	return a.sendExport(c, export{
		"audit", []string{"id", "time", "user", "action", "kind", "name", "product", "changes"}, exportRows(
			func() ([]models.Audit, error) { return a.Audit.List(c.Request.Context(), actorOf(c), f) },
			func(r models.Audit) []string {
				var changes []string
				for _, field := range a.auditFields(r) {
					changes = append(changes, field.Name+": "+field.Was+" → "+field.Became)
				}
				return []string{
					formatInt(r.ID), timeCell(r.At), r.Actor, r.Action, r.Kind, r.Name, r.Product, strings.Join(changes, "; "),
				}
			},
			func(r models.Audit) { f.Key = models.AuditOrders.Key(f.Place, r) },
		),
	})
}

// exportUsers sends the list of users.
func (a *Admin) exportUsers(c *gin.Context, f models.UserFilter) error {
	f.Key, f.Limit = "", exportPart+1
	return a.sendExport(c, export{
		"users", []string{
			"id", "user", "first name", "email", "administrator", "active", "products", "sessions", "last sign-in", "created",
		}, exportRows(
			func() ([]models.UserRow, error) { return a.Accounts.List(c.Request.Context(), actorOf(c), f) },
			func(u models.UserRow) []string {
				return []string{
					formatInt(u.ID), u.Name, u.FirstName, u.Email, boolCell(u.Administrator), boolCell(u.Active),
					formatInt(u.Memberships), formatInt(u.Sessions), timeCell(u.LastSignInAt), timeCell(u.CreatedAt),
				}
			},
			func(u models.UserRow) { f.Key = models.UserOrders.Key(f.Place, u) },
		),
	})
}

// exportSilences sends the list of silences.
func (a *Admin) exportSilences(c *gin.Context, f models.SilenceFilter) error {
	f.Key, f.Limit = "", exportPart+1
	return a.sendExport(c, export{
		"silences",
		[]string{"id", "of", "what", "reason", "user", "state", "starts", "ends", "silenced notifications"},
		exportRows(
			func() ([]silence.Row, error) { return a.Silences.List(c.Request.Context(), actorOf(c), f) },
			func(r silence.Row) []string {
				s := a.silenceRow(c, r)
				return []string{
					formatInt(s.ID), s.ScopeName, s.What, s.Reason, s.Author, s.State, timeCell(s.StartsAt), timeCell(s.EndsAt),
					formatInt(s.Held),
				}
			},
			func(r silence.Row) { f.Key = models.SilenceOrders.Key(f.Place, r.Silence) },
		),
	})
}

// exportConnections sends the list of connections. It is read at once: its order has no keyset.
func (a *Admin) exportConnections(c *gin.Context, f models.ConnectionFilter) error {
	f.Limit = maxExportedConnections
	return a.sendExport(c, export{
		"connections", []string{
			"id", "connection", "channel", "owner", "target", "state", "reason", "waiting messages", "last success",
		}, func() ([][]string, bool, error) {
			list, err := a.Connections.All(c.Request.Context(), actorOf(c), f)
			rows := make([][]string, 0, len(list))
			for _, r := range a.connectionRows(c, list) {
				rows = append(rows, []string{
					formatInt(r.ID), r.Name, r.Module, r.Owner, r.Hint, r.Condition.State, r.Condition.Reason,
					formatInt(r.Condition.Waiting),
					timeCell(r.Condition.LastSuccess),
				})
			}
			return rows, false, err
		},
	})
}

// maxExportedConnections bounds the connections of a file.
const maxExportedConnections = 10_000
