package settings

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Change is a change of a section.
type Change struct {
	Values    map[string]any // by the names of the fields; nil restores the default
	IfVersion *int64         // the version that the actor saw, nil for any
	Password  string         // the actor's own, which a session needs for guarded fields
}

// Update changes the fields of a section that c names. It returns a Conflict error if the section
// has another version than c expects.
func (s *Service) Update(ctx context.Context, actor authz.Actor, name string, c Change) (View, error) {
	if _, err := s.Get(ctx, actor, name); err != nil {
		return View{}, err
	}
	if err := s.Load(ctx); err != nil { // another instance can have changed them
		return View{}, err
	}
	section, _ := s.Section(name)
	current := s.current.Load()
	row := current.rows[name]
	if c.IfVersion != nil && *c.IfVersion != row.Version {
		return View{}, s.overtaken(ctx, row, *c.IfVersion)
	}
	values, warnings, err := section.accept(ctx, current.values[name], c.Values)
	plan, planErr := s.planTargetChanges(ctx, actor, section, c.Values)
	if err := fault.Join(err, planErr); err != nil {
		return View{}, err
	}
	if section.changesGuarded(current.values[name], values) {
		if err := s.RequirePassword(ctx, actor, c.Password); err != nil {
			return View{}, err
		}
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
		entry := section.entry(current.values[name], values)
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
	v.Warnings = slices.Concat(warnings, plan.Warnings)
	return v, err
}

// changesGuarded reports whether a guarded field has another value.
func (s Section) changesGuarded(before, after map[string]any) bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool {
		return f.Guarded && s.value(before, f.Name) != s.value(after, f.Name)
	})
}

// entry returns the audit entry of a change.
func (s Section) entry(before, after map[string]any) audit.Entry {
	e := audit.Entry{
		Action: audit.Change,
		Kind:   audit.Settings,
		Name:   s.Name,
		Was:    audit.Values{},
		Became: audit.Values{},
	}
	for _, f := range s.Fields {
		was, became := s.value(before, f.Name), s.value(after, f.Name)
		if was != became {
			e.Was[f.Name], e.Became[f.Name] = f.auditText(was), f.auditText(became)
		}
	}
	return e
}

// auditText returns a value as the audit log shows it.
func (f Field) auditText(value any) string {
	if f.Kind == KindSecret && value != "" {
		return audit.Masked
	}
	return fmt.Sprint(value)
}

// overtaken returns the Conflict error of an update. It names the user and the fields that have
// changed since a version of the section.
func (s *Service) overtaken(ctx context.Context, row models.Setting, since int64) error {
	changes, err := s.store.Audits(ctx, models.AuditFilter{
		Kind:  string(audit.Settings),
		Name:  row.Section,
		Limit: int(min(max(row.Version-since, 1), 100)),
	})
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
		who = "Another user"
	}
	names := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
	return fault.NewOutdated(fmt.Sprintf("%s changed %s in the meantime", who, names))
}

// accept returns the values of a section after a patch, or the errors of its fields.
func (s Section) accept(
	ctx context.Context, values, patch map[string]any,
) (next map[string]any, warnings []string, err error) {
	next, err = s.patched(values, patch)
	if err != nil && s.validate == nil {
		return next, nil, err
	}
	forgotten := s.forgetSecrets(values, next, patch)
	var fieldErrs fault.Fields
	if s.validate != nil {
		warnings = s.validate(ctx, s.lookup(values), s.lookup(next), &fieldErrs)
	}
	if err == nil {
		warnings = append(warnings, s.sayForgotten(forgotten, s.lookup(next), &fieldErrs)...)
	}
	return next, warnings, fault.Join(err, fieldErrs.Err())
}

func (s Section) lookup(values map[string]any) lookup {
	return func(field string) any { return s.value(values, field) }
}

// patched returns the values of a section after a patch. It checks each field by itself; one with an
// error keeps its value.
func (s Section) patched(values, patch map[string]any) (map[string]any, error) {
	next := maps.Clone(values)
	if next == nil {
		next = map[string]any{}
	}
	var fieldErrs fault.Fields
	for name, value := range patch {
		f, ok := s.Field(name)
		switch {
		case !ok:
			fieldErrs.Add(name, "This setting does not exist")
		case value == nil || f.Kind == KindTarget: // targets are not stored here
			delete(next, name)
		default:
			v, reason := f.accept(value)
			if reason != "" {
				fieldErrs.Add(name, reason)
				continue
			}
			next[name] = v
			if v == f.Default {
				delete(next, name)
			}
		}
	}
	return next, fieldErrs.Err()
}

// encode sets the values of a row. It seals the secrets apart from the others.
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
