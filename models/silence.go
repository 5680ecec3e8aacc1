package models

import (
	"time"

	"gatecrier/app/fault"
)

// Silence holds messages back for a time: those of a product, of a product group, or, with
// neither, of all products. It has nothing to do with a stale product, which gets no reports.
type Silence struct {
	ID        int64
	ProductID int64
	GroupID   int64
	ScopeName string // the name of its product or group, "" = all products
	Type      string // of events, "" = all
	Text      string // part of the name or message, in any case, "" = all
	Reason    string
	UserID    int64 // the user who created it, 0 = deleted or none
	Author    string
	CreatedAt time.Time
	StartsAt  time.Time
	EndsAt    time.Time
	EndedAt   time.Time // when its end was processed, zero before
	EndedBy   string    // the user who ended it early, "" = none
	Version   int64
}

// SilenceState is the state of a silence.
type SilenceState string

// The states.
const (
	SilenceScheduled SilenceState = "scheduled" // it has not started yet
	SilenceActive    SilenceState = "active"
	SilenceEnded     SilenceState = "ended"
)

// State returns the state of the silence at a time.
func (s Silence) State(now time.Time) SilenceState {
	switch {
	case !s.EndedAt.IsZero() || !s.EndsAt.After(now):
		return SilenceEnded
	case s.StartsAt.After(now):
		return SilenceScheduled
	}
	return SilenceActive
}

const silenceSelect = `
	SELECT s.id, coalesce(s.product_id, 0), coalesce(s.group_id, 0), coalesce(p.name, g.name, ''), s.type, s.text,
		s.reason, coalesce(s.user_id, 0), s.author, s.created_at, s.starts_at, s.ends_at, s.ended_at, s.ended_by,
		s.version
	FROM silences s
	LEFT JOIN products p ON p.id = s.product_id
	LEFT JOIN product_groups g ON g.id = s.group_id `

func (s *Silence) dst() []any {
	return []any{
		&s.ID, &s.ProductID, &s.GroupID, &s.ScopeName, &s.Type, &s.Text, &s.Reason, &s.UserID, &s.Author,
		timeTo(&s.CreatedAt), timeTo(&s.StartsAt), timeTo(&s.EndsAt), timeTo(&s.EndedAt), &s.EndedBy, &s.Version,
	}
}

// InsertSilence saves a new silence and sets its id.
func (tx *Tx) InsertSilence(s *Silence) (err error) {
	s.Version, s.CreatedAt = 1, tx.Now()
	s.ID, err = tx.insert(`
		INSERT INTO silences (product_id, group_id, type, text, reason, user_id, author, created_at, starts_at,
			ends_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		RETURNING id`,
		nullID(s.ProductID), nullID(s.GroupID), s.Type, s.Text, s.Reason, nullID(s.UserID), s.Author,
		micro(s.CreatedAt), micro(s.StartsAt), micro(s.EndsAt))
	return err
}

// SaveSilence writes the editable fields of a silence if its version is still the one that was
// read and its end is not processed, else it returns a conflict.
func (tx *Tx) SaveSilence(s *Silence) error {
	n, err := tx.exec(`
		UPDATE silences
		SET type = ?, text = ?, reason = ?, ends_at = ?, ended_by = ?, version = version + 1
		WHERE id = ?
		AND version = ?
		AND ended_at IS NULL`, s.Type, s.Text, s.Reason, micro(s.EndsAt), s.EndedBy, s.ID, s.Version)
	if err == nil && n == 0 {
		return fault.NewOutdated("Another user changed this silence in the meantime, or it has ended")
	}
	s.Version++
	return err
}

// EndSilence processes the end of a silence whose time is over, and reports whether this call
// was the first to do so.
func (tx *Tx) EndSilence(id int64) (bool, error) {
	now := micro(tx.Now())
	n, err := tx.exec("UPDATE silences SET ended_at = ? WHERE id = ? AND ended_at IS NULL AND ends_at <= ?",
		now, id, now)
	return n == 1, err
}
