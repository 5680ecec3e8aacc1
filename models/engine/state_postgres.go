package engine

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresState returns the state that an error of PostgreSQL shows, by its SQLSTATE (appendix A of
// PostgreSQL's manual).
func postgresState(err error) State {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		if s := sqlState(e.Code); s != Available {
			return s
		}
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		if networkState(connect.Unwrap()) == Timeout {
			return Timeout
		}
		return Gone
	}
	if errors.Is(err, pgconn.ErrConnClosed) {
		return Gone
	}
	return Available
}

func sqlState(code string) State {
	switch code {
	case "40001", "40P01", "55P03", "55006", "53200", "53300", "53400":
		return Busy // conflicts, locks, memory, connections
	case "53100":
		return Full
	case "25006":
		return ReadOnly
	case "XX001", "XX002", "58P01", "58P02":
		return Corrupt // data, an index, a missing or duplicate file
	case "57014", "25P03", "25P04", "57P05":
		return Timeout
	case "57P01", "57P02", "57P03", "57P04", "58000", "58030":
		return Gone // shutdown, crash, start, a dropped database, errors of the system
	}
	if len(code) == 5 && code[:2] == "08" {
		return Gone // connection exceptions
	}
	return Available
}

// isUnsent reports whether pgx says that the statement never left, since its connection was closed.
func isUnsent(err error) bool { return pgconn.SafeToRetry(err) }
