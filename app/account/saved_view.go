package account

import (
	"context"
	"strings"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// The bounds of saved views.
const (
	maxViews     = 50 // of a list and a user
	maxViewName  = 60 // characters
	maxViewQuery = 2000
)

// SavedViews lists the views of a list that the actor has saved, by name.
func (s *Service) SavedViews(ctx context.Context, actor authz.Actor, page string) ([]models.SavedView, error) {
	return s.store.SavedViews(ctx, actor.User.ID, page)
}

// SavedView finds a view of the actor.
func (s *Service) SavedView(ctx context.Context, actor authz.Actor, id int64) (models.SavedView, error) {
	return s.store.SavedView(ctx, actor.User.ID, id)
}

// SaveView saves a view of the actor, or changes one that has an id. It returns an error of the field
// name if another view of the list has that name.
func (s *Service) SaveView(ctx context.Context, actor authz.Actor, v models.SavedView) (models.SavedView, error) {
	v.UserID, v.Name = actor.User.ID, visible.Name(v.Name)
	if err := checkView(v); err != nil {
		return v, err
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		list, err := tx.SavedViews(ctx, v.UserID, v.Page)
		if err != nil {
			return err
		}
		for _, other := range list {
			if other.ID != v.ID && strings.EqualFold(visible.Name(other.Name), v.Name) {
				return fault.BadField("name", "Another saved view has this name: choose another one")
			}
		}
		if v.ID == 0 && len(list) >= maxViews {
			return fault.BadField("name", "You have 50 saved views of this list: delete one first")
		}
		return tx.SaveView(&v)
	})
	return v, err
}

func checkView(v models.SavedView) error {
	switch n := utf8.RuneCountInString(v.Name); {
	case n == 0 || n > maxViewName:
		return fault.BadField("name", "Enter 1 to 60 characters")
	case visible.Problem(v.Name) != "":
		return fault.BadField("name", visible.Problem(v.Name))
	case len(v.Query) > maxViewQuery:
		return fault.BadField("name", "The filters are too long to save: at most 2000 characters")
	}
	return nil
}

// DeleteView deletes a view of the actor.
func (s *Service) DeleteView(ctx context.Context, actor authz.Actor, id int64) (models.SavedView, error) {
	v, err := s.store.SavedView(ctx, actor.User.ID, id)
	if err != nil {
		return v, err
	}
	return v, s.store.Write(ctx, func(tx *models.Tx) error { return tx.DeleteView(actor.User.ID, id) })
}
