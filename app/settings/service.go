package settings

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// Service keeps the settings, current in memory.
type Service struct {
	store    *models.Store
	ring     *secret.Ring
	sections []Section
	targets  map[string]Targets // by section
	current  atomic.Pointer[snapshot]
	mu       sync.Mutex // of reloads: an older one never replaces a newer
	changed  []func()
}

// snapshot is all settings at one moment.
type snapshot struct {
	version int64 // over all sections
	values  map[string]map[string]any
	rows    map[string]models.Setting
}

// New returns a service of sections. Load comes before everything else.
func New(store *models.Store, ring *secret.Ring, sections []Section) *Service {
	s := &Service{store: store, ring: ring, sections: sections, targets: map[string]Targets{}}
	s.current.Store(&snapshot{values: map[string]map[string]any{}, rows: map[string]models.Setting{}})
	return s
}

// OnChange has fn called after each change, and now. It is for the wiring,
// before anything runs.
func (s *Service) OnChange(fn func()) {
	s.changed = append(s.changed, fn)
	fn()
}

// Load reads all settings.
func (s *Service) Load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	next := &snapshot{values: map[string]map[string]any{}, rows: map[string]models.Setting{}}
	for _, row := range rows {
		values, err := s.decode(row)
		if err != nil {
			return err
		}
		next.version += row.Version
		next.values[row.Section], next.rows[row.Section] = values, row
	}
	before := s.current.Swap(next)
	if before.version != next.version {
		for _, fn := range s.changed {
			fn()
		}
	}
	return nil
}

// Refresh reads the settings again where another instance, or the command
// line, has changed them.
func (s *Service) Refresh(ctx context.Context) error {
	version, err := s.store.SettingsVersion(ctx)
	if err != nil || version == s.current.Load().version {
		return err
	}
	return s.Load(ctx)
}

// decode reads a stored section. A value that its field no longer takes falls
// back to the default.
func (s *Service) decode(row models.Setting) (map[string]any, error) {
	stored := map[string]any{}
	if err := json.Unmarshal([]byte(row.Body), &stored); err != nil {
		return nil, fmt.Errorf("decode settings %s: %w", row.Section, err)
	}
	text, err := s.ring.Open(row.SecretsPlace(), row.Secrets)
	if err != nil {
		return nil, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &stored); err != nil {
			return nil, fmt.Errorf("decode %s", row.SecretsPlace()) // the cause could hold the content
		}
	}
	return s.known(row.Section, stored), nil
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

// View is a section with its values. A secret's is whether there is one.
type View struct {
	Section
	Values   map[string]any
	Version  int64
	By       string // who changed it last, "" for nobody
	At       time.Time
	Warnings []string // after a change: what was saved, but will not work as it is
}

// IfVersion returns the version that Update must find.
func IfVersion(version int64) *int64 { return &version }

// Get reads a section, for administrators.
func (s *Service) Get(ctx context.Context, actor authz.Actor, name string) (View, error) {
	if !actor.Administrator() {
		return View{}, fault.New(fault.Forbidden, "Settings are for administrators")
	}
	section, ok := s.Section(name)
	if !ok {
		return View{}, fault.NewNotFound("section of settings")
	}
	now := s.current.Load()
	row := now.rows[name]
	v := View{Section: section, Values: map[string]any{}, Version: row.Version, By: row.UpdatedBy, At: row.UpdatedAt}
	for _, f := range section.Fields {
		value := now.value(section, f.Name)
		if f.Kind == KindSecret {
			value = value != ""
		}
		v.Values[f.Name] = value
	}
	err := s.showTargets(ctx, &v)
	return v, err
}

// Update changes what a patch names of a section; nil gives back a default.
func (s *Service) Update(
	ctx context.Context, actor authz.Actor, name string, patch map[string]any, ifVersion *int64,
) (View, error) {
	if _, err := s.Get(ctx, actor, name); err != nil {
		return View{}, err
	}
	if err := s.Load(ctx); err != nil { // another instance may have been faster
		return View{}, err
	}
	section, _ := s.Section(name)
	now := s.current.Load()
	row := now.rows[name]
	if ifVersion != nil && *ifVersion != row.Version {
		return View{}, s.overtaken(ctx, row, *ifVersion)
	}
	values, doubts, err := section.accept(ctx, now.values[name], patch)
	plan, planErr := s.planTargetChanges(ctx, actor, section, patch)
	if err := joinErrors(err, planErr); err != nil {
		return View{}, err
	}
	row.Section, row.UpdatedBy = name, actor.Label
	if err := s.encode(section, values, &row); err != nil {
		return View{}, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		next := row
		if err := tx.SaveSetting(&next); err != nil {
			return err
		}
		entry := section.entry(now.values[name], values)
		if err := plan.apply(tx, &entry); err != nil {
			return err
		}
		return audit.Write(tx, actor, entry)
	})
	if err != nil {
		return View{}, err
	}
	if err := s.Load(context.WithoutCancel(ctx)); err != nil {
		return View{}, err
	}
	v, err := s.Get(ctx, actor, name)
	v.Warnings = slices.Concat(doubts, plan.Warnings)
	return v, err
}

// entry is a change for the audit.
func (s Section) entry(before, after map[string]any) audit.Entry {
	e := audit.Entry{Action: audit.Change, Kind: audit.Settings, Name: s.Name, Was: audit.Values{}, Became: audit.Values{}}
	for _, f := range s.Fields {
		was, became := s.value(before, f.Name), s.value(after, f.Name)
		if was != became {
			e.Was[f.Name], e.Became[f.Name] = f.shown(was), f.shown(became)
		}
	}
	return e
}

// shown is a value in the audit.
func (f Field) shown(value any) string {
	if f.Kind == KindSecret && value != "" {
		return audit.Masked
	}
	return fmt.Sprint(value)
}

// overtaken says who has changed what since a version of a section.
func (s *Service) overtaken(ctx context.Context, row models.Setting, since int64) error {
	changes, err := s.store.Audits(
		ctx,
		models.AuditFilter{Kind: string(audit.Settings), Name: row.Section, Limit: int(min(max(row.Version-since, 1), 100))},
	)
	if err != nil {
		return err
	}
	fields := map[string]bool{}
	for _, c := range changes {
		for name := range c.Became {
			fields[name] = true
		}
	}
	who := row.UpdatedBy
	if who == "" {
		who = "Somebody else"
	}
	return fault.New(
		fault.Conflict,
		fmt.Sprintf(
			"Meanwhile %s has changed %s: look at that, then repeat your change",
			who,
			strings.Join(slices.Sorted(maps.Keys(fields)), ", "),
		),
	)
}

// accept is a section's values after a patch that may be saved.
func (s Section) accept(
	ctx context.Context, values, patch map[string]any,
) (next map[string]any, doubts []string, err error) {
	next, err = s.patched(values, patch)
	if err != nil || s.validate == nil {
		return next, nil, err
	}
	var bad fault.Fields
	doubts = s.validate(ctx, s.lookup(values), s.lookup(next), &bad)
	return next, doubts, bad.Err()
}

func (s Section) lookup(values map[string]any) lookup {
	return func(field string) any { return s.value(values, field) }
}

// patched is a section's values after a patch, or all that is wrong with it.
func (s Section) patched(values, patch map[string]any) (map[string]any, error) {
	next := maps.Clone(values)
	if next == nil {
		next = map[string]any{}
	}
	var bad fault.Fields
	for name, value := range patch {
		f, ok := s.Field(name)
		switch {
		case !ok:
			bad.Add(name, "There is no such setting")
		case value == nil || f.Kind == KindTarget: // the latter are kept elsewhere
			delete(next, name)
		default:
			v, wrong := f.accept(value)
			if wrong != "" {
				bad.Add(name, wrong)
			}
			next[name] = v
			if v == f.Default {
				delete(next, name)
			}
		}
	}
	return next, bad.Err()
}

// encode puts values into a row, secrets apart and sealed.
func (s *Service) encode(section Section, values map[string]any, row *models.Setting) error {
	open, secrets := map[string]any{}, map[string]any{}
	for name, value := range values {
		if f, ok := section.Field(name); ok && f.Kind == KindSecret {
			secrets[name] = value
		} else {
			open[name] = value
		}
	}
	body, err := json.Marshal(open)
	if err != nil {
		return fmt.Errorf("encode settings %s: %w", section.Name, err)
	}
	sealed := ""
	if len(secrets) > 0 {
		text, err := json.Marshal(secrets)
		if err != nil {
			return fmt.Errorf("encode secrets of %s: %w", section.Name, err)
		}
		sealed = string(text)
	}
	row.Body = string(body)
	row.Secrets, err = s.ring.Seal(row.SecretsPlace(), sealed)
	return err
}

func (n *snapshot) value(section Section, field string) any {
	return section.value(n.values[section.Name], field)
}

// value is one of a section's values, or its default.
func (s Section) value(values map[string]any, field string) any {
	if v, ok := values[field]; ok {
		return v
	}
	f, _ := s.Field(field)
	return f.Default
}
