package explain

import (
	"context"
	"strings"

	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/models"
)

// readOrigins reads why the connections of the deliveries get messages.
func (s *Service) readOrigins(ctx context.Context, f *data) (err error) {
	ids := make([]int64, len(f.rows))
	for i, row := range f.rows {
		ids[i] = row.ConnectionID
	}
	f.origins, err = s.store.ConnectionOrigins(ctx, ids)
	return err
}

// why returns why a delivery was made: of which owner the connection is a target, and what makes that
// owner's targets get the event.
func (f *data) why(row *delivery.Row) string {
	o, known := f.origins[row.ConnectionID]
	if !known {
		return ""
	}
	kind, exceptions := event.Type(f.event.Type), strings.HasPrefix(o.Field, models.ExceptionField)
	switch {
	case o.Field == models.FieldPeople:
		return mailWhy(kind)
	case exceptions:
		return "A target of the system for the exceptions of Gatecrier"
	case row.Owner.UserID != 0:
		return "A connection of " + o.User + ", which works again"
	case row.Owner.ProductID != 0:
		return "A target of the product" + insteadOfMail(kind)
	case row.Owner.GroupID != 0:
		why := "A target of the product group “" + o.Group + "”"
		if kind == event.ConnectorBroken || kind == event.ConnectorRecovered {
			return why + insteadOfMail(kind)
		}
		return why + ": the product had no target of its own for this channel"
	}
	return "A connection of the system" + systemWhy(kind)
}

// mailWhy returns why users get an email about a type of events.
func mailWhy(kind event.Type) string {
	switch kind {
	case event.ConnectorBroken, event.ConnectorRecovered:
		return "An email to a user who looks after the connection"
	case event.IngestExceeded:
		return "An email to an owner of the product"
	case event.RoutingFailed:
		return "An email to an administrator"
	case event.GateChanged, event.ExceptionRequest, event.ExceptionTask, event.ExceptionReported,
		event.ExceptionSummary, event.WaiverEnds, event.ProductIsStale, event.SilenceHasEnded, event.AccountIsAttacked:
	}
	return "An email to a user"
}

// insteadOfMail returns why a target of a product or a group is notified of a broken connection.
func insteadOfMail(kind event.Type) string {
	switch kind {
	case event.ConnectorBroken, event.ConnectorRecovered:
		return ", because no email can be sent or it works again itself"
	case event.GateChanged, event.RoutingFailed, event.IngestExceeded, event.ExceptionRequest, event.ExceptionTask,
		event.ExceptionReported, event.ExceptionSummary, event.WaiverEnds, event.ProductIsStale,
		event.SilenceHasEnded, event.AccountIsAttacked:
	}
	return ""
}

// systemWhy returns why connections of the system get a type of events.
func systemWhy(kind event.Type) string {
	switch kind {
	case event.ConnectorBroken, event.ConnectorRecovered:
		return ": these are notified of all connections that fail"
	case event.RoutingFailed:
		return ": these are notified of events that cannot be routed"
	case event.ExceptionRequest, event.ExceptionTask, event.ExceptionReported, event.ExceptionSummary:
		return ": these are notified of exceptions without a product"
	case event.GateChanged, event.IngestExceeded, event.WaiverEnds, event.ProductIsStale, event.SilenceHasEnded,
		event.AccountIsAttacked:
	}
	return ""
}

// setUpBy returns who created the connection of a delivery, "" unless the actor can edit it.
func (f *data) setUpBy(row *delivery.Row) string {
	if !row.MayEdit {
		return ""
	}
	return f.origins[row.ConnectionID].CreatedBy
}
