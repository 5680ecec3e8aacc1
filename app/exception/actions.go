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
	// maxMerge is how many groups one merge takes.
	maxMerge = 100
	// maxMute is the longest mute.
	maxMute = 10 * 366 * 24 * time.Hour
)

// require returns a group after it has checked that the actor has a permission on it.
// It returns fault.NotFound if the actor cannot see the group, fault.Forbidden if the
// permission is missing.
func (s *Service) require(
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

// act changes a group for an actor who can assess it, and writes the change to the
// audit log. The next report of the group asks the database.
func (s *Service) act(
	ctx context.Context,
	actor authz.Actor,
	id int64,
	change func(tx *models.Tx, g models.ExceptionGroup) (audit.Entry, error),
) error {
	if _, err := s.require(ctx, actor, authz.Assess, id); err != nil {
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
		e.Kind, e.Name, e.ProductID = audit.Exception, auditName(g), g.ProductID
		return audit.Write(tx, actor, e)
	})
	s.Evict(id)
	return err
}

// Resolve resolves a group: its next occurrence notifies at once.
func (s *Service) Resolve(ctx context.Context, actor authz.Actor, id int64) error {
	return s.act(ctx, actor, id, func(tx *models.Tx, g models.ExceptionGroup) (audit.Entry, error) {
		return stateChange(g, models.ExceptionResolved), tx.ResolveException(id, actor.Label)
	})
}

// Reopen opens a resolved group again.
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

// Mute stops the notifications of a group until a future time, within ten years.
func (s *Service) Mute(ctx context.Context, actor authz.Actor, id int64, until time.Time) error {
	if now := s.store.Now(); !until.After(now) || until.After(now.Add(maxMute)) {
		return fault.BadField("muted_until", "Choose a future time, within ten years")
	}
	return s.mute(ctx, actor, id, until)
}

// Unmute ends the mute of a group.
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

// Merge puts other groups of the same product and kind into one group for good. The
// actor must be able to assess all of them.
func (s *Service) Merge(ctx context.Context, actor authz.Actor, into int64, groups []int64) error {
	groups = slices.Compact(slices.Sorted(slices.Values(groups)))
	switch {
	case len(groups) == 0 || len(groups) > maxMerge:
		return fault.BadField("groups", "1 to "+strconv.Itoa(maxMerge)+" ids")
	case slices.Contains(groups, into):
		return fault.BadField("groups", "A group cannot be merged into itself")
	}
	if _, err := s.require(ctx, actor, authz.Assess, into); err != nil {
		return err
	}
	for _, id := range groups {
		switch _, err := s.require(ctx, actor, authz.Assess, id); {
		case fault.Is(err, fault.NotFound):
			return fault.BadField("groups", "This exception does not exist: "+strconv.FormatInt(id, 10))
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
				return audit.Entry{}, fault.BadField("groups", "The overflow group cannot be merged")
			}
			names[i] = auditName(g)
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

// Split takes a merged key out of a group: its next report makes a group of its own.
func (s *Service) Split(ctx context.Context, actor authz.Actor, id int64, key string) error {
	return s.act(ctx, actor, id, func(tx *models.Tx, _ models.ExceptionGroup) (audit.Entry, error) {
		return audit.Entry{Action: audit.Change, Was: audit.Values{"merged": key}}, tx.SplitException(id, key)
	})
}

// Delete removes a group with its counts. Its next occurrence is a new group.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, id int64) error {
	g, err := s.require(ctx, actor, authz.Own, id)
	if err != nil {
		return err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		e := audit.Entry{
			Action: audit.Delete, Kind: audit.Exception, Name: auditName(g), ProductID: g.ProductID,
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

// auditName returns the name of a group in the audit log. It has no message, since not
// every reader of the log can see the messages.
func auditName(g models.ExceptionGroup) string {
	return g.Class + " #" + strconv.FormatInt(g.ID, 10)
}
