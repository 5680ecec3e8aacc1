// Package event has the vocabulary of what happens: the types of events, their
// versioned payloads, how one is appended to the log in the transaction of its
// cause, and the bell that wakes readers after the commit.
package event

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"gatecrier/models"
)

// Type names a kind of event.
type Type string

// The types there are.
const (
	GateChanged        Type = "gate.changed"
	ConnectorBroken    Type = "connector.error"
	ConnectorRecovered Type = "connector.recovered"
	ExceptionRequest   Type = "exception.request"
	ExceptionTask      Type = "exception.task"
	ExceptionReported  Type = "exception.reported"
	WaiverEnds         Type = "waiver.expiring"
	ProductIsStale     Type = "product.stale"
	SilenceHasEnded    Type = "silence.ended"
)

// Mandatory reports whether people are told of such events whatever silences
// there are: of what keeps messages from them, and of what a silence held.
func (t Type) Mandatory() bool {
	return t == ConnectorBroken || t == ConnectorRecovered || t == SilenceHasEnded
}

// Silenceable lists the types that a silence may hold back, in the order of a
// menu.
func Silenceable() []Type {
	return []Type{GateChanged, WaiverEnds, ProductIsStale, ExceptionReported, ExceptionRequest, ExceptionTask}
}

// Reader names somebody who reads events by rows of work.
type Reader string

// ReaderNotify routes events to the inbox and to targets.
const ReaderNotify Reader = "notify"

// Payload is the body of a type of event.
type Payload interface {
	// Kind is the event's type and the version of its payload.
	Kind() (Type, int)
}

// Log appends events.
type Log struct {
	signal *Signal
}

// NewLog returns a log that rings a bell for what was committed.
func NewLog(signal *Signal) *Log { return &Log{signal: signal} }

// Append writes an event, and a row of work for each of its readers, in the
// transaction of its cause. The bell rings after the commit. productID is 0 for
// an event without a product, actor is who or what caused it.
func (l *Log) Append(tx *models.Tx, productID int64, actor string, p Payload) (models.Event, error) {
	e, err := l.insert(tx, productID, actor, p, string(ReaderNotify))
	if err == nil {
		tx.AfterCommit(l.signal.Notify)
	}
	return e, err
}

// Record writes an event that nobody reads by himself: it is history.
func (l *Log) Record(tx *models.Tx, productID int64, actor string, p Payload) (models.Event, error) {
	return l.insert(tx, productID, actor, p)
}

func (l *Log) insert(tx *models.Tx, productID int64, actor string, p Payload, readers ...string) (models.Event, error) {
	body, err := Encode(p)
	if err != nil {
		return models.Event{}, fmt.Errorf("encode event: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return models.Event{}, fmt.Errorf("make event id: %w", err)
	}
	kind, version := p.Kind()
	e := models.Event{
		UUID: id.String(), Type: string(kind), Version: version,
		ProductID: productID, Actor: actor, At: tx.Now(), Payload: body,
	}
	err = tx.InsertEvent(&e, readers...)
	return e, err
}

// Encode makes the JSON of a payload. What is special to HTML alone is not
// escaped: it is no part of a page, and receivers bound the size.
func Encode(p Payload) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(p)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
