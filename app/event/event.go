// Package event defines the types of events and their versioned payloads. It appends an event
// to the log in the transaction of its cause, and signals readers after the commit.
package event

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"gatecrier/models"
)

// Type is a type of events.
type Type string

// The types of events.
const (
	GateChanged        Type = "gate.changed"
	ConnectorBroken    Type = "connector.error"
	ConnectorRecovered Type = "connector.recovered"
	ExceptionRequest   Type = "exception.request"
	ExceptionTask      Type = "exception.task"
	ExceptionReported  Type = "exception.reported"
	ExceptionSummary   Type = "exception.summary"
	WaiverEnds         Type = "waiver.expiring"
	ProductIsStale     Type = "product.stale"
	SilenceHasEnded    Type = "silence.ended"
	RoutingFailed      Type = "routing.failed"
	IngestExceeded     Type = "ingest.exceeded"
	AccountIsAttacked  Type = "account.attacked"
)

// Mandatory reports whether events of a type notify despite silences: those of messages that
// do not arrive, of events that cannot be routed, of ended silences, and of attacks on
// a user's account.
func (t Type) Mandatory() bool {
	return t == ConnectorBroken || t == ConnectorRecovered || t == SilenceHasEnded || t == RoutingFailed ||
		t == AccountIsAttacked
}

// AboutException reports whether events of a type are about exceptions. Their messages go after
// all others.
func (t Type) AboutException() bool {
	return t == ExceptionRequest || t == ExceptionTask || t == ExceptionReported || t == ExceptionSummary
}

// Silenceable lists the types that a silence can match, in the order of a menu.
func Silenceable() []Type {
	return []Type{
		GateChanged, WaiverEnds, ProductIsStale, ExceptionReported, ExceptionRequest, ExceptionTask,
		ExceptionSummary, IngestExceeded,
	}
}

// Reader is the name of a consumer of events. Each event has a row of work for each reader that
// wants it.
type Reader string

// ReaderNotify routes events to the inbox and to targets.
const ReaderNotify Reader = "notify"

// Payload is the payload of a type of events.
type Payload interface {
	// Kind returns the event's type and the version of its payload.
	Kind() (Type, int)
}

// Subscription is a reader of the log.
type Subscription struct {
	Reader Reader
	Signal *Signal // is notified after the commit of each event that it wants
	// Wants reports whether the reader gets events of a type; nil means all. It is asked within
	// transactions, and therefore answers from memory.
	Wants func(Type) bool
}

// Log appends events.
type Log struct {
	readers []Subscription
}

// NewLog returns a log with readers.
func NewLog(readers ...Subscription) *Log { return &Log{readers: readers} }

// Append writes an event, and a row of work for each reader that wants it, in the transaction of
// its cause. It notifies these readers after the commit. productID is 0 for an event without a
// product; actor is the user or the system that caused it.
func (l *Log) Append(tx *models.Tx, productID int64, actor string, p Payload) (models.Event, error) {
	e, err := newEvent(tx, productID, actor, p)
	if err != nil {
		return e, err
	}
	names, wake := l.readersOf(Type(e.Type))
	if err = tx.InsertEvent(&e, names...); err == nil {
		tx.AfterCommit(wake.notify)
	}
	return e, err
}

// Record writes an event without readers, for the history only.
func (l *Log) Record(tx *models.Tx, productID int64, actor string, p Payload) (models.Event, error) {
	e, err := newEvent(tx, productID, actor, p)
	if err == nil {
		err = tx.InsertEvent(&e)
	}
	return e, err
}

// Provenance is where an event comes from, beside its actor. The zero value is Gatecrier itself.
type Provenance struct {
	Source   string // who sent it from outside
	SourceID string // its ID at the source, "" for none
	RunID    int64  // the run that caused it, 0 for none
}

// AppendOnce is Append for an event from elsewhere. made is false if an event with its source and
// its ID there is stored already; then nothing is appended.
func (l *Log) AppendOnce(
	tx *models.Tx, from Provenance, productID int64, actor string, p Payload,
) (e models.Event, made bool, err error) {
	if e, err = newEvent(tx, productID, actor, p); err != nil {
		return e, false, err
	}
	e.Source, e.SourceID, e.RunID = from.Source, from.SourceID, from.RunID
	names, wake := l.readersOf(Type(e.Type))
	if made, err = tx.InsertEventOnce(&e, names...); made {
		tx.AfterCommit(wake.notify)
	}
	return e, made, err
}

// readersOf returns the names and the signals of the readers that want events of a type.
func (l *Log) readersOf(t Type) (names []string, wake signals) {
	for _, r := range l.readers {
		if r.Wants == nil || r.Wants(t) {
			names, wake = append(names, string(r.Reader)), append(wake, r.Signal)
		}
	}
	return names, wake
}

// newEvent returns an event that happens now, with a new UUID.
func newEvent(tx *models.Tx, productID int64, actor string, p Payload) (models.Event, error) {
	body, err := Encode(p)
	if err != nil {
		return models.Event{}, fmt.Errorf("encode event: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return models.Event{}, fmt.Errorf("create event ID: %w", err)
	}
	kind, version := p.Kind()
	return models.Event{
		UUID: id.String(), Type: string(kind), Version: version,
		ProductID: productID, Actor: actor, At: tx.Now(), Payload: body,
	}, nil
}

// Encode returns the JSON of a payload. It does not escape HTML: the JSON is no part of a
// page, and receivers limit its size.
func Encode(p Payload) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(p)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
