package notify

import (
	"context"

	"gatecrier/app/event"
	"gatecrier/app/silence"
	"gatecrier/models"
)

// silences are those that can apply to a batch, and the groups of its products.
type silences struct {
	list   []models.Silence
	groups map[int64]int64
}

// silences reads the silences that can apply to some work: one query, and one more if there are
// any.
func (r *Router) silences(ctx context.Context, work []models.Work, products []int64) (silences, error) {
	first, last := work[0].Event.At, work[0].Event.At
	for _, w := range work[1:] {
		if w.Event.At.Before(first) {
			first = w.Event.At
		}
		if w.Event.At.After(last) {
			last = w.Event.At
		}
	}
	var s silences
	var err error
	if s.list, err = r.store.SilencesWithin(ctx, first, last); err != nil || len(s.list) == 0 {
		return s, err
	}
	s.groups, err = r.store.ProductGroups(ctx, products)
	return s, err
}

// of returns the silence that suppresses the messages of an event, nil for none.
func (s silences) of(e models.Event, n event.Notice) *models.Silence {
	return silence.First(s.list, silence.Subject{
		Type:      event.Type(e.Type),
		ProductID: e.ProductID,
		GroupID:   s.groups[e.ProductID],
		Name:      n.Name,
		Message:   n.Message,
		At:        e.At,
	})
}
