package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxCopyRows  = 5000    // of a batch, which is one transaction
	maxCopyBytes = 8 << 20 // of the values of a batch
	progressRows = 1000    // between two reports of the progress
)

// copyKind is what both databases store in a column.
type copyKind string

const (
	copyNumber copyKind = "number"
	copyText   copyKind = "text"
	copyBytes  copyKind = "bytes"
	copyBool   copyKind = "boolean"
)

// copyKinds are the kinds by the declared types of both databases.
var copyKinds = map[string]copyKind{
	"integer": copyNumber, "bigint": copyNumber, "text": copyText, "blob": copyBytes, "bytea": copyBytes,
	"boolean": copyBool,
}

type copyColumn struct {
	name string
	kind copyKind
}

// copyTable is a table with data.
type copyTable struct {
	name     string
	columns  []copyColumn
	key      []int // the columns of the primary key
	identity bool  // the database makes its ids
}

// copyTablesQuery lists the columns: table, column, type, place in the primary key from 1 or 0, and
// whether the database makes the ids.
var copyTablesQuery = map[Dialect]string{
	SQLite: `
		SELECT m.name, p.name, lower(p.type), p.pk, p.pk = 1 AND m.sql LIKE '%AUTOINCREMENT%'
		FROM sqlite_schema m, pragma_table_info(m.name) p
		WHERE m.type = 'table'
		AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY m.name, p.name`,
	Postgres: `
		SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
			coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0), a.attidentity <> ''
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		WHERE c.relnamespace = current_schema()::regnamespace
		AND c.relkind IN ('r', 'p')
		ORDER BY c.relname COLLATE "C", a.attname COLLATE "C"`,
}

// ownTables have no data: each database has its own.
var ownTables = []string{"goose_db_version", "migration_hashes", restoringTable, copyingTable}

// readCopyTables lists all tables with data, so that no table of a later migration is forgotten.
func readCopyTables(ctx context.Context, dialect Dialect, db contentReader) (list []copyTable, err error) {
	rows, err := db.QueryContext(ctx, copyTablesQuery[dialect])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	places := map[string]map[int]int{} // of the columns of the keys
	for rows.Next() {
		var table, kind string
		var c copyColumn
		var place int
		var identity bool
		if err := rows.Scan(&table, &c.name, &kind, &place, &identity); err != nil {
			return nil, err
		}
		if slices.Contains(ownTables, table) {
			continue
		}
		if c.kind = copyKinds[kind]; c.kind == "" {
			return nil, fmt.Errorf("the column %s.%s has the type %s, which this program does not copy", table, c.name, kind)
		}
		if len(list) == 0 || list[len(list)-1].name != table {
			list = append(list, copyTable{name: table})
			places[table] = map[int]int{}
		}
		t := &list[len(list)-1]
		if place > 0 {
			places[table][place] = len(t.columns)
		}
		t.columns, t.identity = append(t.columns, c), t.identity || identity
	}
	for i := range list {
		of := places[list[i].name]
		if len(of) == 0 {
			return nil, fmt.Errorf("the table %s has no primary key", list[i].name)
		}
		for place := 1; place <= len(of); place++ {
			list[i].key = append(list[i].key, of[place])
		}
	}
	return list, rows.Err()
}

// sameCopyTables returns an error unless two databases have the same tables with the same columns.
func sameCopyTables(source, target []copyTable) error {
	text := func(list []copyTable) map[string]string {
		m := map[string]string{}
		for _, t := range list {
			m[t.name] = fmt.Sprint(t.columns, t.key)
		}
		return m
	}
	from, to := text(source), text(target)
	for name, columns := range from {
		if to[name] != columns {
			return fmt.Errorf("the table %s is %s in the source and %s in the target", name, columns, to[name])
		}
	}
	for name := range to {
		if from[name] == "" {
			return fmt.Errorf("the source has no table %s", name)
		}
	}
	return nil
}

// scanCopyRows calls fn with each row of a table. With a key it begins after it, and the rows are in
// the order of their keys.
func scanCopyRows(
	ctx context.Context, db contentReader, dialect Dialect, t copyTable, after []any, fn func(row []any) error,
) (err error) {
	query, args := t.selectRows(dialect, after)
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row := make([]any, len(t.columns))
		dst := make([]any, len(row))
		for i := range row {
			dst[i] = &row[i]
		}
		if err := rows.Scan(dst...); err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t copyTable) selectRows(dialect Dialect, after []any) (query string, args []any) {
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = quote(c.name)
		if dialect == SQLite && c.kind == copyBool {
			columns[i] = "+" + columns[i] // the stored number: the driver makes any one a bool
		}
	}
	var key, marks []string
	for i, column := range t.key {
		key = append(key, quote(t.columns[column].name))
		marks = append(marks, "?")
		if dialect == Postgres {
			marks[i] = "$" + strconv.Itoa(i+1)
		}
	}
	query = "SELECT " + strings.Join(columns, ", ") + " FROM " + quote(t.name)
	if len(after) > 0 {
		query += " WHERE (" + strings.Join(key, ", ") + ") > (" + strings.Join(marks, ", ") + ")"
	}
	return query + " ORDER BY " + strings.Join(key, ", "), after
}

// normalize makes the values of a row those of the kinds of its columns: int64, string, []byte, bool
// or nil. It returns an error that names the first column with a value that has no such form, or that
// PostgreSQL cannot store. With replace, such a text is changed, and counted.
func (t copyTable) normalize(row []any, replace bool) (replaced int64, err error) {
	for i, c := range t.columns {
		v, ok := c.convert(row[i])
		if !ok {
			return replaced, fmt.Errorf("column %s: a value of the type %T is no %s", c.name, row[i], c.kind)
		}
		row[i] = v
		s, isText := v.(string)
		if !isText || utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
			continue
		}
		if !replace {
			what := "it has the character U+0000"
			if !utf8.ValidString(s) {
				what = "it is not valid UTF-8"
			}
			return replaced, fmt.Errorf("column %s: %s", c.name, what)
		}
		row[i] = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
		replaced++
	}
	return replaced, nil
}

// convert returns a value of the column's kind.
func (c copyColumn) convert(v any) (any, bool) {
	if v == nil {
		return nil, true
	}
	switch c.kind {
	case copyNumber:
		n, ok := v.(int64)
		return n, ok
	case copyBool:
		if n, ok := v.(int64); ok && (n == 0 || n == 1) {
			return n == 1, true
		}
		b, ok := v.(bool)
		return b, ok
	case copyText:
		if b, ok := v.([]byte); ok {
			return string(b), true
		}
		s, ok := v.(string)
		return s, ok
	case copyBytes:
		if s, ok := v.(string); ok {
			return []byte(s), true
		}
		b, ok := v.([]byte)
		return b, ok
	}
	return nil, false
}

// keyOf returns the values of the primary key of a row.
func (t copyTable) keyOf(row []any) []any {
	key := make([]any, len(t.key))
	for i, column := range t.key {
		key[i] = row[column]
	}
	return key
}

// keyText names a row for users.
func (t copyTable) keyText(row []any) string {
	var parts []string
	for _, column := range t.key {
		value := fmt.Sprint(row[column])
		if b, ok := row[column].([]byte); ok {
			value = fmt.Sprintf("%x", b)
		}
		parts = append(parts, t.columns[column].name+" "+strconv.QuoteToGraphic(value))
	}
	return strings.Join(parts, ", ")
}

// marshalKey returns a key as text, and unmarshalKey reads it.
func (t copyTable) marshalKey(key []any) (string, error) {
	text, err := json.Marshal(key)
	return string(text), err
}

func (t copyTable) unmarshalKey(text string) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil || len(raw) != len(t.key) {
		return nil, fmt.Errorf("the progress of %s is %q: %w", t.name, text, err)
	}
	key := make([]any, len(raw))
	for i, column := range t.key {
		var err error
		switch d := json.NewDecoder(bytes.NewReader(raw[i])); t.columns[column].kind {
		case copyNumber:
			err = decodeInto[int64](d, &key[i])
		case copyText:
			err = decodeInto[string](d, &key[i])
		case copyBytes:
			err = decodeInto[[]byte](d, &key[i])
		case copyBool:
			err = decodeInto[bool](d, &key[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return key, nil
}

func decodeInto[T any](d *json.Decoder, to *any) error {
	var v T
	err := d.Decode(&v)
	*to = v
	return err
}

// rowSize returns about how much memory a row takes.
func rowSize(row []any) int {
	size := 0
	for _, v := range row {
		size += 16
		switch v := v.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return size
}

// quote returns a name as SQL.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
