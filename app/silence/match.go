// Package silence manages silences: rules of users that hold matching messages back for a
// time. It decides what they match, and announces at their end what they have silenced.
package silence

import (
	"strings"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Subject is an event that a silence can match.
type Subject struct {
	Type          event.Type
	ProductID     int64 // 0 = none
	GroupID       int64 // the product's, 0 = none
	Name, Message string
	At            time.Time // of the event
}

// Matches reports whether a silence matches a subject. It uses only the time of the event,
// so that the answer never changes.
func Matches(s models.Silence, sub Subject) bool {
	return !sub.Type.Mandatory() && !sub.At.Before(s.StartsAt) && sub.At.Before(s.EndsAt) &&
		inScope(s, sub) && matchesType(s, sub) && matchesText(s, sub)
}

// matchesType reports whether a silence is about the type of a subject. One of a product's
// exceptions is about their summaries too.
func matchesType(s models.Silence, sub Subject) bool {
	return s.Type == "" || s.Type == string(sub.Type) || s.Type == string(event.ExceptionReported) &&
		sub.Type == event.ExceptionSummary && sub.ProductID != 0
}

func inScope(s models.Silence, sub Subject) bool {
	switch {
	case s.ProductID != 0:
		return s.ProductID == sub.ProductID
	case s.GroupID != 0:
		return s.GroupID == sub.GroupID
	}
	return true
}

// matchesText reports whether a subject contains a silence's text. Only administrators can
// see the messages of exceptions in tasks, and only they silence everything: any other
// silence would reveal such a message by what it matches.
func matchesText(s models.Silence, sub Subject) bool {
	if s.Text != "" && sub.Type == event.ExceptionSummary && s.Type != string(sub.Type) {
		return false // it names exceptions that the silence is not about
	}
	if s.Text == "" || contains(sub.Name, s.Text) {
		return true
	}
	everything := s.ProductID == 0 && s.GroupID == 0
	return (everything || sub.Type != event.ExceptionTask) && contains(sub.Message, s.Text)
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// First returns the first silence that matches a subject, nil for none.
func First(list []models.Silence, sub Subject) *models.Silence {
	for i := range list {
		if Matches(list[i], sub) {
			return &list[i]
		}
	}
	return nil
}

// Reason returns the text of a message that a silence matches.
func Reason(s models.Silence) string {
	until := s.EndsAt.UTC().Format("2006-01-02 15:04 UTC")
	return "Silenced by " + s.Author + " until " + until + ": " + s.Reason
}
