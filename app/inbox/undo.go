package inbox

import (
	"context"
	"errors"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// UndoTime is how long a step can be undone.
const UndoTime = time.Hour

// Step is a change of an inbox.
type Step struct {
	As    models.MarkAs
	N     int       // how many notifications it has marked
	Undo  int64     // names it for Undo; 0 = it cannot be undone
	Until time.Time // when snoozed ones are back
}

// Undo restores the marks that a step of the actor has changed, except those that the actor has
// changed again since. It returns the step. It can be repeated after an error.
func (s *Service) Undo(ctx context.Context, actor authz.Actor, id int64) (Step, error) {
	user := actor.User.ID
	if user == 0 {
		return Step{}, errTokenHasNoInbox()
	}
	if id < 1 {
		return Step{}, fault.BadField("id", "Send the undo id of the answer to the step")
	}
	u, err := s.store.InboxUndo(ctx, user, id)
	if err != nil {
		return Step{}, err
	}
	step := Step{As: u.Step, N: u.Total}
	if err := s.checkUndo(ctx, user, u); err != nil {
		return step, err
	}
	defer s.hub.Refresh(user)
	if u.All {
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return s.undoReadPosition(tx, user, u) }); err != nil {
			return step, err
		}
	}
	for {
		var n int
		err := s.store.Write(ctx, func(tx *models.Tx) (err error) {
			if n, err = tx.UndoMarks(user, id, batchSize); err == nil && n < batchSize {
				err = tx.FinishUndo(id)
			}
			return err
		})
		if errors.Is(err, models.ErrUndone) {
			err = errUndone()
		}
		if err != nil || n < batchSize {
			return step, err
		}
	}
}

// checkUndo returns the error of a step that cannot be undone now.
func (s *Service) checkUndo(ctx context.Context, user int64, u models.InboxUndo) error {
	switch {
	case !u.UndoneAt.IsZero():
		return errUndone()
	case !u.ExpiresAt.After(s.store.Now()):
		return fault.New(fault.Conflict, "This step can no longer be undone: the time to undo it has expired")
	case !u.All:
		return nil
	}
	later, err := s.store.ReadAllSince(ctx, user, u.ID)
	if err == nil && later {
		err = errReadAllSince()
	}
	return err
}

// undoReadPosition checks again what could have changed since checkUndo.
func (s *Service) undoReadPosition(tx *models.Tx, user int64, u models.InboxUndo) error {
	later, err := tx.ReadAllSince(tx.Context(), user, u.ID)
	if err == nil && later {
		err = errReadAllSince()
	}
	if err != nil {
		return err
	}
	return tx.UndoReadPosition(user, u)
}

func errUndone() error { return fault.New(fault.Conflict, "This step is already undone") }

func errReadAllSince() error {
	return fault.New(fault.Conflict,
		"You have marked all notifications as read again since this step: undo the newer step first")
}

// expiry returns the time until which a step that is done now can be undone.
func (s *Service) expiry() time.Time { return s.store.Now().Add(UndoTime) }
