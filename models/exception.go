package models

import "time"

// ExceptionKind is the origin of an exception.
type ExceptionKind string

// The kinds.
const (
	ExceptionRequest  ExceptionKind = "request"  // in Gatecrier itself, in a request
	ExceptionTask     ExceptionKind = "task"     // in Gatecrier itself, in the background
	ExceptionReported ExceptionKind = "reported" // in another program
)

// ExceptionState is whether a group of exceptions is resolved.
type ExceptionState string

// The states.
const (
	ExceptionOpen     ExceptionState = "open"
	ExceptionResolved ExceptionState = "resolved"
)

// ExceptionGroup is the same exception over time.
type ExceptionGroup struct {
	ID              int64
	ProductID       int64  // 0 = none
	Product         string // its name, if the read includes it
	Key             string
	By              string // the method that made the key
	Kind            ExceptionKind
	Class           string
	Message         string // of the first
	Function        string // a route, a task, the topmost function of the program's own
	State           ExceptionState
	FirstAt         time.Time
	LastAt          time.Time
	Count           int64
	Notified        int64 // how often users were notified
	NotifiedAt      time.Time
	Suppressed      int64     // how often users were not notified
	SuppressedSince int64     // how often since the last notification
	Until           time.Time // when users can be notified again
	MutedUntil      time.Time
	ResolvedAt      time.Time
	ResolvedBy      string
	RegressedAt     time.Time // when it came back after it was resolved
	Sample          []byte    // the latest, as JSON
	SampleAt        time.Time
	Version         int64
}

const exceptionColumns = `g.id, g.owner, coalesce(p.name, ''), g.key, g.by, g.kind, g.class, g.message, g.function,
	g.state, g.first_at, g.last_at, g.count, g.notified, g.notified_at, g.suppressed, g.new_suppressed, g.until,
	g.muted_until, g.resolved_at, g.resolved_by, g.regressed_at, g.sample_at, g.version`

func (g *ExceptionGroup) dst() []any {
	return []any{
		&g.ID, &g.ProductID, &g.Product, &g.Key, &g.By, &g.Kind, &g.Class, &g.Message, &g.Function, &g.State,
		timeTo(&g.FirstAt), timeTo(&g.LastAt), &g.Count, &g.Notified, timeTo(&g.NotifiedAt), &g.Suppressed,
		&g.SuppressedSince,
		timeTo(&g.Until), timeTo(&g.MutedUntil), timeTo(&g.ResolvedAt), &g.ResolvedBy, timeTo(&g.RegressedAt),
		timeTo(&g.SampleAt), &g.Version,
	}
}
