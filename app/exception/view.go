package exception

import (
	"context"
	"encoding/json"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Hidden replaces a text that the viewer cannot see.
const Hidden = models.Redacted

// shownHours is how many hours of occurrences a list has.
const shownHours = 24

const (
	maxReleasesShown = 20
	maxMergesShown   = 100
)

// Group is a group of exceptions, as far as the viewer can see it.
type Group struct {
	models.ExceptionGroup       // without its sample
	Redacted              bool  // message, function and most of the latest sample are hidden
	Hours                 []int // occurrences in each of the last hours, the current hour last
}

// Detail is a group with its sample, its releases and its merged keys.
type Detail struct {
	Group
	Sample   Sample
	Releases []models.ExceptionRelease // the latest first
	Merges   []models.ExceptionMerge   // the newest first
	Rights   Rights
}

// Rights are the viewer's rights on a group.
type Rights struct {
	Assess bool // resolve, reopen, mute, merge, split
	Delete bool
}

// Count counts the groups that the actor can see, up to one more than models.MaxCounted.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.ExceptionFilter) (int, error) {
	return s.store.CountExceptionGroups(ctx, actor.Scope(), visibleTo(actor, f))
}

// visibleTo leaves out of a filter what an actor cannot see in any product.
func visibleTo(actor authz.Actor, f models.ExceptionFilter) models.ExceptionFilter {
	f.Messages = actor.Administrator()
	if !actor.Administrator() {
		f.OnlyKinds, f.OfProducts = []models.ExceptionKind{models.ExceptionTask, models.ExceptionReported}, true
	}
	return f
}

// List lists the groups that the actor can see, the latest occurrence first.
// Administrators see all. Other users see the groups of the products that they view,
// except failed requests of Gatecrier. Of its background tasks they see no messages,
// and their search does not match messages.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.ExceptionFilter) ([]Group, error) {
	rows, err := s.store.ExceptionGroups(ctx, actor.Scope(), visibleTo(actor, f))
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	hours, err := s.hours(ctx, ids)
	list := make([]Group, len(rows))
	for i, row := range rows {
		list[i] = visible(actor, row)
		list[i].Hours = hours(row.ID)
	}
	return list, err
}

// hours returns a function of a group's occurrences in each of the last hours.
func (s *Service) hours(ctx context.Context, ids []int64) (func(id int64) []int, error) {
	now := s.store.Now()
	counts, err := s.store.ExceptionHours(ctx, ids, now.Add(-(shownHours-1)*time.Hour))
	last := now.UTC().Unix() / int64(time.Hour/time.Second)
	return func(id int64) []int {
		list := make([]int, shownHours)
		for i := range list {
			list[i] = int(counts[id][last-shownHours+1+int64(i)])
		}
		return list
	}, err
}

// visible returns a group without the parts that the actor cannot see.
func visible(actor authz.Actor, row models.ExceptionGroup) Group {
	g := Group{ExceptionGroup: row, Redacted: isRedacted(actor, row)}
	g.ExceptionGroup.Sample = nil
	if g.Redacted {
		g.Message, g.Function, g.Key = Hidden, Hidden, ""
	}
	return g
}

// isRedacted reports whether the actor cannot see the messages of a group.
func isRedacted(actor authz.Actor, row models.ExceptionGroup) bool {
	return row.Kind != models.ExceptionReported && !actor.Administrator()
}

// find reads a group that the actor can see, or returns fault.NotFound.
func (s *Service) find(ctx context.Context, actor authz.Actor, id int64) (models.ExceptionGroup, error) {
	row, err := s.store.ExceptionGroup(ctx, actor.Scope(), id)
	if err == nil && !actor.Administrator() && (row.ProductID == 0 || row.Kind == models.ExceptionRequest) {
		err = fault.NewNotFound("exception")
	}
	if err != nil {
		return models.ExceptionGroup{}, err
	}
	return row, nil
}

// Get returns a group that the actor can see, or fault.NotFound.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (Detail, error) {
	row, err := s.find(ctx, actor, id)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Group: visible(actor, row)}
	if err := json.Unmarshal(row.Sample, &d.Sample); err != nil {
		return Detail{}, err
	}
	hours, err := s.hours(ctx, []int64{id})
	if err != nil {
		return Detail{}, err
	}
	d.Hours = hours(id)
	if d.Releases, err = s.store.ExceptionReleases(ctx, id, maxReleasesShown); err != nil {
		return Detail{}, err
	}
	if d.Merges, err = s.store.ExceptionMerges(ctx, id, maxMergesShown); err != nil {
		return Detail{}, err
	}
	if d.Redacted {
		d.Sample = d.Sample.redacted()
		for i := range d.Merges {
			d.Merges[i].Message = Hidden
		}
	}
	d.Rights, err = s.May(ctx, actor, d.Group)
	return d, err
}

// redacted returns the part of a sample that every viewer of its group can see.
func (s Sample) redacted() Sample {
	shown := Sample{
		At:          s.At,
		Class:       s.Class,
		Message:     Hidden,
		Function:    Hidden,
		Frames:      make([]Frame, len(s.Frames)),
		Release:     s.Release,
		Environment: s.Environment,
		Level:       s.Level,
		Platform:    s.Platform,
		Truncated:   s.Truncated,
	}
	for i, f := range s.Frames {
		shown.Frames[i] = Frame{Function: Hidden, InApp: f.InApp}
	}
	if len(s.Arguments) > 0 {
		shown.Arguments = map[string]string{Hidden: Hidden}
	}
	return shown
}

// May returns the actor's rights on a group that they can see. Administrators have all
// rights, other users those of their roles in its product.
func (s *Service) May(ctx context.Context, actor authz.Actor, g Group) (Rights, error) {
	if g.ProductID == 0 {
		return Rights{actor.Administrator(), actor.Administrator()}, nil
	}
	assess, err := authz.May(ctx, s.store, actor, authz.Assess, g.ProductID)
	if err != nil {
		return Rights{}, err
	}
	own, err := authz.May(ctx, s.store, actor, authz.Own, g.ProductID)
	return Rights{Assess: assess, Delete: own}, err
}
