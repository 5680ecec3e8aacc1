package connection

import (
	"context"
	"strings"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// Draft is a connection to create.
type Draft struct {
	Module string
	Name   string
	Config module.Config
}

// Saved is a connection after a change. The secrets generated for it are shown only this once.
type Saved struct {
	models.Connection
	Made    module.Config // generated secrets
	Warning string        // what will keep messages from arriving, "" for nothing
}

// Create adds a target to a product.
func (s *Service) Create(ctx context.Context, actor authz.Actor, productID int64, d Draft) (Saved, error) {
	return s.CreateFor(ctx, actor, models.Owner{ProductID: productID}, d)
}

// CreateFor adds a connection to a product or a group, to the actor's own, or to the system's.
func (s *Service) CreateFor(ctx context.Context, actor authz.Actor, o models.Owner, d Draft) (Saved, error) {
	if err := s.mayEdit(ctx, actor, o); err != nil {
		return Saved{}, err
	}
	m, config, err := s.prepare(d, true)
	if err != nil {
		return Saved{}, err
	}
	saved := Saved{Made: generated(m.Descriptor(), d.Config, config), Warning: s.warn(ctx, config["url"])}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		saved.Connection = models.Connection{
			ProductID:  optional(o.ProductID),
			GroupID:    optional(o.GroupID),
			UserID:     optional(o.UserID),
			EndpointID: s.sharedEndpoint(d.Module),
			Module:     d.Module,
			Name:       visible.Name(d.Name),
			Enabled:    true,
			CreatedBy:  actor.Label,
		}
		if o.ProductID != 0 {
			if err := tx.LockProductShared(o.ProductID); err != nil {
				return err
			}
		}
		if err := s.create(tx, &saved.Connection, config); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Create, nil, &saved.Connection)
	})
	return saved, err
}

// prepare checks a draft and returns its module and its prepared configuration. creating refuses
// values for hidden fields, which only the module sets.
func (s *Service) prepare(d Draft, creating bool) (module.Module, module.Config, error) {
	m, ok := s.modules.Get(d.Module)
	if !ok {
		return nil, nil, fault.BadField("module", "This module does not exist")
	}
	for _, f := range m.Descriptor().Fields {
		if f.Hidden && creating && d.Config[f.Name] != "" {
			return nil, nil, fault.BadField(f.Name, "this field does not exist")
		}
	}
	config, err := m.Prepare(d.Config)
	return m, config, fault.Join(checkName(d.Name), err)
}

// checkName returns the error of the field name.
func checkName(name string) error {
	name = visible.Name(name)
	why := visible.Problem(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 100 {
		why = "Enter 1 to 100 characters"
	}
	if why == "" {
		return nil
	}
	return fault.BadField("name", why)
}

// generated returns the values that the module generated.
func generated(d module.Descriptor, asked, config module.Config) module.Config {
	values := module.Config{}
	for _, f := range d.Fields {
		if f.Generated && strings.TrimSpace(asked[f.Name]) == "" {
			values[f.Name] = config[f.Name]
		}
	}
	return values
}

// optional returns nil for 0.
func optional(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
