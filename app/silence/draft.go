package silence

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// The bounds of a silence.
const (
	MaxReason = 500 // characters
	MaxText   = 200 // characters
	Shortest  = time.Minute
	Longest   = 90 * 24 * time.Hour
	MaxOpen   = 100         // silences that have not ended, of one product, one group, or all
	maxLate   = time.Minute // how far in the past a new silence can begin
)

// Draft is the input of a silence.
type Draft struct {
	ProductID, GroupID int64 // at most one of them; with neither it is of everything
	Type               string
	Text               string
	Reason             string
	StartsAt           time.Time // zero = now
	EndsAt             time.Time
}

func (d *Draft) trim() {
	d.Text, d.Reason = strings.TrimSpace(d.Text), strings.TrimSpace(d.Reason)
	d.StartsAt, d.EndsAt = d.StartsAt.UTC().Truncate(time.Microsecond), d.EndsAt.UTC().Truncate(time.Microsecond)
}

func (d *Draft) silence(actor authz.Actor) models.Silence {
	return models.Silence{
		ProductID: d.ProductID, GroupID: d.GroupID, Type: d.Type, Text: d.Text, Reason: d.Reason,
		UserID: actor.User.ID, Author: actor.Label, StartsAt: d.StartsAt, EndsAt: d.EndsAt,
	}
}

// check returns the field errors of a silence that is created at now.
func (d *Draft) check(now time.Time) error {
	if d.StartsAt.IsZero() {
		d.StartsAt = now
	}
	var fieldErrs fault.Fields
	d.checkTexts(&fieldErrs)
	if d.StartsAt.Before(now.Add(-maxLate)) {
		fieldErrs.Add("starts_at", "Must not be in the past")
		if !d.EndsAt.IsZero() { // an end that follows from the wrong start has no error of its own
			return fieldErrs.Err()
		}
	}
	d.checkEnd(&fieldErrs, now)
	return fieldErrs.Err()
}

// Check returns the errors of the fields of a draft, for a form that has errors of its own.
func (s *Service) Check(d Draft) error {
	d.trim()
	return d.check(s.store.Now())
}

func (d *Draft) checkTexts(fieldErrs *fault.Fields) {
	if d.ProductID != 0 && d.GroupID != 0 {
		fieldErrs.Add("group_id", "Choose a product or a group, not both")
	}
	if d.Type != "" && !slices.Contains(event.Silenceable(), event.Type(d.Type)) {
		fieldErrs.Add("type", "This type cannot be silenced")
	}
	if utf8.RuneCountInString(d.Text) > MaxText {
		fieldErrs.Add("text", "At most 200 characters")
	}
	switch n := utf8.RuneCountInString(d.Reason); {
	case n == 0:
		fieldErrs.Add("reason", "Enter a reason")
	case n > MaxReason:
		fieldErrs.Add("reason", "At most 500 characters")
	}
}

func (d *Draft) checkEnd(fieldErrs *fault.Fields, now time.Time) {
	span := d.EndsAt.Sub(d.StartsAt)
	switch {
	case d.EndsAt.IsZero():
		fieldErrs.Add("ends_at", "Enter an end")
	case !d.EndsAt.After(now):
		fieldErrs.Add("ends_at", "Must be in the future")
	case span < Shortest:
		fieldErrs.Add("ends_at", "A silence must last at least a minute")
	case span > Longest:
		fieldErrs.Add("ends_at", "A silence can last at most 90 days")
	}
}
