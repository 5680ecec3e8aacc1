package models

import "time"

// ExceptionKind says where an exception comes from.
type ExceptionKind string

// The kinds.
const (
	ExceptionRequest  ExceptionKind = "request"  // Gatecrier itself, while it answered
	ExceptionTask     ExceptionKind = "task"     // Gatecrier itself, in the background
	ExceptionReported ExceptionKind = "reported" // another program
)

// ExceptionState is whether a group of exceptions is done with.
type ExceptionState string

// The states.
const (
	ExceptionOpen     ExceptionState = "open"
	ExceptionResolved ExceptionState = "resolved"
)

// ExceptionGroup is the same exception over time.
type ExceptionGroup struct {
	ID          int64
	ProductID   int64  // 0 = none
	Product     string // its name, where it was asked for
	Key         string
	By          string // what the key was made of
	Kind        ExceptionKind
	Class       string
	Message     string // of the first
	Function    string // a route, a task, the topmost function of the program's own
	State       ExceptionState
	FirstAt     time.Time
	LastAt      time.Time
	Count       int64
	Notified    int64 // how often people were told
	NotifiedAt  time.Time
	Suppressed  int64     // how often they were not
	Held        int64     // how often since they were told last
	Until       time.Time // people are told again from then on
	MutedUntil  time.Time
	ResolvedAt  time.Time
	ResolvedBy  string
	RegressedAt time.Time // it came back after it was resolved
	Sample      []byte    // the latest, as JSON
	SampleAt    time.Time
	Version     int64
}

const exceptionColumns = `g.id, g.owner, coalesce(p.name, ''), g.key, g.by, g.kind, g.class, g.message, g.function,
	g.state, g.first_at, g.last_at, g.count, g.notified, g.notified_at, g.suppressed, g.held, g.until,
	g.muted_until, g.resolved_at, g.resolved_by, g.regressed_at, g.sample_at, g.version`

func (g *ExceptionGroup) dst() []any {
	return []any{
		&g.ID, &g.ProductID, &g.Product, &g.Key, &g.By, &g.Kind, &g.Class, &g.Message, &g.Function, &g.State,
		timeTo(&g.FirstAt), timeTo(&g.LastAt), &g.Count, &g.Notified, timeTo(&g.NotifiedAt), &g.Suppressed, &g.Held,
		timeTo(&g.Until), timeTo(&g.MutedUntil), timeTo(&g.ResolvedAt), &g.ResolvedBy, timeTo(&g.RegressedAt),
		timeTo(&g.SampleAt), &g.Version,
	}
}
