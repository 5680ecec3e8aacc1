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

// Service manages silences.
type Service struct {
	store  *models.Store
	events *event.Log
}

// New returns a service that appends the events of ended silences to a log.
func New(store *models.Store, events *event.Log) *Service { return &Service{store, events} }

// Row is a silence with what it has silenced so far.
type Row struct {
	models.Silence
	Held models.SilencedCounts
	May  bool // the actor can change and end it
}

// List lists the silences that the actor can see, newest first.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.SilenceFilter) ([]Row, error) {
	list, err := s.store.Silences(ctx, actor.Scope(), f)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return s.rows(ctx, actor, list)
}

// Count counts the silences that the actor can see, up to one more than models.MaxCounted.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.SilenceFilter) (int, error) {
	return s.store.CountSilences(ctx, actor.Scope(), f)
}

// Get returns a silence that the actor can see, else fault.NotFound.
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

// rows adds the counts of silences, and the actor's rights on them.
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
	held, err := s.store.SilencedBy(ctx, ids)
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
		may := actor.Administrator()
		switch {
		case one.ProductID != 0:
			may = inProducts[one.ProductID]
		case one.GroupID != 0:
			may = inGroups[one.GroupID]
		}
		rows[i] = Row{Silence: one, Held: held[one.ID], May: may && one.State(s.store.Now()) != models.SilenceEnded}
	}
	return rows, err
}

// Held lists the notifications that a silence has silenced and the actor can see, newest
// first.
func (s *Service) Held(
	ctx context.Context, actor authz.Actor, id, before int64, limit int,
) ([]models.Notification, error) {
	if _, err := s.store.Silence(ctx, actor.Scope(), id); err != nil {
		return nil, err
	}
	return s.store.SilencedRows(ctx, actor.Viewer(), id, before, limit)
}

// Note is an active silence of a product, for its page.
type Note struct {
	models.Silence
	Seen bool // the actor can open it; they cannot open every silence of a group or of everything
}

// NotesFor returns the active silences that match a product, newest first, at most ten.
// Every viewer of the product can know of them, since its deliveries name them too.
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
	visible, err := s.store.Silences(ctx, actor.Scope(), f)
	for _, one := range visible {
		notes[slices.Index(f.IDs, one.ID)].Seen = true
	}
	return notes, err
}

// Create creates a silence that begins now or later. The actor must be able to edit its
// product or group, or be an administrator for a silence of everything.
func (s *Service) Create(ctx context.Context, actor authz.Actor, d Draft) (Row, error) {
	if err := s.requireEdit(ctx, s.store, actor, d.ProductID, d.GroupID); err != nil {
		return Row{}, err
	}
	var created models.Silence
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := s.requireEdit(tx.Context(), tx, actor, d.ProductID, d.GroupID); err != nil {
			return err
		}
		d.trim()
		if err := d.check(tx.Now()); err != nil {
			return err
		}
		open, err := tx.OpenSilences(tx.Context(), d.ProductID, d.GroupID)
		if err != nil {
			return err
		}
		if open >= MaxOpen {
			return fault.New(fault.Conflict, "This scope has 100 silences that have not ended. End some first")
		}
		created = d.silence(actor)
		if err := tx.InsertSilence(&created); err != nil {
			return err
		}
		scope := models.SystemScope("the right to it was checked")
		if created, err = tx.Silence(tx.Context(), scope, created.ID); err != nil {
			return err
		}
		return writeAudit(tx, actor, audit.Create, created, nil)
	})
	return Row{Silence: created, May: true}, err
}

// Edit is a change of a silence; nil fields stay.
type Edit struct {
	Type, Text, Reason *string
	EndsAt             *time.Time
	Version            int64        // of the silence that the user saw, 0 = any
	Unread             fault.Fields // of a form: fields with texts that are no values
}

var errChangedMeanwhile = fault.NewOutdated("Another user changed this silence in the meantime")

// Change changes a silence that has not ended. It returns a conflict for another version.
func (s *Service) Change(ctx context.Context, actor authz.Actor, id int64, e Edit) (Row, error) {
	err := s.edit(ctx, actor, id, func(tx *models.Tx, one *models.Silence) error {
		if e.Version != 0 && e.Version != one.Version {
			return errChangedMeanwhile
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
		fieldErrs := slices.Clone(e.Unread)
		d.checkTexts(&fieldErrs)
		d.checkEnd(&fieldErrs, tx.Now())
		one.Type, one.Text, one.Reason, one.EndsAt = d.Type, d.Text, d.Reason, d.EndsAt
		return fieldErrs.Err()
	})
	if err != nil {
		return Row{}, err
	}
	return s.Get(ctx, actor, id)
}

// EndNow ends a silence before its time. End announces what it has silenced soon after. version is
// the version that the user saw, 0 for any; another is a Conflict error.
func (s *Service) EndNow(ctx context.Context, actor authz.Actor, id, version int64) (Row, error) {
	err := s.edit(ctx, actor, id, func(tx *models.Tx, one *models.Silence) error {
		if version != 0 && version != one.Version {
			return errChangedMeanwhile
		}
		one.EndsAt, one.EndedBy = tx.Now(), actor.Label
		return nil
	})
	if err != nil {
		return Row{}, err
	}
	return s.Get(ctx, actor, id)
}

// edit calls change for a silence that has not ended and that the actor can change.
func (s *Service) edit(
	ctx context.Context, actor authz.Actor, id int64, change func(tx *models.Tx, one *models.Silence) error,
) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		one, err := tx.Silence(tx.Context(), actor.Scope(), id)
		if err != nil {
			return err
		}
		if err := s.requireEdit(tx.Context(), tx, actor, one.ProductID, one.GroupID); err != nil {
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
		return writeAudit(tx, actor, audit.Change, one, was)
	})
}

// MayAny reports whether the actor can silence anything.
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

// requireEdit returns an error unless the actor can edit the product and the group of a
// silence. With neither it must be an administrator.
func (s *Service) requireEdit(
	ctx context.Context, roles authz.Roles, actor authz.Actor, productID, groupID int64,
) error {
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
		return fault.New(fault.Forbidden, "Only administrators can silence everything. Choose a product or a group")
	}
	return nil
}

func writeAudit(tx *models.Tx, actor authz.Actor, action audit.Action, one models.Silence, was audit.Values) error {
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
	scope := "everything"
	if one.ProductID != 0 || one.GroupID != 0 {
		scope = one.ScopeName
	}
	return audit.Values{
		"of": scope, "type": one.Type, "text": one.Text, "reason": one.Reason,
		"starts_at": one.StartsAt.Format(time.RFC3339), "ends_at": one.EndsAt.Format(time.RFC3339), "ended_by": one.EndedBy,
	}
}
