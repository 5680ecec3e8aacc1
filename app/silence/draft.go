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

// What a silence may be.
const (
	MaxReason = 500 // characters
	MaxText   = 200
	Shortest  = time.Minute
	Longest   = 90 * 24 * time.Hour
	MaxOpen   = 100         // that have not ended, of one product, of one group, or of all
	late      = time.Minute // how long ago one may begin that is made now
)

// Draft is a silence as somebody asks for it.
type Draft struct {
	ProductID, GroupID int64 // at most one of them; with neither it is of all
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

// check says what is wrong with a silence that is made now.
func (d *Draft) check(now time.Time) error {
	var bad fault.Fields
	d.checkWords(&bad)
	if d.StartsAt.Before(now.Add(-late)) {
		bad.Add("starts_at", "It cannot begin in the past")
	}
	d.checkEnd(&bad, now)
	return bad.Err()
}

func (d *Draft) checkWords(bad *fault.Fields) {
	if d.ProductID != 0 && d.GroupID != 0 {
		bad.Add("group_id", "Either a product or a group")
	}
	if d.Type != "" && !slices.Contains(event.Silenceable(), event.Type(d.Type)) {
		bad.Add("type", "Not one of the types that may be held back")
	}
	if utf8.RuneCountInString(d.Text) > MaxText {
		bad.Add("text", "At most 200 characters")
	}
	switch n := utf8.RuneCountInString(d.Reason); {
	case n == 0:
		bad.Add("reason", "Say why: those who miss the messages will ask")
	case n > MaxReason:
		bad.Add("reason", "At most 500 characters")
	}
}

func (d *Draft) checkEnd(bad *fault.Fields, now time.Time) {
	span := d.EndsAt.Sub(d.StartsAt)
	switch {
	case d.EndsAt.IsZero():
		bad.Add("ends_at", "Say until when")
	case !d.EndsAt.After(now):
		bad.Add("ends_at", "This is over already")
	case span < Shortest:
		bad.Add("ends_at", "A silence lasts at least a minute")
	case span > Longest:
		bad.Add("ends_at", "A silence lasts at most 90 days")
	}
}
