// Package sentry reads what SDKs of Sentry send: envelopes with events, whose
// exceptions become reports. It is pure and its memory is bounded, whatever
// comes in. The format: https://develop.sentry.dev/sdk/foundations/transport/envelopes/
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
	// MaxBytes is the size limit of one, compressed or not.
	MaxBytes = 20 << 20
	// maxHeader is how long a line of a header is at most.
	maxHeader = 64 << 10
	// maxEvent is how long an event is at most.
	maxEvent = 1 << 20
	// maxItems is how many items are looked at; what comes later is ignored.
	maxItems = 100
)

// Envelope is one that is being read.
type Envelope struct {
	EventID string // 32 hexadecimal digits, "" for none
	Key     string // of the DSN in its header, "" for none

	in    *bufio.Reader
	items int
}

// Open reads an envelope's header.
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

// line reads a line of a header; io.EOF where nothing is left.
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

// unreadable says that a body broke off or cannot be unpacked. The end is no
// error.
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

// Next reads on to the next event and gives its report; io.EOF where there is
// none. Items of other types are passed over.
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
		most := int64(0)
		if header.Type == "event" {
			most = maxEvent
		}
		payload, err := e.payload(header.Length, most)
		if err != nil {
			return exception.Report{}, err
		}
		if most == 0 {
			continue
		}
		w, err := parse(payload)
		if err != nil {
			return exception.Report{}, err
		}
		if w.Type == "transaction" { // it is no error
			continue
		}
		if e.items++; e.EventID == "" {
			e.EventID = eventID(string(w.EventID))
		}
		return w.report(), nil
	}
	return exception.Report{}, io.EOF
}

// payload reads an item: so many bytes, or a line where the length is not
// told. most is 0 for one that is passed over.
func (e *Envelope) payload(length *int64, most int64) ([]byte, error) {
	switch {
	case length == nil && most == 0:
		return nil, e.skipLine()
	case length == nil:
		return e.readLine(most)
	case *length < 0:
		return nil, fault.New(fault.Malformed, "An item's length is negative")
	case most == 0:
		return nil, e.ended(io.CopyN(io.Discard, e.in, *length))
	case *length > most:
		return nil, tooLong()
	}
	var b bytes.Buffer // it grows by what comes, not by what is told
	n, err := io.CopyN(&b, e.in, *length)
	return b.Bytes(), e.ended(n, err)
}

// ended passes the line's end after an item of a known length.
func (e *Envelope) ended(_ int64, err error) error {
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

func tooLong() error {
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

func (e *Envelope) readLine(most int64) ([]byte, error) {
	var all []byte
	for {
		part, err := e.in.ReadSlice('\n')
		if int64(len(all)+len(part)) > most+1 {
			return nil, tooLong()
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

// eventID is an event's id as it is answered; "" for what is none.
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
