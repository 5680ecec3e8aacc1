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
	// PreviewDays is how far a preview looks back.
	PreviewDays    = 7
	maxPreview     = 2000
	previewedFirst = 10
)

// Preview is what a silence would have held lately.
type Preview struct {
	Held  int                   // of
	Of    int                   // so many
	More  bool                  // there may be more: these are as many as are looked at
	First []models.Notification // of what it would have held, the newest, at most ten
}

// Preview looks which notifications of the last seven days a silence would have
// held. It looks at the newest 2,000 of its place, whatever its own times are.
func (s *Service) Preview(ctx context.Context, actor authz.Actor, d Draft) (Preview, error) {
	if err := s.may(ctx, s.store, actor, d.ProductID, d.GroupID); err != nil {
		return Preview{}, err
	}
	d.trim()
	var bad fault.Fields
	d.Reason = "a preview needs none"
	d.checkWords(&bad)
	if err := bad.Err(); err != nil {
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
		if len(p.First) < previewedFirst {
			p.First = append(p.First, n)
		}
	}
	return p, err
}

// subjectOf is a notification as what may be held. One that was read by a group
// is of that group.
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
