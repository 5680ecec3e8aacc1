package engine

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// State is what keeps a database from working. Its names are also the names in metrics.
type State int

// The states, less certain causes first. Available is that of a database that works, and of an
// error with another cause.
const (
	Available State = iota
	Timeout         // no answer in time
	Busy            // another program or transaction has a lock
	Full            // the disk, or a quota, has no room
	ReadOnly        // the file or the server refuses writes
	Corrupt         // the stored data is damaged
	Gone            // the server cannot be reached, or the file was deleted or replaced
)

// String returns the name of a state.
func (s State) String() string {
	switch s {
	case Available:
		return "available"
	case Busy:
		return "busy"
	case Full:
		return "full"
	case ReadOnly:
		return "read_only"
	case Corrupt:
		return "corrupt"
	case Gone:
		return "gone"
	case Timeout:
		return "timeout"
	}
	return "unknown"
}

// Sentence describes a state for users, without a full stop.
func (s State) Sentence() string {
	switch s {
	case Available:
		return "The database works"
	case Busy:
		return "Another program or a long change locks the database"
	case Full:
		return "The disk of the database is full"
	case ReadOnly:
		return "The database cannot be written: it is read-only"
	case Corrupt:
		return "The database is damaged; an administrator must restore a backup"
	case Gone:
		return "The database cannot be reached, or its file was deleted"
	case Timeout:
		return "The database did not answer in time"
	}
	return "The database does not work"
}

// RetryAfter returns after what time a refused request can be sent again.
func (s State) RetryAfter() time.Duration {
	switch s {
	case Available, Timeout, Busy:
		return 5 * time.Second
	case Gone:
		return 10 * time.Second
	case Full, ReadOnly:
		return 30 * time.Second
	case Corrupt:
		return 5 * time.Minute
	}
	return time.Minute
}

// StateError is an error of a database with the state that it shows.
type StateError struct {
	State State
	cause error
}

// Error returns the text of the cause.
func (e *StateError) Error() string { return e.cause.Error() }

// Unwrap returns the cause.
func (e *StateError) Unwrap() error { return e.cause }

// unsureError is the error of a commit without an answer: whether it took effect is unknown.
type unsureError struct{ cause error }

func (e *unsureError) Error() string { return e.cause.Error() }

func (e *unsureError) Unwrap() error { return e.cause }

// IsUnsure reports whether an error is of a write whose changes can be stored all the same: the connection ended
// during its commit, or the file of the database was moved away then. After all other errors nothing has changed.
func IsUnsure(err error) bool {
	var unsure *unsureError
	return errors.As(err, &unsure)
}

// StateOf returns the state of the database that an error shows. It is Available for nil, for an
// error with another cause, and if the caller canceled the call.
//
// A DB and a Tx mark errors of the network and deadlines as theirs. StateOf leaves those out that
// nothing has marked: they can be of another server.
func StateOf(err error) State {
	var known *StateError
	if errors.As(err, &known) {
		return known.State
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return Available
	}
	var hung *TimeoutError
	switch {
	case errors.As(err, &hung):
		return Timeout
	case errors.Is(err, ErrClosed):
		return Gone
	}
	if s := sqliteState(err); s != Available {
		return s
	}
	return postgresState(err)
}

// mark adds the state to an error that the database caused. It returns others unchanged.
func mark(err error) error {
	var known *StateError
	if err == nil || errors.As(err, &known) {
		return err
	}
	s := StateOf(err)
	if s == Available {
		s = networkState(err)
	}
	if s == Available {
		return err
	}
	return &StateError{s, err}
}

// networkState returns the state that an error of the connection to the database shows.
func networkState(err error) State {
	var op *net.OpError
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return Available
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &network) && network.Timeout():
		return Timeout
	case errors.As(err, &op), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), isUnsent(err):
		return Gone
	}
	return Available
}
