package api

import (
	"encoding/base64"
	"encoding/json"
	"reflect"

	"gatecrier/app/fault"
)

// Page is what each list takes. It is exported, as the others that are embedded,
// since huma reads no parameters from others.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many items at most"`
	Cursor string `query:"cursor" doc:"next_cursor of the page before"`
}

// list is the answer of each list.
type list[T any] struct {
	Body struct {
		Items      []T    `json:"items"`
		NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page"`
	}
}

// answer makes a list of rows that were read with one more than the limit, and
// the cursor of the next page from the last row shown.
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

// seek reads a cursor into a key; an empty cursor leaves it as it is.
func seek(cursor string, key any) error {
	if cursor == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, key)
	}
	if err != nil {
		return fault.BadField("cursor", "This is no cursor of this list")
	}
	return nil
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
