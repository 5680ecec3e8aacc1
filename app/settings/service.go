package settings

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// Service stores the settings and keeps the current ones in memory.
type Service struct {
	store    *models.Store
	ring     *secret.Ring
	sections []Section
	targets  map[string]Targets // by section
	current  atomic.Pointer[snapshot]
	mu       sync.Mutex // of Load: an older snapshot must not replace a newer one
	changed  []func()

	// RequirePassword checks the password that an actor has typed for a change of guarded fields.
	// The caller of New must set it before the first change.
	RequirePassword func(ctx context.Context, actor authz.Actor, password string) error
}

// snapshot is all settings at one time.
type snapshot struct {
	version int64 // over all sections
	values  map[string]map[string]any
	rows    map[string]models.Setting
	refresh refreshToken // of the mail server
}

// New returns a service of sections. The caller must call Load before anything else.
func New(store *models.Store, ring *secret.Ring, sections []Section) *Service {
	s := &Service{store: store, ring: ring, sections: sections, targets: map[string]Targets{}}
	s.current.Store(&snapshot{values: map[string]map[string]any{}, rows: map[string]models.Setting{}})
	return s
}

// OnChange calls fn now and after each change. Call it only before the program runs.
func (s *Service) OnChange(fn func()) {
	s.changed = append(s.changed, fn)
	fn()
}

// Sections lists the sections.
func (s *Service) Sections() []Section { return s.sections }

// Section finds a section.
func (s *Service) Section(name string) (Section, bool) {
	for _, section := range s.sections {
		if section.Name == name {
			return section, true
		}
	}
	return Section{}, false
}

// View is a section with its values. The value of a secret is a bool: whether it is set.
type View struct {
	Section
	Values   map[string]any
	Version  int64
	By       string // the last change's actor, "" if it was never changed
	At       time.Time
	Warnings []string // after a change: about saved values that will not work
}

// IfVersion returns the version that Update must find.
func IfVersion(version int64) *int64 { return &version }

// Get reads a section, for administrators.
func (s *Service) Get(ctx context.Context, actor authz.Actor, name string) (View, error) {
	if !actor.Administrator() {
		return View{}, fault.New(fault.Forbidden, "Only administrators can change settings")
	}
	section, ok := s.Section(name)
	if !ok {
		return View{}, fault.NewNotFound("section of settings")
	}
	current := s.current.Load()
	row := current.rows[name]
	v := View{
		Section: section,
		Values:  map[string]any{},
		Version: row.Version,
		By:      row.UpdatedBy,
		At:      row.UpdatedAt,
	}
	for _, f := range section.Fields {
		value := current.value(section, f.Name)
		if f.Kind == KindSecret {
			value = value != ""
		}
		v.Values[f.Name] = value
	}
	err := s.showTargets(ctx, &v)
	return v, err
}

func (n *snapshot) value(section Section, field string) any {
	return section.value(n.values[section.Name], field)
}

// value returns the value of a field, or its default.
func (s Section) value(values map[string]any, field string) any {
	if v, ok := values[field]; ok {
		return v
	}
	f, _ := s.Field(field)
	return f.Default
}
