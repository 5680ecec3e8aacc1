package models

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxCounted bounds the rows that the total of a list counts.
const MaxCounted = 1000

// Place is where a page of a list is: the order of the list, and the row beside the page.
type Place struct {
	Sort    string // one of the list's orders; "" = its first one
	Reverse bool   // the other direction of that order
	Key     string // of the row before the page, as Orders.Key writes it; "" = at the start
	Back    bool   // the page ends before the row of Key, in place of starting after it
}

// orderColumn is a column that a list is sorted by. Its value is a string or an int64.
type orderColumn[T any] struct {
	sql   string
	value func(T) any
	fold  bool // compared in lower case
}

// order is an order of a list: by columns that are unique together, all in one direction.
type order[T any] struct {
	columns []orderColumn[T]
	desc    bool
}

// Orders are the orders of a list of T. The name of its usual one is "".
type Orders[T any] map[string]order[T]

// Names returns the names of the orders, without that of the usual one.
func (o Orders[T]) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(o)), func(name string) bool { return name == "" })
}

// Key writes the key of a row in the order of a place: the values of its columns.
func (o Orders[T]) Key(p Place, row T) string {
	columns := o.of(p).columns
	parts := make([]string, len(columns))
	for i, c := range columns {
		switch v := c.value(row).(type) {
		case int64:
			parts[i] = strconv.FormatInt(v, 10)
		case string:
			parts[i] = url.QueryEscape(v)
		}
	}
	return strings.Join(parts, ",")
}

// Valid reports whether a text is a key of one of the orders.
func (o Orders[T]) Valid(key string) bool {
	for _, order := range o {
		if order.values(key) != nil {
			return true
		}
	}
	return false
}

func (o Orders[T]) of(p Place) order[T] {
	if found, ok := o[p.Sort]; ok {
		return found
	}
	return o[""]
}

// values reads a key. It returns nil for a text that is no key of the order.
func (o order[T]) values(key string) []any {
	parts := strings.Split(key, ",")
	if key == "" || len(parts) != len(o.columns) {
		return nil
	}
	var none T
	values := make([]any, len(parts))
	for i, c := range o.columns {
		text, err := url.QueryUnescape(parts[i])
		values[i] = text
		if _, number := c.value(none).(int64); number {
			values[i], err = strconv.ParseInt(text, 10, 64)
		}
		if err != nil || !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return nil
		}
	}
	return values
}

// where adds that a row is after the key of the place or, with Back, before it.
func (o Orders[T]) where(cond *sqlFragment, p Place) {
	order := o.of(p)
	values := order.values(p.Key)
	if values == nil {
		return
	}
	columns, marks := make([]string, len(values)), make([]string, len(values))
	for i, c := range order.columns {
		columns[i], marks[i] = c.sql, "?"
		if c.fold {
			marks[i] = "lower(?)"
		}
	}
	sign := " > "
	if order.isDesc(p) {
		sign = " < "
	}
	if len(columns) == 1 {
		cond.and(columns[0]+sign+marks[0], values...)
		return
	}
	cond.and("("+strings.Join(columns, ", ")+")"+sign+"("+strings.Join(marks, ", ")+")", values...)
}

// by returns the columns of ORDER BY, so that the rows beside the key come first.
func (o Orders[T]) by(p Place) string {
	order := o.of(p)
	direction := ""
	if order.isDesc(p) {
		direction = " DESC"
	}
	columns := make([]string, len(order.columns))
	for i, c := range order.columns {
		columns[i] = c.sql + direction
	}
	return strings.Join(columns, ", ")
}

// isDesc reports whether the rows are read in descending order.
func (o order[T]) isDesc(p Place) bool {
	return o.desc != p.Reverse != p.readsBack()
}

func (p Place) readsBack() bool { return p.Back && p.Key != "" }

// inOrder turns rows that were read from the key backward.
func inOrder[T any](p Place, rows []T) {
	if p.readsBack() {
		slices.Reverse(rows)
	}
}

// microOr0 returns the stored value of a time in a key, 0 for none.
func microOr0(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// countUpTo counts the rows of a FROM clause with a condition, up to one more than MaxCounted.
func (r queries) countUpTo(ctx context.Context, from string, cond sqlFragment) (int, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			`+from+`
			WHERE `+cond.text+`
			LIMIT ?
		) x`, append(slices.Clone(cond.args), MaxCounted+1), &n)
	return n, err
}
