package models

import (
	"context"
	"time"
)

// SavedView is a filter of a list that a user has saved under a name.
type SavedView struct {
	ID        int64
	UserID    int64
	Page      string // the list: observations
	Name      string // unique for the user and the list, in any case
	Query     string // the filters as the URL has them
	CreatedAt time.Time
}

const savedViewColumns = "v.id, v.user_id, v.page, v.name, v.query, v.created_at"

func (v *SavedView) dst() []any {
	return []any{&v.ID, &v.UserID, &v.Page, &v.Name, &v.Query, timeTo(&v.CreatedAt)}
}

// SavedViews lists the views of a list that a user has saved, by name.
func (r queries) SavedViews(ctx context.Context, userID int64, page string) ([]SavedView, error) {
	var list []SavedView
	err := r.query(ctx, `
		SELECT `+savedViewColumns+`
		FROM saved_views v
		WHERE v.user_id = ?
		AND v.page = ?
		ORDER BY lower(v.name)`, []any{userID, page}, collect(&list, (*SavedView).dst))
	return list, err
}

// SavedView finds a view of a user.
func (r queries) SavedView(ctx context.Context, userID, id int64) (SavedView, error) {
	var v SavedView
	err := r.get(ctx, "SELECT "+savedViewColumns+" FROM saved_views v WHERE v.id = ? AND v.user_id = ?",
		[]any{id, userID}, v.dst()...)
	if err != nil {
		return SavedView{}, notFound(err, "saved view")
	}
	return v, nil
}

// SaveView inserts a view, or changes the name and the query of one that has an id.
func (tx *Tx) SaveView(v *SavedView) error {
	if v.ID != 0 {
		_, err := tx.exec("UPDATE saved_views SET name = ?, query = ? WHERE id = ? AND user_id = ?",
			v.Name, v.Query, v.ID, v.UserID)
		return err
	}
	v.CreatedAt = tx.Now()
	id, err := tx.insert(`
		INSERT INTO saved_views (user_id, page, name, query, created_at)
		VALUES (?, ?, ?, ?, ?)
		RETURNING id`, v.UserID, v.Page, v.Name, v.Query, micro(v.CreatedAt))
	v.ID = id
	return err
}

// DeleteView removes a view of a user.
func (tx *Tx) DeleteView(userID, id int64) error {
	_, err := tx.exec("DELETE FROM saved_views WHERE id = ? AND user_id = ?", id, userID)
	return err
}
