package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// addressees returns the targets of an event's message: those of its product or, for an event
// about a connection, those of its owners and the administrators. An event of an unknown type has
// none: no target has asked for it.
func (r *Router) addressees(
	ctx context.Context, e models.Event, n event.Notice, targets []models.Target,
) ([]addressee, error) {
	if !event.Type(e.Type).Known() {
		return nil, nil
	}
	switch event.Type(e.Type) {
	case event.ConnectorBroken, event.ConnectorRecovered:
		return r.connectorAddressees(ctx, e, targets)
	case event.ExceptionRequest, event.ExceptionTask:
		return r.exceptionAddressees(ctx)
	case event.ExceptionReported, event.ExceptionSummary:
		if e.ProductID == 0 {
			return r.exceptionAddressees(ctx)
		}
	case event.RoutingFailed:
		return r.systemAddressees(ctx)
	case event.SilenceHasEnded:
		if notifies, err := notifiesTargetsOfEnd(e); !notifies || err != nil {
			return nil, err
		}
	case event.IngestExceeded:
		mails, err := r.ownerMails(ctx, e.ProductID)
		if err != nil || len(mails) > 0 {
			return mails, err
		}
	case event.AccountIsAttacked: // in the inbox of the user; the account sends the email
		return nil, nil
	case event.GateChanged, event.WaiverEnds, event.ProductIsStale:
	}
	list := make([]addressee, len(targets))
	for i, t := range targets {
		list[i] = addressee{Target: t}
	}
	return list, nil
}

// notifiesTargetsOfEnd reports whether targets are notified that a silence has ended: those of its
// product, if it held something back. The end of another silence only concerns its creator.
func notifiesTargetsOfEnd(e models.Event) (bool, error) {
	var p event.SilenceEnded
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return false, fmt.Errorf("read the payload of a %s: %w", e.Type, err)
	}
	return e.ProductID != 0 && p.Held > 0, nil
}

// exceptionAddressees returns who is notified of exceptions without a product: the targets of the
// settings, and the system's other connections.
func (r *Router) exceptionAddressees(ctx context.Context) ([]addressee, error) {
	targets, err := r.store.ExceptionTargets(ctx)
	list := make([]addressee, len(targets))
	for i, t := range targets {
		list[i] = addressee{Target: t}
	}
	return list, err
}

// systemAddressees returns who is notified of the program's own trouble: the system's connections that
// work, and administrators by email.
func (r *Router) systemAddressees(ctx context.Context) ([]addressee, error) {
	system, err := r.store.SystemTargets(ctx)
	if err != nil {
		return nil, err
	}
	list, err := r.mailsOf(ctx, models.Owner{})
	for _, t := range system {
		if t.Enabled && !t.Broken {
			list = append(list, addressee{Target: t})
		}
	}
	return list, err
}

// connectorPayload has the fields that both events of connections share.
type connectorPayload struct {
	Connection event.Connector `json:"connection"`
	UserID     int64           `json:"user_id"`
	Late       int             `json:"late"`
}

// connectorAddressees returns who is notified that a connection is broken or has recovered: its
// owners and the administrators by email, the system's connections, and, if no email can be sent,
// the product's other targets. A recovered connection itself gets the message that says why old
// messages arrived.
func (r *Router) connectorAddressees(
	ctx context.Context, e models.Event, targets []models.Target,
) ([]addressee, error) {
	var p connectorPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return nil, fmt.Errorf("read the payload of a %s: %w", e.Type, err)
	}
	var list []addressee
	add := func(targets []models.Target) {
		for _, t := range targets {
			if t.Enabled && !t.Broken && t.ConnectionID != p.Connection.ID {
				list = append(list, addressee{Target: t})
			}
		}
	}
	system, err := r.store.SystemTargets(ctx)
	if err != nil {
		return nil, err
	}
	add(system)
	mails, err := r.mailsAbout(ctx, e, p)
	if err != nil {
		return nil, err
	}
	if list = append(list, mails...); len(mails) == 0 {
		add(targets)
	}
	if event.Type(e.Type) == event.ConnectorRecovered && p.Late > 0 {
		itself, err := r.recoveredConnection(ctx, p.Connection.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, itself...)
	}
	return list, nil
}

// recoveredConnection returns a connection as an addressee of its own recovery. The mail server
// has no address of its own.
func (r *Router) recoveredConnection(ctx context.Context, id int64) ([]addressee, error) {
	c, err := r.store.Connection(ctx, models.SystemScope("an event is about it"), id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil || !c.Enabled || c.Field == models.FieldPeople {
		return nil, err
	}
	t := models.Target{ConnectionID: c.ID, EndpointID: c.Endpoint(), Module: c.Module, Name: c.Name, Enabled: true}
	return []addressee{{Target: t}}, nil
}

// mailsAbout returns the emails to the users who look after a connection: none if email itself is
// broken.
func (r *Router) mailsAbout(ctx context.Context, e models.Event, p connectorPayload) ([]addressee, error) {
	if p.Connection.Module == mailModule {
		return nil, nil
	}
	owner := models.Owner{ProductID: e.ProductID, UserID: p.UserID}
	if c, err := r.store.Connection(ctx, models.SystemScope("an event is about it"), p.Connection.ID); err == nil {
		owner = c.Owner()
	}
	return r.mailsOf(ctx, owner)
}

// mailModule is the module that sends email.
const mailModule = "email"

// ownerMails returns the emails to the owners of a product: none if email is not set up or does
// not work.
func (r *Router) ownerMails(ctx context.Context, productID int64) ([]addressee, error) {
	return r.mailsTo(ctx, func() ([]string, error) { return r.store.OwnerEmails(ctx, productID) })
}

// mailsOf returns the emails to the users who look after an owner's connections: none if email is
// not set up or does not work.
func (r *Router) mailsOf(ctx context.Context, owner models.Owner) ([]addressee, error) {
	return r.mailsTo(ctx, func() ([]string, error) { return r.store.Keepers(ctx, owner) })
}

// mailsTo returns the emails to addresses: none if email is not set up or does not work.
func (r *Router) mailsTo(ctx context.Context, find func() ([]string, error)) ([]addressee, error) {
	if !r.mailEnabled() {
		return nil, nil
	}
	people, err := r.store.PeopleTarget(ctx)
	if err != nil || people.Broken {
		return nil, err
	}
	addresses, err := find()
	list := make([]addressee, len(addresses))
	for i, address := range addresses {
		list[i] = addressee{people, address}
	}
	return list, err
}
