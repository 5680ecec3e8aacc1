package silence

import (
	"context"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// PreviewDays is how many past days a preview covers.
	PreviewDays     = 7
	maxPreview      = 2000
	maxPreviewFirst = 10
)

// Preview is what a silence would have silenced in the last days.
type Preview struct {
	Held  int                   // the matching notifications
	Of    int                   // all notifications of its scope
	More  bool                  // Of is maxPreview: older notifications are not counted
	First []models.Notification // the newest matching ones, at most ten
}

// Preview returns which notifications of the last seven days a silence would have silenced,
// of the newest 2,000 in its scope, whatever its own times are.
func (s *Service) Preview(ctx context.Context, actor authz.Actor, d Draft) (Preview, error) {
	if err := s.requireEdit(ctx, s.store, actor, d.ProductID, d.GroupID); err != nil {
		return Preview{}, err
	}
	d.trim()
	var fieldErrs fault.Fields
	d.Reason = "a preview needs none"
	d.checkTexts(&fieldErrs)
	if err := fieldErrs.Err(); err != nil {
		return Preview{}, err
	}
	one, since := d.silence(actor), s.store.Now().Add(-PreviewDays*24*time.Hour)
	one.StartsAt, one.EndsAt = since, s.store.Now().Add(time.Hour)
	list, err := s.store.SilenceCandidates(ctx, one, since, maxPreview)
	p := Preview{Of: len(list), More: len(list) == maxPreview}
	for _, n := range list {
		if !Matches(one, subjectOf(n, one.GroupID)) {
			continue
		}
		p.Held++
		if len(p.First) < maxPreviewFirst {
			p.First = append(p.First, n)
		}
	}
	return p, err
}

// subjectOf returns the subject of a notification. groupID is the group that it was read by.
func subjectOf(n models.Notification, groupID int64) Subject {
	return Subject{
		Type:      event.Type(n.Type),
		ProductID: n.ProductID,
		GroupID:   groupID,
		Name:      n.Name,
		Message:   n.Message,
		At:        n.At,
	}
}
