package exception

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// maxMerge is how many groups are merged in one step.
	maxMerge = 100
	// maxMute is how long an exception is muted at most.
	maxMute = 10 * 366 * 24 * time.Hour
)

// may finds a group that the actor may do something with.
func (s *Service) may(
	ctx context.Context, actor authz.Actor, p authz.Permission, id int64,
) (models.ExceptionGroup, error) {
	g, err := s.find(ctx, actor, id)
	if err == nil && g.ProductID != 0 {
		err = authz.Require(ctx, s.store, actor, p, g.ProductID)
	}
	if err != nil {
		return models.ExceptionGroup{}, err
	}
	return g, nil
}

// act changes a group for whoever may assess it; what changes a group's values
// is kept in the audit. The next report of it asks the database.
func (s *Service) act(
	ctx context.Context,
	actor authz.Actor,
	id int64,
	change func(tx *models.Tx, g models.ExceptionGroup) (audit.Entry, error),
) error {
	if _, err := s.may(ctx, actor, authz.Assess, id); err != nil {
		return err
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		g, err := tx.ExceptionGroup(tx.Context(), models.SystemScope("the right to change it was checked"), id)
		if err != nil {
			return err
		}
		e, err := change(tx, g)
		if err != nil {
			return err
		}
		e.Kind, e.Name, e.ProductID = audit.Exception, named(g), g.ProductID
		return audit.Write(tx, actor, e)
	})
	s.Evict(id)
	return err
}

// Resolve says that a group is done with: people are told at once when it
// occurs again.
func (s *Service) Resolve(ctx context.Context, actor authz.Actor, id int64) error {
	return s.act(ctx, actor, id, func(tx *models.Tx, g models.ExceptionGroup) (audit.Entry, error) {
		return stateChange(g, models.ExceptionResolved), tx.ResolveException(id, actor.Label)
	})
}

// Reopen takes that back.
func (s *Service) Reopen(ctx context.Context, actor authz.Actor, id int64) error {
	return s.act(ctx, actor, id, func(tx *models.Tx, g models.ExceptionGroup) (audit.Entry, error) {
		return stateChange(g, models.ExceptionOpen), tx.UnresolveException(id)
	})
}

func stateChange(g models.ExceptionGroup, to models.ExceptionState) audit.Entry {
	return audit.Entry{
		Action: audit.Change,
		Was:    audit.Values{"state": string(g.State)},
		Became: audit.Values{"state": string(to)},
	}
}

// Mute has nobody told of a group until a time to come.
func (s *Service) Mute(ctx context.Context, actor authz.Actor, id int64, until time.Time) error {
	if now := s.store.Now(); !until.After(now) || until.After(now.Add(maxMute)) {
		return fault.BadField("muted_until", "A time to come, within ten years")
	}
	return s.mute(ctx, actor, id, until)
}

// Unmute has people told of it again.
func (s *Service) Unmute(ctx context.Context, actor authz.Actor, id int64) error {
	return s.mute(ctx, actor, id, time.Time{})
}

func (s *Service) mute(ctx context.Context, actor authz.Actor, id int64, until time.Time) error {
	return s.act(ctx, actor, id, func(tx *models.Tx, g models.ExceptionGroup) (audit.Entry, error) {
		e := audit.Entry{
			Action: audit.Change,
			Was:    audit.Values{"muted_until": timeText(g.MutedUntil)},
			Became: audit.Values{"muted_until": timeText(until)},
		}
		return e, tx.MuteException(id, until)
	})
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Merge puts other groups of the same product and kind into one: they are the
// same from now on. Whoever merges may assess all of them.
func (s *Service) Merge(ctx context.Context, actor authz.Actor, into int64, groups []int64) error {
	groups = slices.Compact(slices.Sorted(slices.Values(groups)))
	switch {
	case len(groups) == 0 || len(groups) > maxMerge:
		return fault.BadField("groups", "1 to "+strconv.Itoa(maxMerge)+" ids")
	case slices.Contains(groups, into):
		return fault.BadField("groups", "A group is not merged into itself")
	}
	if _, err := s.may(ctx, actor, authz.Assess, into); err != nil {
		return err
	}
	for _, id := range groups {
		switch _, err := s.may(ctx, actor, authz.Assess, id); {
		case fault.Is(err, fault.NotFound):
			return fault.BadField("groups", "There is no such exception: "+strconv.FormatInt(id, 10))
		case err != nil:
			return err
		}
	}
	err := s.act(ctx, actor, into, func(tx *models.Tx, _ models.ExceptionGroup) (audit.Entry, error) {
		names := make([]string, len(groups))
		for i, id := range groups {
			g, err := tx.ExceptionGroup(tx.Context(), models.SystemScope("the right to merge was checked"), id)
			if err != nil {
				return audit.Entry{}, err
			}
			if g.By == string(ByOverflow) {
				return audit.Entry{}, fault.BadField("groups", "What many different ones share is merged with nothing")
			}
			names[i] = named(g)
		}
		return audit.Entry{
			Action: audit.Change,
			Became: audit.Values{"merged": strings.Join(names, ", ")},
		}, tx.MergeExceptions(into, groups, actor.Label)
	})
	for _, id := range groups {
		s.Evict(id)
	}
	return err
}

// Split gives a key that was merged into a group one of its own again, from
// its next report on.
func (s *Service) Split(ctx context.Context, actor authz.Actor, id int64, key string) error {
	return s.act(ctx, actor, id, func(tx *models.Tx, _ models.ExceptionGroup) (audit.Entry, error) {
		return audit.Entry{Action: audit.Change, Was: audit.Values{"merged": key}}, tx.SplitException(id, key)
	})
}

// Delete removes a group with all that was counted. What it is about is new
// when it occurs again.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id int64) error {
	g, err := s.may(ctx, actor, authz.Own, id)
	if err != nil {
		return err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		e := audit.Entry{
			Action: audit.Delete, Kind: audit.Exception, Name: named(g), ProductID: g.ProductID,
			Was: audit.Values{"class": g.Class, "occurrences": strconv.FormatInt(g.Count, 10)},
		}
		if err := audit.Write(tx, actor, e); err != nil {
			return err
		}
		return tx.DeleteException(id)
	})
	s.Evict(id)
	return err
}

// named is how the audit names a group: its messages are not for everybody who
// reads that.
func named(g models.ExceptionGroup) string {
	return g.Class + " #" + strconv.FormatInt(g.ID, 10)
}
