package settings

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Targets stores the fields of a section that are connections (KindTarget), by name.
type Targets interface {
	// Shown returns the fields as an administrator can see them.
	Shown(ctx context.Context) (map[string]string, error)
	// Plan checks a change of fields. The value that Shown returns leaves a field as it is; an
	// empty value clears it.
	Plan(ctx context.Context, actor authz.Actor, changes map[string]string) (TargetChange, error)
}

// TargetChange is a checked change of targets.
type TargetChange struct {
	Warnings []string
	// Apply makes the change. It returns the fields before and after it for the audit log.
	Apply func(tx *models.Tx) (was, became map[string]string, err error)
}

// RegisterTargets sets the store of a section's targets. Call it only before the program runs.
func (s *Service) RegisterTargets(section string, t Targets) { s.targets[section] = t }

// showTargets adds the targets of a section to its view.
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

// planTargetChanges checks the changes of a patch to the targets of a section.
func (s *Service) planTargetChanges(
	ctx context.Context, actor authz.Actor, section Section, patch map[string]any,
) (TargetChange, error) {
	var fieldErrs fault.Fields
	changes := map[string]string{}
	for name, value := range patch {
		f, ok := section.Field(name)
		if !ok || f.Kind != KindTarget {
			continue
		}
		if value == nil {
			value = f.Default
		}
		text, reason := f.accept(value)
		if reason != "" {
			fieldErrs.Add(name, reason)
			continue
		}
		changes[name], _ = text.(string)
	}
	t := s.targets[section.Name]
	if len(changes) == 0 || t == nil {
		return TargetChange{}, fieldErrs.Err()
	}
	plan, err := t.Plan(ctx, actor, changes)
	return plan, fault.Join(fieldErrs.Err(), err)
}

// apply makes the change, and adds it to the audit entry of the section.
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
