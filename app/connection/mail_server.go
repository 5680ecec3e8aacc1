package connection

import (
	"context"
	"fmt"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// mailServerName is how the connection is called by which mail goes to people.
const mailServerName = "Mail server"

// EnsurePeople makes the connection by which mail goes to people, where there
// is none: it stands for the one mail server, whose endpoint all connections by
// mail share. It is for the start.
func (s *Service) EnsurePeople(ctx context.Context) error {
	find := func() error {
		t, err := s.store.PeopleTarget(ctx)
		s.mailServerID = t.ConnectionID
		return err
	}
	err := find()
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		c := models.Connection{
			Module:  "email",
			Name:    mailServerName,
			Field:   models.FieldPeople,
			Hint:    "the mail server of the settings",
			Enabled: true,
		}
		if err := tx.CreateConnection(
			&c, func(path string) (secret.Text, error) { return s.ring.Seal(path, "{}") },
		); err != nil {
			return err
		}
		s.mailServerID = c.ID
		return tx.ShareEndpoint("email", c.ID)
	})
	if err != nil && find() == nil { // another instance was faster
		return nil
	}
	return err
}

// sharedEndpoint is whose endpoint connections of a module share, nil for their own.
func (s *Service) sharedEndpoint(name string) *int64 {
	if m, ok := s.modules.Get(name); ok && m.Descriptor().OneServer {
		return &s.mailServerID
	}
	return nil
}

// overlap is how long a former secret counts after a rotation.
const overlap = 24 * time.Hour

// Rotated is a connection whose secret was replaced.
type Rotated struct {
	models.Connection
	Secret string    // the new one, shown this once
	Until  time.Time // until when the old one counts too
}

// Rotate replaces the secret of a connection; the former one counts for a day
// more.
func (s *Service) Rotate(ctx context.Context, actor authz.Actor, id int64) (Rotated, error) {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return Rotated{}, err
	}
	m, _ := s.modules.Get(c.Module)
	rotator, can := m.(module.Rotator)
	if !can {
		return Rotated{}, fault.New(fault.Invalid, "This kind of connection has no secret of ours to replace")
	}
	config, err := s.Open(c)
	if err != nil {
		return Rotated{}, err
	}
	out := Rotated{Until: s.store.Now().Add(overlap)}
	before := c
	config = rotator.Rotate(config, out.Until)
	for _, f := range m.Descriptor().Fields {
		if f.Generated {
			out.Secret = config[f.Name]
		}
	}
	if err := s.seal(&c, fieldTarget{module: c.Module, config: config}); err != nil {
		return Rotated{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		out.Connection = c // a transaction that was lost is run again
		if err := tx.SaveConnection(&out.Connection); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Change, &before, &out.Connection)
	})
	return out, err
}

// Details are what those who may edit a connection see of it.
type Details struct {
	models.ConnectionRow
	Module       module.Descriptor
	Visible      module.Config // the values that are no secrets
	Rotates      bool          // whether its secret can be replaced
	RotatedUntil time.Time     // until when the former one counts, zero for none
	Resumes      bool          // whether the actor may let it be tried now
}

// Details reads a connection that the actor may edit.
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

// All lists the connections that the actor may edit, those in trouble first.
func (s *Service) All(
	ctx context.Context, actor authz.Actor, f models.ConnectionFilter,
) ([]models.ConnectionRow, error) {
	if actor.User.ID == 0 || actor.Role != "" && !authz.Allows(actor.Role, authz.Edit) {
		return nil, fault.New(fault.Forbidden, "Connections are listed for users who may edit them")
	}
	f.UserID, f.All = actor.User.ID, actor.Administrator()
	return s.store.Connections(ctx, f)
}

// Resume lets a connection that is down or paused be tried at once.
func (s *Service) Resume(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return c, err
	}
	if !mayResume(actor, c) {
		return c, fault.New(fault.Forbidden, "The mail server is for administrators to try")
	}
	return c, s.resume(
		ctx,
		actor,
		c.Endpoint(),
		audit.Entry{Action: audit.Resume, Kind: audit.Target, Name: c.Name, ProductID: c.Owner().ProductID},
	)
}

func (s *Service) resume(ctx context.Context, actor authz.Actor, endpoint int64, e audit.Entry) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.Resume(endpoint); err != nil {
			return err
		}
		return audit.Write(tx, actor, e)
	})
}

// mayResume reports whether who may edit a connection may let it be tried: the
// endpoint of a server is for administrators.
func mayResume(actor authz.Actor, c models.Connection) bool {
	return c.Endpoint() == c.ID || actor.Administrator()
}

// ResumeMail lets the mail server be tried at once.
func (s *Service) ResumeMail(ctx context.Context, actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "The mail server is for administrators to try")
	}
	return s.resume(ctx, actor, s.mailServerID, audit.Entry{Action: audit.Resume, Kind: audit.Target, Name: mailServerName})
}

// maxOverall bounds the list of Overall.
const maxOverall = 200

// Overall is how everything that sends does.
type Overall struct {
	Connections []models.ConnectionRow // that are not a user's own, those in trouble first
	More        bool                   // there are others
	Mail        models.ConnectionRow   // stands for the mail server
	Outbox      models.OutboxTally
}

// Overall tells administrators how everything that sends does.
func (s *Service) Overall(ctx context.Context, actor authz.Actor) (Overall, error) {
	if !actor.Administrator() {
		return Overall{}, fault.New(fault.Forbidden, "Health is for administrators")
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

// Losses are what is lost with a connection.
type Losses struct {
	Deliveries int // with those that wait
	Waiting    int
}

// Losses counts what would be lost with a connection that the actor may edit.
func (s *Service) Losses(ctx context.Context, actor authz.Actor, id int64) (Losses, error) {
	if _, err := s.editable(ctx, actor, id); err != nil {
		return Losses{}, err
	}
	waiting, err := s.store.Waiting(ctx, []int64{id})
	if err != nil {
		return Losses{}, err
	}
	lost := Losses{Waiting: waiting[id]}
	list, err := s.store.LedgerTally(ctx, actor.Scope(), models.LedgerFilter{ConnectionID: id})
	for _, t := range list {
		lost.Deliveries += t.N
	}
	return lost, err
}
