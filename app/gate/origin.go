package gate

import (
	"time"

	"gatecrier/app/settings"
	"gatecrier/models"
)

// Source is the source of one value of a policy: an Owner, or SourceUnset.
type Source string

// The sources. If the owner has thresholds of its own, an unset one counts as 0.
const (
	SourceGlobal  = Source(OwnerGlobal)
	SourceGroup   = Source(OwnerGroup)
	SourceProduct = Source(OwnerProduct)
	SourceUnset   = Source("unset")
)

// Origin is the policy and the hold time of a product with the source of each value.
type Origin struct {
	Policy
	Group      string                     // the group's name if the policy is the group's, else ""
	Sources    map[models.Severity]Source // of the thresholds; nil for a disabled gate
	Hold       time.Duration              // how long a new state must last before it is announced
	HoldSource Source
}

// OriginOf returns the origin of a product's policy. group is nil for a product without a
// group.
func OriginOf(global settings.Gate, group *models.Group, p models.Product) Origin {
	o := Origin{Policy: PolicyOf(global, group, p)}
	o.Hold, o.HoldSource = holdTime(global, p)
	if o.Owner == OwnerGroup {
		o.Group = group.Name
	}
	if !o.Active {
		return o
	}
	o.Sources = map[models.Severity]Source{}
	for _, s := range models.Severities() {
		o.Sources[s] = Source(o.Owner)
		switch o.Owner {
		case OwnerGroup:
			if group.Thresholds.Of(s) == nil {
				o.Sources[s] = SourceUnset
			}
		case OwnerProduct:
			if p.Thresholds.Of(s) == nil {
				o.Sources[s] = SourceUnset
			}
		case OwnerGlobal:
		}
	}
	return o
}

// Origin returns the origin of the current policy of a product of a group (nil for none).
func (s *Service) Origin(group *models.Group, p models.Product) Origin {
	return OriginOf(s.settings(), group, p)
}
