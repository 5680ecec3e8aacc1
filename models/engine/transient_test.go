package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

func TestTransient(t *testing.T) {
	server := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("the payload is no JSON"), false},
		{server("23505"), false},
		{server("22001"), false},
		{server("P0001"), false},
		{server("53100"), true}, // disk full
		{server("53300"), true}, // too many connections
		{server("57P01"), true}, // shutdown
		{server("57014"), true}, // cancelled, as by a timeout
		{server("40P01"), true}, // deadlock
		{server("25006"), true}, // read-only
		{server("XX001"), true}, // data corrupted
		{server("08006"), true}, // connection failure
		{sqlite3.Error{Code: sqlite3.ErrConstraint}, false},
		{sqlite3.Error{Code: sqlite3.ErrBusy}, true},
		{sqlite3.Error{Code: sqlite3.ErrFull}, true},
		{sqlite3.Error{Code: sqlite3.ErrCorrupt}, true},
		{sqlite3.Error{Code: sqlite3.ErrIoErr}, true},
		{&TimeoutError{}, true},
		{ErrClosed, true},
		{ErrNested, false},
		{context.DeadlineExceeded, true},
		{io.ErrUnexpectedEOF, true},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, true},
	} {
		if got := Transient(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
		if c.err != nil && Transient(fmt.Errorf("store: %w", c.err)) != c.want {
			t.Errorf("%v, wrapped", c.err)
		}
	}
}
