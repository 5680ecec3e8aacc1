package models

import (
	"context"
	"slices"
)

// ConnectionOrigin is why a connection exists.
type ConnectionOrigin struct {
	Field     string // the field that it fills, "" for none
	CreatedBy string // the user or the token that created it, "" if it is unknown
	Group     string // the name of the product group whose target it is, "" for another owner
	User      string // the name of the user whose own it is, "" for another owner
}

// ConnectionOrigins reads the origins of connections by their ids. These must come from a scoped
// read.
func (r queries) ConnectionOrigins(ctx context.Context, ids []int64) (map[int64]ConnectionOrigin, error) {
	origins := map[int64]ConnectionOrigin{}
	for part := range slices.Chunk(ids, 500) {
		err := r.query(ctx, `
			SELECT c.id, c.field, c.created_by, coalesce(g.name, ''), coalesce(u.name, '')
			FROM connections c
			LEFT JOIN product_groups g ON g.id = c.group_id
			LEFT JOIN users u ON u.id = c.user_id
			WHERE c.id IN (`+placeholders(len(part))+")", toAny(part), func(rows scanner) error {
			var id int64
			var o ConnectionOrigin
			err := rows.Scan(&id, &o.Field, &o.CreatedBy, &o.Group, &o.User)
			origins[id] = o
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return origins, nil
}
