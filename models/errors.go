package models

import (
	"database/sql"
	"errors"
	"strconv"

	"gatecrier/app/fault"
)

// notFound turns "no rows" (or a nil error) into a fault that names the missing entity.
func notFound(err error, what string) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return fault.NewNotFound(what)
	}
	return err
}

// secretPath returns the path of a column of a row, as additional data of what is sealed in it.
func secretPath(table string, id int64, column string) string {
	return table + "/" + strconv.FormatInt(id, 10) + "/" + column
}
