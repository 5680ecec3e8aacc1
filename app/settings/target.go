package settings

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Targets keeps the fields of a section that are connections, KindTarget, by
// their names.
type Targets interface {
	// Shown are the fields as an administrator may see them.
	Shown(ctx context.Context) (map[string]string, error)
	// Plan checks a change of some. A value that is what was shown leaves a
	// field as it is, an empty one clears it.
	Plan(ctx context.Context, actor authz.Actor, changes map[string]string) (TargetChange, error)
}

// TargetChange is a change of targets that was checked.
type TargetChange struct {
	Warnings []string
	// Apply carries it out, and tells what the audit may know of how the fields
	// were and have become.
	Apply func(tx *models.Tx) (was, became map[string]string, err error)
}

// RegisterTargets says who keeps the targets of a section. It is for the wiring, before
// anything runs.
func (s *Service) RegisterTargets(section string, t Targets) { s.targets[section] = t }

// showTargets adds what is kept elsewhere to a section.
func (s *Service) showTargets(ctx context.Context, v *View) error {
	t := s.targets[v.Name]
	if t == nil {
		return nil
	}
	shown, err := t.Shown(ctx)
	for _, f := range v.Fields {
		if f.Kind == KindTarget {
			v.Values[f.Name] = shown[f.Name]
		}
	}
	return err
}

// planTargetChanges checks what a patch changes of the targets of a section.
func (s *Service) planTargetChanges(
	ctx context.Context, actor authz.Actor, section Section, patch map[string]any,
) (TargetChange, error) {
	var bad fault.Fields
	changes := map[string]string{}
	for name, value := range patch {
		f, ok := section.Field(name)
		if !ok || f.Kind != KindTarget {
			continue
		}
		if value == nil {
			value = f.Default
		}
		text, wrong := f.accept(value)
		if wrong != "" {
			bad.Add(name, wrong)
			continue
		}
		changes[name], _ = text.(string)
	}
	t := s.targets[section.Name]
	if len(changes) == 0 || t == nil {
		return TargetChange{}, bad.Err()
	}
	plan, err := t.Plan(ctx, actor, changes)
	return plan, joinErrors(bad.Err(), err)
}

// apply does what was planned, and adds it to the section's entry in the
// audit.
func (p TargetChange) apply(tx *models.Tx, e *audit.Entry) error {
	if p.Apply == nil {
		return nil
	}
	was, became, err := p.Apply(tx)
	if err != nil {
		return err
	}
	for _, side := range []map[string]string{was, became} {
		for name := range side {
			if was[name] != became[name] {
				e.Was[name], e.Became[name] = was[name], became[name]
			}
		}
	}
	return nil
}

// joinErrors is what is wrong with the fields by two errors; one that is about
// something else comes first.
func joinErrors(a, b error) error {
	for _, err := range []error{a, b} {
		if err != nil && (!fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) == 0) {
			return err
		}
	}
	return append(append(fault.Fields{}, fault.FieldsOf(a)...), fault.FieldsOf(b)...).Err()
}
