package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Transient reports whether an error says that the database could not be used, and nothing about
// what was asked of it: it is busy, full, read-only, damaged, stopped or out of reach, or the call
// was out of time.
func Transient(err error) bool {
	var (
		timeout *TimeoutError
		server  *pgconn.PgError
		connect *pgconn.ConnectError
		network net.Error
	)
	if errors.As(err, &server) {
		return isTransientCode(server.Code)
	}
	if errors.As(err, &timeout) || errors.As(err, &connect) || errors.As(err, &network) {
		return true
	}
	for _, known := range []error{
		ErrClosed, context.Canceled, context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone,
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return isTransientSQLite(err)
}

// isTransientCode reports whether an error code of PostgreSQL (appendix A of its manual) is about the
// state of the server, its resources or another transaction.
func isTransientCode(code string) bool {
	for _, class := range []string{"08", "53", "57", "58", "XX"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	switch code {
	case "25006", "40001", "40P01", "55P03", "25P03":
		return true
	}
	return false
}
