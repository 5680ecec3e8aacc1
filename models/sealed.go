package models

import (
	"context"
	"fmt"

	"gatecrier/app/secret"
)

// sealedColumn is a column of sealed values.
type sealedColumn struct {
	table, key, column string
	number             bool // the key is a number
}

// sealedColumns are all columns with sealed values. A sealed value opens for the place
// table/key/column only.
var sealedColumns = []sealedColumn{
	{table: "key_checks", key: "id", column: "sealed", number: true},
	{table: "settings", key: "section", column: "secrets"},
	{table: "connections", key: "id", column: "config", number: true},
	{table: "account_mails", key: "id", column: "content"},
}

// SealedValue is a sealed value and the row that has it.
type SealedValue struct {
	Place string // that it is sealed for
	Text  secret.Text

	column sealedColumn
	id     int64
	name   string
}

// SealedPage is where a list of sealed values continues. The zero value is the start.
type SealedPage struct {
	column int
	id     int64
	name   string
}

// SealedValues lists up to limit sealed values from a page on, and the next page. The list is empty
// after the last one.
func (r queries) SealedValues(ctx context.Context, page SealedPage, limit int) ([]SealedValue, SealedPage, error) {
	for ; page.column < len(sealedColumns); page = (SealedPage{column: page.column + 1}) {
		list, err := r.sealedValuesOf(ctx, sealedColumns[page.column], page, limit)
		if err != nil {
			return nil, page, err
		}
		if len(list) > 0 {
			last := list[len(list)-1]
			return list, SealedPage{column: page.column, id: last.id, name: last.name}, nil
		}
	}
	return nil, page, nil
}

func (r queries) sealedValuesOf(
	ctx context.Context, c sealedColumn, page SealedPage, limit int,
) ([]SealedValue, error) {
	var after any = page.name
	if c.number {
		after = page.id
	}
	var list []SealedValue
	err := r.query(ctx, fmt.Sprintf(`
		SELECT %[2]s, %[3]s
		FROM %[1]s
		WHERE %[3]s IS NOT NULL
		AND %[2]s > ?
		ORDER BY %[2]s
		LIMIT ?`, c.table, c.key, c.column), []any{after, limit}, func(rows scanner) error {
		v := SealedValue{column: c}
		var key any = &v.name
		if c.number {
			key = &v.id
		}
		if err := rows.Scan(key, &v.Text); err != nil {
			return err
		}
		v.Place = fmt.Sprintf("%s/%s/%s", c.table, v.key(), c.column)
		list = append(list, v)
		return nil
	})
	return list, err
}

func (v SealedValue) key() string {
	if v.column.number {
		return fmt.Sprint(v.id)
	}
	return v.name
}

// Reseal replaces a sealed value by the same value under another seal, unless it was changed since it
// was read.
func (tx *Tx) Reseal(v SealedValue, to secret.Text) error {
	var key any = v.name
	if v.column.number {
		key = v.id
	}
	_, err := tx.exec(fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ? AND %s = ?",
		v.column.table, v.column.column, v.column.key, v.column.column), to, key, v.Text)
	return err
}

// SealedCounts counts what DiscardSecrets removes.
type SealedCounts struct {
	Connections int64 // without that of the mail server, which a start creates again
	Deliveries  int64 // of these connections: their delivery log
	Settings    int64 // sections of the settings with a secret
	Emails      int64 // about accounts, that wait
}

// CountSealed counts what DiscardSecrets removes.
func (r queries) CountSealed(ctx context.Context) (c SealedCounts, err error) {
	err = r.get(ctx, `
		SELECT (SELECT count(*) FROM connections WHERE field <> ?), (SELECT count(*) FROM deliveries),
			(SELECT count(*) FROM settings WHERE secrets IS NOT NULL), (SELECT count(*) FROM account_mails)`,
		[]any{FieldPeople}, &c.Connections, &c.Deliveries, &c.Settings, &c.Emails)
	return c, err
}

// DiscardSecrets removes all that is sealed, for a database whose key is lost: connections with their
// deliveries, the secrets of settings, and emails about accounts.
func (tx *Tx) DiscardSecrets() error {
	for _, query := range []string{
		"DELETE FROM connections", "UPDATE settings SET secrets = NULL", "DELETE FROM key_checks",
		"DELETE FROM account_mails",
	} {
		if _, err := tx.exec(query); err != nil {
			return err
		}
	}
	return nil
}
