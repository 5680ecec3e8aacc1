// Package sentry reads the envelopes of Sentry's SDKs and makes reports of the exceptions in
// their events. It is pure, and its memory is bounded for any input. The format:
// https://develop.sentry.dev/sdk/foundations/transport/envelopes/
package sentry

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"gatecrier/app/exception"
	"gatecrier/app/fault"
)

// The bounds of an envelope.
const (
	// MaxBytes is the size limit of an envelope, compressed or not.
	MaxBytes = 20 << 20
	// maxHeader is the longest header line, in bytes.
	maxHeader = 64 << 10
	// maxEvent is the longest event, in bytes.
	maxEvent = 1 << 20
	// maxItems is how many items are read; later ones are ignored.
	maxItems = 100
)

// Envelope is an envelope that is being read.
type Envelope struct {
	EventID string // 32 hexadecimal digits, "" for none
	Key     string // of the DSN in its header, "" for none

	in    *bufio.Reader
	items int
}

// Open reads an envelope's header. It returns fault.Malformed for an invalid one.
func Open(in io.Reader) (*Envelope, error) {
	e := &Envelope{in: bufio.NewReaderSize(in, maxHeader)}
	line, err := e.line()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Malformed, "The envelope is empty")
	}
	if err != nil {
		return nil, err
	}
	var header struct {
		EventID text `json:"event_id"`
		DSN     text `json:"dsn"`
	}
	if err := json.Unmarshal(line, &header); err != nil {
		return nil, fault.Wrap(fault.Malformed, "This is no envelope: its first line has to be a JSON object", err)
	}
	e.EventID, e.Key = eventID(string(header.EventID)), keyOfDSN(string(header.DSN))
	return e, nil
}

// line reads a header line. It returns io.EOF at the end.
func (e *Envelope) line() ([]byte, error) {
	line, err := e.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fault.New(fault.TooLarge, fmt.Sprintf("A line of an envelope's headers has at most %d bytes", maxHeader))
	case errors.Is(err, io.EOF) && len(line) > 0:
	case err != nil:
		return nil, unreadable(err)
	}
	return bytes.TrimSpace(line), nil
}

// unreadable returns the fault of a body that breaks off or cannot be decompressed. It returns
// io.EOF and other faults as they are.
func unreadable(err error) error {
	if errors.Is(err, io.EOF) || fault.KindOf(err) != fault.Internal {
		return err
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.Wrap(fault.TooLarge, tooLarge, err)
	}
	return fault.Wrap(fault.Malformed, "The envelope cannot be read", err)
}

// Next returns the report of the next event, or io.EOF. It skips items of other types.
func (e *Envelope) Next() (exception.Report, error) {
	for ; e.items < maxItems; e.items++ {
		line, err := e.line()
		if err != nil {
			return exception.Report{}, err
		}
		if len(line) == 0 { // between items
			continue
		}
		var header struct {
			Type   text `json:"type"`
			Length *int64
		}
		if err := json.Unmarshal(line, &header); err != nil {
			return exception.Report{}, fault.Wrap(fault.Malformed, "The header of an item has to be a JSON object", err)
		}
		limit := int64(0)
		if header.Type == "event" {
			limit = maxEvent
		}
		payload, err := e.payload(header.Length, limit)
		if err != nil {
			return exception.Report{}, err
		}
		if limit == 0 {
			continue
		}
		w, err := parse(payload)
		if err != nil {
			return exception.Report{}, err
		}
		if w.Type == "transaction" { // a transaction is no error
			continue
		}
		if e.items++; e.EventID == "" {
			e.EventID = eventID(string(w.EventID))
		}
		return w.report(), nil
	}
	return exception.Report{}, io.EOF
}

// payload reads an item of the given length, or a line if that is nil. It skips the item if
// limit is 0.
func (e *Envelope) payload(length *int64, limit int64) ([]byte, error) {
	switch {
	case length == nil && limit == 0:
		return nil, e.skipLine()
	case length == nil:
		return e.readLine(limit)
	case *length < 0:
		return nil, fault.New(fault.Malformed, "An item's length is negative")
	case limit == 0:
		return nil, e.endPayload(io.CopyN(io.Discard, e.in, *length))
	case *length > limit:
		return nil, errEventTooLong()
	}
	var b bytes.Buffer // it grows with the data, not with the claimed length
	n, err := io.CopyN(&b, e.in, *length)
	return b.Bytes(), e.endPayload(n, err)
}

// endPayload skips the line end after an item of a known length.
func (e *Envelope) endPayload(_ int64, err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return fault.New(fault.Malformed, "An item is shorter than its header says")
	case err != nil:
		return unreadable(err)
	}
	if next, err := e.in.Peek(1); err == nil && next[0] == '\n' {
		_, err = e.in.Discard(1)
		return err
	}
	return nil
}

func errEventTooLong() error {
	return fault.New(fault.TooLarge, fmt.Sprintf("An event has at most %d bytes", maxEvent))
}

func (e *Envelope) skipLine() error {
	for {
		_, err := e.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF), err == nil:
			return nil
		default:
			return unreadable(err)
		}
	}
}

func (e *Envelope) readLine(limit int64) ([]byte, error) {
	var all []byte
	for {
		part, err := e.in.ReadSlice('\n')
		if int64(len(all)+len(part)) > limit+1 {
			return nil, errEventTooLong()
		}
		all = append(all, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF), err == nil:
			return all, nil
		default:
			return nil, unreadable(err)
		}
	}
}

// eventID returns an event's ID as 32 lower-case hexadecimal digits, "" if it is invalid.
func eventID(id string) string {
	var plain []byte
	for _, c := range []byte(id) {
		switch {
		case c == '-':
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			plain = append(plain, c)
		default:
			return ""
		}
	}
	if len(plain) != 32 {
		return ""
	}
	return string(bytes.ToLower(plain))
}
