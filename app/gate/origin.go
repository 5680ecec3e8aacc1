package gate

import (
	"time"

	"gatecrier/app/settings"
	"gatecrier/models"
)

// Source says where one number of a policy comes from.
type Source string

// The sources. A threshold that is unset where its owner has thresholds of its
// own counts as 0.
const (
	SourceGlobal  Source = "global"
	SourceGroup   Source = "group"
	SourceProduct Source = "product"
	SourceUnset   Source = "unset"
)

// Origin is what counts for a product, and whose each part of it is.
type Origin struct {
	Policy
	Group      string                     // the name of the group whose gate counts, "" where that is nobody's
	Sources    map[models.Severity]Source // of the thresholds; nil where there is no gate
	Hold       time.Duration              // how long a new state stands before it is announced
	HoldSource Source
}

// OriginOf finds what counts for a product, and whose each part of it is. group
// is nil where it is in none.
func OriginOf(global settings.Gate, group *models.Group, p models.Product) Origin {
	o := Origin{Policy: PolicyOf(global, group, p), Hold: global.Hold, HoldSource: SourceGlobal}
	if p.HoldSeconds != nil {
		o.Hold, o.HoldSource = time.Duration(*p.HoldSeconds)*time.Second, SourceProduct
	}
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

// Origin is what counts for a product of a group (nil for none) now, and whose
// it is.
func (s *Service) Origin(group *models.Group, p models.Product) Origin {
	return OriginOf(s.policy(), group, p)
}
