package api

import (
	"encoding/base64"
	"encoding/json"
	"reflect"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Page is the query of each list. It is exported, like the other embedded types, because
// huma reads no parameters from embedded types that are not.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"The maximum number of items"`
	Cursor string `query:"cursor" doc:"next_cursor of the previous page"`
}

// idPageInput is the input of a page of items that belong to one object.
type idPageInput struct {
	IDPath
	Page
}

// list is the answer of each list.
type list[T any] struct {
	Body struct {
		Items      []T    `json:"items"`
		NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page"`
	}
}

// answer returns a page of rows. The caller reads one row more than the limit: with that row
// the page has a cursor, made by key from the last row that the page shows.
func answer[R, T any](rows []R, limit int, item func(R) T, key func(R) any) (*list[T], error) {
	out := &list[T]{}
	out.Body.Items = make([]T, 0, len(rows))
	if len(rows) > limit {
		rows = rows[:limit]
		text, err := json.Marshal(key(rows[limit-1]))
		if err != nil {
			return nil, err
		}
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString(text)
	}
	for _, row := range rows {
		out.Body.Items = append(out.Body.Items, item(row))
	}
	return out, nil
}

// seek reads a cursor into a key. An empty cursor leaves the key as it is.
func seek(cursor string, key any) error {
	if cursor == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, key)
	}
	if err != nil {
		return fault.BadField("cursor", "This is not a cursor of this list")
	}
	return nil
}

// seekPlace reads a cursor into the place of a list that has orders. An empty cursor leaves the place
// as it is.
func seekPlace[T any](cursor string, orders models.Orders[T], p *models.Place) error {
	if err := seek(cursor, &p.Key); err != nil {
		return err
	}
	if cursor != "" && !orders.Valid(p.Key) {
		return fault.BadField("cursor", "This is not a cursor of this list")
	}
	return nil
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
