// Package connection keeps the saved configurations of modules: sealed, shown
// as a hint, opened for a send.
package connection

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// Service manages connections.
type Service struct {
	store        *models.Store
	ring         *secret.Ring
	modules      *module.Registry
	warn         func(ctx context.Context, url string) string
	mailServerID int64 // the connection by which mail goes to people
}

// New returns a service. warn says what is doubtful about an address that is
// saved all the same, "" for nothing.
func New(
	store *models.Store, ring *secret.Ring, modules *module.Registry, warn func(ctx context.Context, url string) string,
) *Service {
	return &Service{store: store, ring: ring, modules: modules, warn: warn}
}

// Draft is a connection as somebody asks for it.
type Draft struct {
	Module string
	Name   string
	Config module.Config
}

// Saved is a connection just made: the values that were made for it are shown
// this once.
type Saved struct {
	models.Connection
	Made    module.Config // generated secrets
	Warning string        // what is doubtful about the address
}

// Create adds a target to a product.
func (s *Service) Create(ctx context.Context, actor authz.Actor, productID int64, d Draft) (Saved, error) {
	return s.CreateFor(ctx, actor, models.Owner{ProductID: productID}, d)
}

// CreateFor adds a connection to a product, to the actor's own, or to the
// system's.
func (s *Service) CreateFor(ctx context.Context, actor authz.Actor, o models.Owner, d Draft) (Saved, error) {
	if err := s.mayEdit(ctx, actor, o); err != nil {
		return Saved{}, err
	}
	m, config, err := s.prepare(d, true)
	if err != nil {
		return Saved{}, err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return Saved{}, fmt.Errorf("encode a configuration: %w", err)
	}
	saved := Saved{Made: generated(m.Descriptor(), d.Config, config), Warning: s.warn(ctx, config["url"])}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		saved.Connection = models.Connection{
			ProductID:  optional(o.ProductID),
			GroupID:    optional(o.GroupID),
			UserID:     optional(o.UserID),
			EndpointID: s.sharedEndpoint(d.Module),
			Module:     d.Module,
			Name:       strings.TrimSpace(d.Name),
			Hint:       m.Hint(config),
			Enabled:    true,
		}
		if o.ProductID != 0 {
			if err := tx.LockProductShared(o.ProductID); err != nil {
				return err
			}
		}
		if err := tx.CreateConnection(
			&saved.Connection, func(path string) (secret.Text, error) { return s.ring.Seal(path, string(text)) },
		); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Create, nil, &saved.Connection)
	})
	return saved, err
}

func optional(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// mayEdit checks the right to change the connections of an owner: a product's
// or a group's are for those who may edit it, a user's own for him, the system's
// for administrators.
func (s *Service) mayEdit(ctx context.Context, actor authz.Actor, o models.Owner) error {
	switch {
	case o.ProductID != 0:
		return authz.Require(ctx, s.store, actor, authz.Edit, o.ProductID)
	case o.GroupID != 0:
		return authz.RequireGroup(ctx, s.store, actor, authz.Edit, o.GroupID)
	case o.UserID != 0:
		if o.UserID != actor.User.ID || actor.Role != "" && !authz.Allows(actor.Role, authz.Edit) {
			return fault.NewNotFound("target")
		}
		return nil
	}
	return s.MayEditSystem(actor)
}

// MayEditSystem checks the right to change the connections of the system.
func (*Service) MayEditSystem(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators may change connections of the system")
	}
	return nil
}

// MayEditOwners tells of which owners the actor may change the connections,
// with one look at his roles.
func (s *Service) MayEditOwners(
	ctx context.Context, actor authz.Actor, owners []models.Owner,
) (map[models.Owner]bool, error) {
	var products []int64
	for _, o := range owners {
		if o.ProductID != 0 && !slices.Contains(products, o.ProductID) {
			products = append(products, o.ProductID)
		}
	}
	mine, err := authz.Among(ctx, s.store, actor, authz.Edit, products)
	if err != nil {
		return nil, err
	}
	may := map[models.Owner]bool{}
	for _, o := range owners {
		if _, known := may[o]; known {
			continue
		}
		switch {
		case o.ProductID != 0:
			may[o] = mine[o.ProductID]
		case o.GroupID != 0:
			if may[o], err = authz.MayGroup(ctx, s.store, actor, authz.Edit, o.GroupID); err != nil {
				return nil, err
			}
		default:
			may[o] = s.mayEdit(ctx, actor, o) == nil // it reads nothing
		}
	}
	return may, nil
}

func (s *Service) prepare(d Draft, creating bool) (module.Module, module.Config, error) {
	m, ok := s.modules.Get(d.Module)
	if !ok {
		return nil, nil, fault.BadField("module", "There is no module of that name")
	}
	for _, f := range m.Descriptor().Fields {
		if f.Hidden && creating && d.Config[f.Name] != "" {
			return nil, nil, fault.BadField(f.Name, "there is no such field")
		}
	}
	if why := nameProblem(strings.TrimSpace(d.Name)); why != "" {
		return nil, nil, fault.BadField("name", why)
	}
	config, err := m.Prepare(d.Config)
	return m, config, err
}

func nameProblem(name string) string {
	n := utf8.RuneCountInString(name)
	switch {
	case n < 1 || n > 100:
		return "1 to 100 characters"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "No control characters"
	}
	return ""
}

// generated picks the values that the module filled in by itself.
func generated(d module.Descriptor, asked, config module.Config) module.Config {
	creating := module.Config{}
	for _, f := range d.Fields {
		if f.Generated && strings.TrimSpace(asked[f.Name]) == "" {
			creating[f.Name] = config[f.Name]
		}
	}
	return creating
}

// TurnedOff is why a delivery to a target that is turned off is not made.
const TurnedOff = "The target is turned off"

// Change says what to change of a connection; nil leaves a thing as it is. A
// configuration replaces the values it names and keeps the others.
type Change struct {
	Name    *string
	Enabled *bool
	Config  module.Config
	Version int64 // that was seen; another one by now is a conflict, 0 is any
}

// Update changes a connection of a product.
func (s *Service) Update(ctx context.Context, actor authz.Actor, id int64, c Change) (Saved, error) {
	now, err := s.editable(ctx, actor, id)
	if err != nil {
		return Saved{}, err
	}
	if c.Version != 0 && c.Version != now.Version {
		return Saved{}, s.errChangedMeanwhile(ctx, now)
	}
	before, saved := now, Saved{Made: module.Config{}}
	if c.Name != nil {
		if why := nameProblem(strings.TrimSpace(*c.Name)); why != "" {
			return Saved{}, fault.BadField("name", why)
		}
		now.Name = strings.TrimSpace(*c.Name)
	}
	if c.Enabled != nil {
		now.Enabled, now.DisabledWhy = *c.Enabled, ""
	}
	if len(c.Config) > 0 {
		if saved.Warning, err = s.reconfigure(ctx, &now, c.Config); err != nil {
			return Saved{}, err
		}
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		saved.Connection = now
		if err := tx.SaveConnection(&saved.Connection); err != nil {
			return err
		}
		if err := writeAudit(tx, actor, audit.Change, &before, &saved.Connection); err != nil {
			return err
		}
		if !now.Enabled {
			return tx.CancelWaiting(now.ID, TurnedOff)
		}
		if now.Endpoint() != now.ID || len(c.Config) == 0 && before.Enabled {
			return nil
		}
		return tx.Resume(now.ID) // it may be right now
	})
	return saved, err
}

func (s *Service) reconfigure(
	ctx context.Context, c *models.Connection, change module.Config,
) (warning string, err error) {
	config, err := s.Open(*c)
	if err != nil {
		return "", err
	}
	m, ok := s.modules.Get(c.Module)
	if !ok {
		return "", fault.BadField("module", "There is no module of that name")
	}
	for _, f := range m.Descriptor().Fields {
		if _, asked := change[f.Name]; asked && f.Hidden {
			return "", fault.BadField(f.Name, "there is no such field")
		}
	}
	was := maps.Clone(config)
	maps.Copy(config, change)
	_, config, err = s.prepare(Draft{Module: c.Module, Name: c.Name, Config: config}, false)
	if err != nil || maps.Equal(was, config) {
		return "", err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("encode a configuration: %w", err)
	}
	c.Hint = m.Hint(config)
	c.Config, err = s.ring.Seal(c.ConfigPlace(), string(text))
	return s.warn(ctx, config["url"]), err
}

// Delete removes a connection of a product, with its deliveries.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id int64) error {
	c, err := s.editable(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.DeleteConnection(id); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Delete, &c, nil)
	})
}

// List lists a product's connections with how they do. What they lead to, and
// what their receivers said, is for those who may edit them.
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

// ListGroup lists a group's connections with how they do, for those who may
// edit them.
func (s *Service) ListGroup(ctx context.Context, actor authz.Actor, groupID int64) ([]models.ConnectionRow, error) {
	if err := authz.RequireGroup(ctx, s.store, actor, authz.Edit, groupID); err != nil {
		return nil, err
	}
	return s.store.ConnectionRowsOfGroup(ctx, groupID)
}

// Editable finds a connection that the actor may edit.
func (s *Service) Editable(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	return s.editable(ctx, actor, id)
}

func (s *Service) editable(ctx context.Context, actor authz.Actor, id int64) (models.Connection, error) {
	c, err := s.store.Connection(ctx, actor.Scope(), id)
	if err != nil {
		return c, err
	}
	if c.Field == models.FieldPeople {
		return c, fault.NewNotFound("target")
	}
	return c, s.mayEdit(ctx, actor, c.Owner())
}

// Open opens a connection's configuration, for a send.
func (s *Service) Open(c models.Connection) (module.Config, error) {
	text, err := s.ring.Open(c.ConfigPlace(), c.Config)
	if err != nil {
		return nil, err
	}
	config := module.Config{}
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return nil, fmt.Errorf("decode %s", c.ConfigPlace()) // the cause could hold the content
	}
	return config, nil
}

// Modules lists what a connection can be of.
func (s *Service) Modules() []module.Module { return s.modules.All() }
