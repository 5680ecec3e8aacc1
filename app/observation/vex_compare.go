package observation

import (
	"cmp"
	"context"
	"slices"

	"gatecrier/app/vex"
	"gatecrier/models"
)

// vexChange is an observation that does not follow the documents.
type vexChange struct {
	id, source int64
	shift      int8 // 1 = it becomes active, -1 = it becomes inactive, 0 = neither
}

// compareBranch returns the observations of a branch that do not follow the documents, in the order
// in which they are changed.
func (r *vexRun) compareBranch(ctx context.Context, b models.Branch) ([]vexChange, error) {
	var changes []vexChange
	for _, source := range r.sources {
		if source.BranchID != b.ID {
			continue
		}
		if source.Unsettled {
			r.busy = true
			continue
		}
		place := placeOf(source)
		err := r.service.store.EachObservation(ctx, source.ID, func(o *models.Observation) {
			about := false
			v := r.matcher.Match(place, thingOf(*o), func(rule *vex.Rule) {
				if rule.Document == r.document.ID {
					r.found[rule.ID] = true
					about = true
				}
			})
			now := follow(*o, v)
			if moved := now.Status != o.Status; moved {
				r.changed++
			} else if about && o.InReport() {
				r.unchanged++
			}
			if !now.VEX.Same(o.VEX) {
				changes = append(changes, vexChange{id: o.ID, source: source.ID, shift: shiftOf(*o, now)})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(changes, func(a, b2 vexChange) int {
		order := cmp.Compare(a.shift, b2.shift)
		if b.Gate == models.GateFailed {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.source, b2.source), cmp.Compare(a.id, b2.id))
	})
	return changes, nil
}

// placeOf returns a source for a matcher.
func placeOf(source models.Source) vex.Place {
	return vex.PlaceOf(source.BranchID, source.Name, source.Facts.Decode())
}

// thingOf returns an observation for a matcher.
func thingOf(o models.Observation) vex.Thing {
	return vex.Thing{Title: o.Title, Component: o.Component, Details: o.Details}
}

// follow returns an observation as it is when it follows the documents, which say v of it. One that
// its report no longer contains only loses what they do not say any more.
func follow(o models.Observation, v models.VEX) models.Observation {
	if !o.InReport() && !v.Same(o.VEX) {
		v = models.VEX{}
	}
	return o.WithVEX(v)
}

func shiftOf(was, now models.Observation) int8 {
	switch {
	case now.Status.Active() && !was.Status.Active():
		return 1
	case was.Status.Active() && !now.Status.Active():
		return -1
	}
	return 0
}

// bySource yields runs of changes of one source: a large import of another one does not keep them back.
func bySource(changes []vexChange) func(yield func([]vexChange) bool) {
	return func(yield func([]vexChange) bool) {
		for len(changes) > 0 {
			n := 1
			for n < len(changes) && changes[n].source == changes[0].source {
				n++
			}
			if !yield(changes[:n]) {
				return
			}
			changes = changes[n:]
		}
	}
}
