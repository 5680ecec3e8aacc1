package silence

import (
	"context"
	"slices"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Service keeps silences.
type Service struct {
	store  *models.Store
	events *event.Log
}

// New returns a service that tells of ends in a log of events.
func New(store *models.Store, events *event.Log) *Service { return &Service{store, events} }

// Row is a silence with what it has held back so far.
type Row struct {
	models.Silence
	Held models.SilencedCounts
	May  bool // the actor may change and end it
}

// List lists the silences that the actor may see, newest first.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.SilenceFilter) ([]Row, error) {
	list, err := s.store.Silences(ctx, actor.Scope(), f)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return s.rows(ctx, actor, list)
}

// Get finds a silence that the actor may see.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (Row, error) {
	one, err := s.store.Silence(ctx, actor.Scope(), id)
	if err != nil {
		return Row{}, err
	}
	rows, err := s.rows(ctx, actor, []models.Silence{one})
	if err != nil {
		return Row{}, err
	}
	return rows[0], nil
}

// rows adds what silences have held, and what the actor may do with them.
func (s *Service) rows(ctx context.Context, actor authz.Actor, list []models.Silence) ([]Row, error) {
	var ids, products, groups []int64
	for _, one := range list {
		ids = append(ids, one.ID)
		if one.ProductID != 0 {
			products = append(products, one.ProductID)
		} else if one.GroupID != 0 {
			groups = append(groups, one.GroupID)
		}
	}
	held, err := s.store.HeldBy(ctx, ids)
	if err != nil {
		return nil, err
	}
	inProducts, err := authz.Among(ctx, s.store, actor, authz.Edit, products)
	if err != nil {
		return nil, err
	}
	inGroups, err := authz.AmongGroups(ctx, s.store, actor, authz.Edit, groups)
	rows := make([]Row, len(list))
	for i, one := range list {
		of := actor.Administrator()
		switch {
		case one.ProductID != 0:
			of = inProducts[one.ProductID]
		case one.GroupID != 0:
			of = inGroups[one.GroupID]
		}
		rows[i] = Row{Silence: one, Held: held[one.ID], May: of && one.State(s.store.Now()) != models.SilenceEnded}
	}
	return rows, err
}

// Held lists the notifications that a silence has held back, newest first, of
// those that the actor may see.
func (s *Service) Held(
	ctx context.Context, actor authz.Actor, id, before int64, limit int,
) ([]models.Notification, error) {
	if _, err := s.store.Silence(ctx, actor.Scope(), id); err != nil {
		return nil, err
	}
	return s.store.HeldRows(ctx, actor.Reader(), id, before, limit)
}

// Note is a silence that holds back what a product tells now, for its page.
type Note struct {
	models.Silence
	Seen bool // the actor may see it; that of a group, or of all, is seen by others
}

// NotesFor are the silences in force that count for a product, newest first, at
// most ten. Who sees a product may know why it is quiet, as its deliveries say.
func (s *Service) NotesFor(ctx context.Context, actor authz.Actor, productID int64) ([]Note, error) {
	if err := authz.Require(ctx, s.store, actor, authz.View, productID); err != nil {
		return nil, err
	}
	f := models.SilenceFilter{State: models.SilenceActive, ProductID: productID, Limit: 10}
	list, err := s.store.Silences(ctx, models.SystemScope("its product is seen"), f)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	f.State = ""
	notes := make([]Note, len(list))
	for i, one := range list {
		notes[i], f.IDs = Note{Silence: one}, append(f.IDs, one.ID)
	}
	mine, err := s.store.Silences(ctx, actor.Scope(), f)
	for _, one := range mine {
		notes[slices.Index(f.IDs, one.ID)].Seen = true
	}
	return notes, err
}

// Create begins a silence, or has it begin later. It is for those who may edit
// what it is of; one of all is for administrators.
func (s *Service) Create(ctx context.Context, actor authz.Actor, d Draft) (Row, error) {
	if err := s.may(ctx, s.store, actor, d.ProductID, d.GroupID); err != nil {
		return Row{}, err
	}
	var made models.Silence
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := s.may(tx.Context(), tx, actor, d.ProductID, d.GroupID); err != nil {
			return err
		}
		d.trim()
		if d.StartsAt.IsZero() {
			d.StartsAt = tx.Now()
		}
		if err := d.check(tx.Now()); err != nil {
			return err
		}
		open, err := tx.OpenSilences(tx.Context(), d.ProductID, d.GroupID)
		if err != nil {
			return err
		}
		if open >= MaxOpen {
			return fault.New(fault.Conflict, "There are 100 silences of this that have not ended: end some first")
		}
		made = d.silence(actor)
		if err := tx.InsertSilence(&made); err != nil {
			return err
		}
		if made, err = tx.Silence(tx.Context(), models.SystemScope("the right to it was checked"), made.ID); err != nil {
			return err
		}
		return note(tx, actor, audit.Create, made, nil)
	})
	return Row{Silence: made, May: true}, err
}

// Edit says what to change of a silence; nil leaves a thing as it is.
type Edit struct {
	Type, Text, Reason *string
	EndsAt             *time.Time
	Version            int64 // of the silence that was edited, 0 = whichever it is
}

// Change changes a silence that has not ended.
func (s *Service) Change(ctx context.Context, actor authz.Actor, id int64, e Edit) (Row, error) {
	err := s.edit(ctx, actor, id, func(tx *models.Tx, one *models.Silence) error {
		if e.Version != 0 && e.Version != one.Version {
			return fault.New(
				fault.Conflict,
				"Somebody else has changed this silence meanwhile: look at it again, then repeat your change",
			)
		}
		d := Draft{
			ProductID: one.ProductID,
			GroupID:   one.GroupID,
			Type:      one.Type,
			Text:      one.Text,
			Reason:    one.Reason,
			StartsAt:  one.StartsAt,
			EndsAt:    one.EndsAt,
		}
		for _, f := range []struct{ to, from *string }{{&d.Type, e.Type}, {&d.Text, e.Text}, {&d.Reason, e.Reason}} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		if e.EndsAt != nil {
			d.EndsAt = *e.EndsAt
		}
		d.trim()
		var bad fault.Fields
		d.checkWords(&bad)
		d.checkEnd(&bad, tx.Now())
		one.Type, one.Text, one.Reason, one.EndsAt = d.Type, d.Text, d.Reason, d.EndsAt
		return bad.Err()
	})
	if err != nil {
		return Row{}, err
	}
	return s.Get(ctx, actor, id)
}

// EndNow ends a silence before its time. What it held is told soon after.
func (s *Service) EndNow(ctx context.Context, actor authz.Actor, id int64) (Row, error) {
	err := s.edit(ctx, actor, id, func(tx *models.Tx, one *models.Silence) error {
		one.EndsAt, one.EndedBy = tx.Now(), actor.Label
		return nil
	})
	if err != nil {
		return Row{}, err
	}
	return s.Get(ctx, actor, id)
}

// edit changes a silence that has not ended and that the actor may change.
func (s *Service) edit(
	ctx context.Context, actor authz.Actor, id int64, change func(tx *models.Tx, one *models.Silence) error,
) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		one, err := tx.Silence(tx.Context(), actor.Scope(), id)
		if err != nil {
			return err
		}
		if err := s.may(tx.Context(), tx, actor, one.ProductID, one.GroupID); err != nil {
			return err
		}
		if one.State(tx.Now()) == models.SilenceEnded {
			return fault.New(fault.Conflict, "This silence has ended")
		}
		was := values(one)
		if err := change(tx, &one); err != nil {
			return err
		}
		if err := tx.SaveSilence(&one); err != nil {
			return err
		}
		return note(tx, actor, audit.Change, one, was)
	})
}

// MayAny reports whether there is anything that the actor may silence.
func (s *Service) MayAny(ctx context.Context, actor authz.Actor) (bool, error) {
	switch {
	case actor.Administrator():
		return true, nil
	case actor.Role != "" && !authz.Allows(actor.Role, authz.Edit):
		return false, nil
	case actor.ProductID != 0:
		return true, nil
	}
	return s.store.EditsAnything(ctx, actor.User.ID)
}

func (s *Service) may(ctx context.Context, roles authz.Roles, actor authz.Actor, productID, groupID int64) error {
	if productID != 0 {
		if err := authz.Require(ctx, roles, actor, authz.Edit, productID); err != nil {
			return err
		}
	}
	if groupID != 0 {
		if err := authz.RequireGroup(ctx, roles, actor, authz.Edit, groupID); err != nil {
			return err
		}
	}
	if productID == 0 && groupID == 0 && !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators silence everything: choose a product or a group")
	}
	return nil
}

func note(tx *models.Tx, actor authz.Actor, action audit.Action, one models.Silence, was audit.Values) error {
	return audit.Write(tx, actor, audit.Entry{
		Action:    action,
		Kind:      audit.Silence,
		Name:      one.Reason,
		ProductID: one.ProductID,
		Was:       was,
		Became:    values(one),
	})
}

func values(one models.Silence) audit.Values {
	of := "everything"
	if one.ProductID != 0 || one.GroupID != 0 {
		of = one.ScopeName
	}
	return audit.Values{
		"of": of, "type": one.Type, "text": one.Text, "reason": one.Reason,
		"starts_at": one.StartsAt.Format(time.RFC3339), "ends_at": one.EndsAt.Format(time.RFC3339), "ended_by": one.EndedBy,
	}
}
