//go:build cgo

package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"gatecrier/models/engine"
)

func TestStateOf_DriverErrors(t *testing.T) {
	ioErr := func(errno syscall.Errno) error { return sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: errno} }
	pg := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, test := range []struct {
		err  error
		want engine.State
	}{
		{nil, engine.Available},
		{errors.New("other"), engine.Available},
		{context.Canceled, engine.Available},
		{context.DeadlineExceeded, engine.Available},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, engine.Available},
		{io.EOF, engine.Available},
		{sqlite3.Error{Code: sqlite3.ErrConstraint}, engine.Available},
		{pg("23505"), engine.Available},
		{sqlite3.Error{Code: sqlite3.ErrBusy}, engine.Busy},
		{sqlite3.Error{Code: sqlite3.ErrLocked}, engine.Busy},
		{sqlite3.Error{Code: sqlite3.ErrNomem}, engine.Busy},
		{sqlite3.Error{Code: sqlite3.ErrFull}, engine.Full},
		{ioErr(syscall.ENOSPC), engine.Full},
		{ioErr(syscall.EFBIG), engine.Full},
		{ioErr(syscall.EROFS), engine.ReadOnly},
		{ioErr(syscall.EIO), engine.Gone},
		{sqlite3.Error{Code: sqlite3.ErrReadonly}, engine.ReadOnly},
		{sqlite3.Error{Code: sqlite3.ErrReadonly, ExtendedCode: sqlite3.ErrReadonlyDbMoved}, engine.Gone},
		{sqlite3.Error{Code: sqlite3.ErrCorrupt}, engine.Corrupt},
		{sqlite3.Error{Code: sqlite3.ErrNotADB}, engine.Corrupt},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrShortRead}, engine.Corrupt},
		{sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.ENOENT}, engine.Gone},
		{sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EACCES}, engine.ReadOnly},
		{pg("40001"), engine.Busy},
		{pg("40P01"), engine.Busy},
		{pg("55P03"), engine.Busy},
		{pg("53300"), engine.Busy},
		{pg("53100"), engine.Full},
		{pg("25006"), engine.ReadOnly},
		{pg("XX001"), engine.Corrupt},
		{pg("XX002"), engine.Corrupt},
		{pg("57P01"), engine.Gone},
		{pg("57P03"), engine.Gone},
		{pg("08006"), engine.Gone},
		{pg("57014"), engine.Timeout},
		{&pgconn.ConnectError{}, engine.Gone},
		{pgconn.ErrConnClosed, engine.Gone},
		{&engine.TimeoutError{}, engine.Timeout},
		{engine.ErrClosed, engine.Gone},
	} {
		err := test.err
		if err != nil {
			err = fmt.Errorf("write a report: %w", err)
		}
		if got := engine.StateOf(err); got != test.want {
			t.Errorf("%v: %s, want %s", test.err, got, test.want)
		}
	}
}

// Deadlines and errors of the network count only where they are the database's.
func TestStateOf_MarkedErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want engine.State
	}{
		{errors.New("other"), engine.Available},
		{context.Canceled, engine.Available},
		{context.DeadlineExceeded, engine.Timeout},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, engine.Gone},
		{io.ErrUnexpectedEOF, engine.Gone},
		{&pgconn.PgError{Code: "53100"}, engine.Full},
	} {
		err := engine.Mark(test.err)
		if got := engine.StateOf(fmt.Errorf("read: %w", err)); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%v: %s, want %s", test.err, got, test.want)
		}
	}
}
