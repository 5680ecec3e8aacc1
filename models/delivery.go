package models

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// DeliveryState is the state of a delivery.
type DeliveryState string

// The states. Pending, sending, retrying and held are open; the others are final.
const (
	DeliveryPending   DeliveryState = "pending"   // waits for its first attempt
	DeliverySending   DeliveryState = "sending"   // leased to an instance that sends it
	DeliveryRetrying  DeliveryState = "retrying"  // waits for another attempt
	DeliveryDelivered DeliveryState = "delivered" // the receiver has accepted it
	DeliveryDead      DeliveryState = "dead"      // given up
	DeliverySkipped   DeliveryState = "skipped"   // nothing to send it with: no email settings, target off, module gone
	DeliveryHeld      DeliveryState = "held"      // waited in a backup that was restored: an administrator decides
	DeliverySilenced  DeliveryState = "silenced"  // not sent because of a silence
	DeliveryCancelled DeliveryState = "cancelled" // turned off, access lost or outdated: see delivery/cancel.go
)

// DeliveryStates lists all states, in the order of a delivery's life.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{
		DeliveryPending, DeliverySending, DeliveryRetrying, DeliveryDelivered,
		DeliveryDead, DeliverySkipped, DeliveryHeld, DeliverySilenced, DeliveryCancelled,
	}
}

// Valid reports whether s is one of the states.
func (s DeliveryState) Valid() bool {
	for _, v := range DeliveryStates() {
		if s == v {
			return true
		}
	}
	return false
}

// Open reports whether the delivery can still be attempted.
func (s DeliveryState) Open() bool {
	return s == DeliveryPending || s == DeliverySending || s == DeliveryRetrying || s == DeliveryHeld
}

// DeliveryRank orders the messages of an endpoint: all of a lower rank that are due go first. A
// rank of a product, connection and recipient is a queue of its own.
type DeliveryRank int

// The ranks.
const (
	RankFirst     DeliveryRank = iota // gate changes, waivers, stale products, connections, tests
	RankException                     // exceptions
)

// DeliveryOrigin is what caused a delivery.
type DeliveryOrigin string

// The origins.
const (
	OriginEvent DeliveryOrigin = "event" // an event was routed; these alone are in queues
	OriginTest  DeliveryOrigin = "test"  // a user tests a connection, and waits for the result
	OriginRun   DeliveryOrigin = "run"   // an action runs: of a playbook, or started by a user
)

// Delivery is one message to one connection.
type Delivery struct {
	ID           int64
	UUID         string // the message's id, the same in each attempt
	Origin       DeliveryOrigin
	EventID      int64 // of OriginEvent, else 0
	ConnectionID int64
	EndpointID   int64 // the connection whose breaker and rate it uses
	ProductID    int64
	Recipient    string
	Title        string
	State        DeliveryState
	Reason       string
	Attempts     int       // of all times, without probes
	Spent        int       // attempts used since it was first due or requeued
	NextAt       time.Time // zero while it waits for an earlier one in its queue
	LockedUntil  time.Time
	Claim        string // the claim that it is leased to
	Probe        bool   // the attempt checks whether the receiver is back
	ByHand       bool   // a user requeued it: it is sent even if it is outdated
	ResendID     int64  // the resend that requeued it, 0 = none
	Rank         DeliveryRank
	Turn         int64 // products take turns at an endpoint: the lowest turn of a rank goes first
	SentVersion  int64 // the version of its connection when it was delivered, 0 = not known
	CreatedAt    time.Time
	DueSince     time.Time // when it was first due, or requeued
	FinishedAt   time.Time
}

const deliveryColumns = `d.id, d.uuid, d.origin, coalesce(d.event_id, 0), d.connection_id,
	d.endpoint_id, coalesce(d.product_id, 0), d.recipient, d.title, d.state, d.reason, d.attempts, d.spent,
	d.next_at, d.locked_until, d.claim, d.probe, d.by_hand, coalesce(d.resend_id, 0), d.rank, d.turn, d.sent_version,
	d.created_at, d.due_since, d.finished_at`

func (d *Delivery) dst() []any {
	return []any{
		&d.ID, &d.UUID, &d.Origin, &d.EventID, &d.ConnectionID, &d.EndpointID, &d.ProductID, &d.Recipient, &d.Title,
		&d.State, &d.Reason, &d.Attempts, &d.Spent, timeTo(&d.NextAt), timeTo(&d.LockedUntil), &d.Claim, &d.Probe,
		&d.ByHand, &d.ResendID, &d.Rank, &d.Turn, &d.SentVersion, timeTo(&d.CreatedAt), timeTo(&d.DueSince),
		timeTo(&d.FinishedAt),
	}
}

// Queues reports whether the delivery is in a queue: only messages about events of a product have
// an order.
func (d *Delivery) Queues() bool { return d.Origin == OriginEvent && d.ProductID != 0 }

// DeliveryRow is a delivery as it is listed in the delivery log.
type DeliveryRow struct {
	Delivery
	Product    string
	Connection string
	Module     string
	Hint       string
	Owner      Owner     // of the connection
	Down       bool      // the endpoint's breaker is open
	ProbeAt    time.Time // when it is probed next; zero while it is paused
	Kept       bool      // the connection is off, and keeps its messages until it is turned on
}

const deliveryRowSelect = `
	SELECT ` + deliveryColumns + `, coalesce(p.name, ''), c.name, c.module, c.hint,
		coalesce(c.product_id, 0), coalesce(c.group_id, 0), coalesce(c.user_id, 0),
		h.opened_at IS NOT NULL, CASE WHEN h.paused_at IS NULL THEN h.probe_at END,
		NOT c.enabled AND c.keeps_waiting
	FROM deliveries d
	JOIN connections c ON c.id = d.connection_id
	JOIN connection_health h ON h.connection_id = d.endpoint_id
	LEFT JOIN products p ON p.id = d.product_id `

func (l *DeliveryRow) dst() []any {
	return append(
		l.Delivery.dst(), &l.Product, &l.Connection, &l.Module, &l.Hint, &l.Owner.ProductID, &l.Owner.GroupID,
		&l.Owner.UserID, &l.Down, timeTo(&l.ProbeAt), &l.Kept,
	)
}

// Attempt is one try of a delivery.
type Attempt struct {
	Number   int
	At       time.Time
	Duration time.Duration
	Result   string // the kind of its result, also ResultUnsure or ResultLost
	Status   int    // of HTTP, 0 = no answer
	Reason   string
	Answer   string // its first 4 KB
	Private  bool   // the answer comes from a private address: only administrators see it
	Probe    bool   // it checks whether the receiver is back
}

// Delivery finds a delivery in scope.
func (r queries) Delivery(ctx context.Context, scope Scope, id int64) (DeliveryRow, error) {
	cond, args := deliveryCondition(scope, DeliveryFilter{})
	var l DeliveryRow
	err := r.get(ctx, deliveryRowSelect+"WHERE d.id = ? AND "+cond, append([]any{id}, args...), l.dst()...)
	if err != nil {
		return DeliveryRow{}, notFound(err, "delivery")
	}
	return l, nil
}

// AttemptsOf lists a delivery's attempts in order. The delivery must have come
// from a scoped read.
func (r queries) AttemptsOf(ctx context.Context, d Delivery) ([]Attempt, error) {
	var list []Attempt
	err := r.query(ctx, `
		SELECT number, at, duration, result, status, reason, answer, private, probe
		FROM attempts
		WHERE delivery_id = ?
		ORDER BY number`, []any{d.ID}, collect(&list, func(a *Attempt) []any {
		return []any{
			&a.Number, timeTo(&a.At), (*int64)(&a.Duration), &a.Result, &a.Status, &a.Reason, &a.Answer, &a.Private,
			&a.Probe,
		}
	}))
	return list, err
}

// DeliveryFilter narrows the delivery log. Zero fields do not narrow.
type DeliveryFilter struct {
	Place
	State        DeliveryState
	ProductID    int64
	ConnectionID int64
	EventID      int64
	Since        time.Time
	Until        time.Time // before it
	ResendID     int64
	IDs          []int64 // only these
	Connections  []int64 // only to these, unless nil
	Trouble      bool    // only retrying and dead
	Final        bool    // only final deliveries
	Limit        int

	fromID, toID int64 // see timesOfDeliveries
}

// deliveryCondition returns the condition of a scope and a filter on d.
func deliveryCondition(scope Scope, f DeliveryFilter) (string, []any) {
	cond := conditionOf(scope.whereDelivery())
	f.andFilter(&cond)
	return cond.text, cond.args
}

// DeliveryOrders has the order of the delivery log, newest first.
var DeliveryOrders = Orders[DeliveryRow]{
	"": {desc: true, columns: []orderColumn[DeliveryRow]{
		{sql: "d.id", value: func(d DeliveryRow) any { return d.ID }},
	}},
}

// Deliveries lists deliveries in scope, newest first unless the place has another order.
func (r queries) Deliveries(ctx context.Context, scope Scope, f DeliveryFilter) ([]DeliveryRow, error) {
	ids, err := r.deliveryIDs(ctx, scope, f)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	list := make([]DeliveryRow, 0, len(ids))
	for part := range slices.Chunk(ids, maxDeliveriesAtOnce) {
		err := r.query(ctx, deliveryRowSelect+"WHERE d.id IN ("+placeholders(len(part))+`)
			ORDER BY `+DeliveryOrders.by(f.Place), toAny(part), collect(&list, (*DeliveryRow).dst))
		if err != nil {
			return nil, err
		}
	}
	inOrder(f.Place, list)
	return list, nil
}

// maxDeliveriesAtOnce is how many rows one statement reads by their ids.
const maxDeliveriesAtOnce = 500

// CountDeliveries counts deliveries in scope, up to one more than MaxCounted.
func (r queries) CountDeliveries(ctx context.Context, scope Scope, f DeliveryFilter) (int, error) {
	if scope.user != 0 && !f.isNarrow() {
		f.Limit = MaxCounted + 1
		ids, err := r.deliveryIDs(ctx, scope, f)
		return len(ids), err
	}
	f, err := r.timesOfDeliveries(ctx, f)
	if err != nil {
		return 0, err
	}
	return r.countUpTo(ctx, "FROM deliveries d", conditionOf(deliveryCondition(scope, f)))
}

// DeliveryTally counts the deliveries in scope of some events, by event and state.
func (r queries) DeliveryTally(
	ctx context.Context, scope Scope, eventIDs []int64,
) (map[int64]map[DeliveryState]int, error) {
	tally := map[int64]map[DeliveryState]int{}
	if len(eventIDs) == 0 {
		return tally, nil
	}
	cond, args := scope.where("d.product_id")
	err := r.query(ctx, `
		SELECT d.event_id, d.state, count(*)
		FROM deliveries d
		WHERE d.event_id IN (`+placeholders(len(eventIDs))+`)
		AND `+cond+`
		GROUP BY d.event_id, d.state`, append(toAny(eventIDs), args...), func(rows scanner) error {
		var id int64
		var state DeliveryState
		var n int
		if err := rows.Scan(&id, &state, &n); err != nil {
			return err
		}
		if tally[id] == nil {
			tally[id] = map[DeliveryState]int{}
		}
		tally[id][state] = n
		return nil
	})
	return tally, err
}

// InsertDelivery saves a delivery and sets its id. made is false if the event, connection and
// recipient have one already.
func (tx *Tx) InsertDelivery(d *Delivery) (made bool, err error) {
	if d.EndpointID == 0 {
		d.EndpointID = d.ConnectionID
	}
	if d.DueSince.IsZero() {
		d.DueSince = d.CreatedAt
	}
	if d.State == DeliveryPending && !d.NextAt.IsZero() {
		if d.Turn, err = tx.turnOf(*d); err != nil {
			return false, err
		}
	}
	d.ID, err = tx.insert(`
		INSERT INTO deliveries (uuid, origin, event_id, connection_id, endpoint_id, product_id, recipient, title,
			state, reason, next_at, locked_until, claim, rank, turn, created_at, due_since, finished_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING
		RETURNING id`,
		d.UUID, d.Origin, nullID(d.EventID), d.ConnectionID, d.EndpointID, nullID(d.ProductID), d.Recipient, d.Title,
		d.State, d.Reason, micro(d.NextAt), micro(d.LockedUntil), d.Claim, d.Rank, d.Turn, micro(d.CreatedAt),
		micro(d.DueSince), micro(d.FinishedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
