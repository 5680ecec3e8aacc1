// Package silence holds messages back for a time: what somebody asked not to be
// told of, until when, and what was held.
package silence

import (
	"strings"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Subject is what a silence may hold back.
type Subject struct {
	Type          event.Type
	ProductID     int64 // 0 = none
	GroupID       int64 // the product's, 0 = none
	Name, Message string
	At            time.Time // of the event
}

// Matches reports whether a silence holds a subject back. It looks at the time
// of the event alone, so that it says the same whenever it is asked.
func Matches(s models.Silence, sub Subject) bool {
	return !sub.Type.Mandatory() && !sub.At.Before(s.StartsAt) && sub.At.Before(s.EndsAt) &&
		within(s, sub) && (s.Type == "" || s.Type == string(sub.Type)) && says(s, sub)
}

func within(s models.Silence, sub Subject) bool {
	switch {
	case s.ProductID != 0:
		return s.ProductID == sub.ProductID
	case s.GroupID != 0:
		return s.GroupID == sub.GroupID
	}
	return true
}

// says looks for a silence's text. Messages of exceptions in tasks are read by
// administrators alone, and only they silence everything: other silences would
// find out, by what they hold, what such a message says.
func says(s models.Silence, sub Subject) bool {
	if s.Text == "" || contains(sub.Name, s.Text) {
		return true
	}
	everything := s.ProductID == 0 && s.GroupID == 0
	return (everything || sub.Type != event.ExceptionTask) && contains(sub.Message, s.Text)
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// First is the first of some silences that holds a subject back, nil for none.
func First(list []models.Silence, sub Subject) *models.Silence {
	for i := range list {
		if Matches(list[i], sub) {
			return &list[i]
		}
	}
	return nil
}

// Reason says in words that a silence holds a message back.
func Reason(s models.Silence) string {
	return "Held back by a silence of " + s.Author + " until " + s.EndsAt.UTC().
		Format("2006-01-02 15:04 UTC") +
		": " + s.Reason
}
