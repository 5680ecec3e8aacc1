package connection

import (
	"context"
	"fmt"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// List returns a product's targets with their health. Hints and the receivers' answers are
// only for actors who can edit the product.
func (s *Service) List(ctx context.Context, actor authz.Actor, productID int64) ([]models.ConnectionRow, error) {
	if err := authz.Require(ctx, s.store, actor, authz.View, productID); err != nil {
		return nil, err
	}
	may, err := authz.May(ctx, s.store, actor, authz.Edit, productID)
	if err != nil {
		return nil, err
	}
	list, err := s.store.ConnectionRowsOf(ctx, actor.Scope(), productID)
	for i := range list {
		if !may {
			list[i].Hint, list[i].OwnHealth.Reason, list[i].EndpointHealth.Reason, list[i].DisabledWhy = "", "", "", ""
		}
	}
	return list, err
}

// ListGroup returns a group's targets with their health, for actors who can edit the group.
func (s *Service) ListGroup(ctx context.Context, actor authz.Actor, groupID int64) ([]models.ConnectionRow, error) {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, groupID); err != nil {
		return nil, err
	}
	return s.store.ConnectionRowsOfGroup(ctx, groupID)
}

// All returns the connections that the actor can edit, those in trouble first.
func (s *Service) All(
	ctx context.Context, actor authz.Actor, f models.ConnectionFilter,
) ([]models.ConnectionRow, error) {
	f, err := editableBy(actor, f)
	if err != nil {
		return nil, err
	}
	return s.store.Connections(ctx, f)
}

// Count counts the connections that All lists, up to one more than models.MaxCounted.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.ConnectionFilter) (int, error) {
	f, err := editableBy(actor, f)
	if err != nil {
		return 0, err
	}
	return s.store.CountConnections(ctx, f)
}

// editableBy narrows a filter to the connections that an actor can edit.
func editableBy(actor authz.Actor, f models.ConnectionFilter) (models.ConnectionFilter, error) {
	if actor.User.ID == 0 || actor.Role != "" && !authz.Allows(actor.Role, authz.Edit) {
		return f, fault.New(fault.Forbidden, "You need the right to edit connections to list them")
	}
	f.UserID, f.All = actor.User.ID, actor.Administrator()
	return f, nil
}

// Details is a connection as its editors see it.
type Details struct {
	models.ConnectionRow
	Module       module.Descriptor
	Visible      module.Config // the values that are not secret
	Rotates      bool          // its secret can be replaced
	RotatedUntil time.Time     // until when the former secret is valid too, zero for none
	Resumes      bool          // the actor can have it tried now
}

// Details returns a connection that the actor can edit.
func (s *Service) Details(ctx context.Context, actor authz.Actor, id int64) (Details, error) {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return Details{}, err
	}
	row, err := s.store.ConnectionRow(ctx, c.ID)
	if err != nil {
		return Details{}, err
	}
	d := Details{ConnectionRow: row, Resumes: row.Enabled && row.EndpointHealth.Open() && mayResume(actor, c)}
	m, ok := s.modules.Get(c.Module)
	if !ok {
		return d, nil
	}
	config, err := s.Open(c)
	if err != nil {
		return d, fmt.Errorf("open %s: %w", c.ConfigPlace(), err)
	}
	d.Module = m.Descriptor()
	d.Visible = d.Module.Visible(config)
	if r, can := m.(module.Rotator); can {
		d.Rotates, d.RotatedUntil = true, r.RotatedUntil(config)
	}
	return d, nil
}

// maxOverall bounds the connections of Overall.
const maxOverall = 200

// Overall is the health of everything that sends.
type Overall struct {
	Connections []models.ConnectionRow // without those of users, those in trouble first
	More        bool                   // Connections does not have all
	Mail        models.ConnectionRow   // the mail server
	Outbox      models.OutboxTally
}

// Overall returns the health of everything that sends. It is for administrators.
func (s *Service) Overall(ctx context.Context, actor authz.Actor) (Overall, error) {
	if !actor.Administrator() {
		return Overall{}, fault.New(fault.Forbidden, "Only administrators can see health")
	}
	list, err := s.All(ctx, actor, models.ConnectionFilter{Owner: models.OwnerShared, Limit: maxOverall + 1})
	if err != nil {
		return Overall{}, err
	}
	o := Overall{Connections: list[:min(len(list), maxOverall)], More: len(list) > maxOverall}
	if o.Mail, err = s.store.MailServer(ctx); err != nil {
		return o, err
	}
	o.Outbox, err = s.store.Outbox(ctx)
	return o, err
}
