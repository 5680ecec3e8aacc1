package delivery

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatecrier/models"
)

// EnqueueParams asks for a message to a connection.
type EnqueueParams struct {
	Event     models.Event // zero for a test
	ProductID int64        // of a test; an event knows its own
	Target    models.Target
	Recipient string // where one connection has several, else ""
	Title     string
	Skip      string // why it is not to be sent at all, "" = it is
	Held      string // by what it is held back, "" = by nothing; that comes before Skip
}

// finalState is the state in which a message ends at once, and why; "" where it is
// to be sent.
func (o EnqueueParams) finalState() (models.DeliveryState, string) {
	switch {
	case o.Held != "":
		return models.DeliverySuppressed, o.Held
	case o.Skip != "":
		return models.DeliverySkipped, o.Skip
	}
	return "", ""
}

// Batch writes the deliveries of one transaction. Those that may be sent at
// once are written as leased to this instance and start after the commit; the
// others wait to be claimed.
type Batch struct {
	d        *Dispatcher
	tx       *models.Tx
	reserved map[int64]int
	tasks    []sendTask
	mustWake bool
	last     models.Delivery
}

// Batch begins the deliveries of a transaction.
func (d *Dispatcher) Batch(tx *models.Tx) *Batch {
	b := &Batch{d: d, tx: tx, reserved: map[int64]int{}}
	tx.AfterCommit(func() {
		d.start(b.tasks)
		if b.mustWake {
			d.Wake()
		}
	})
	return b
}

// Enqueue writes a delivery. A second one of the same event, connection and
// recipient changes nothing.
func (b *Batch) Enqueue(o EnqueueParams) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	now := b.tx.Now()
	row := models.Delivery{
		UUID:         id.String(),
		EventID:      o.Event.ID,
		ConnectionID: o.Target.ConnectionID,
		EndpointID:   o.Target.EndpointID,
		ProductID:    o.Event.ProductID,
		Recipient:    o.Recipient,
		Title:        o.Title,
		State:        models.DeliveryPending,
		NextAt:       now,
		CreatedAt:    now,
		DueSince:     now,
	}
	if row.EventID == 0 {
		row.ProductID = o.ProductID
	}
	if state, why := o.finalState(); state != "" {
		row.State, row.Reason, row.NextAt, row.FinishedAt = state, why, time.Time{}, now
		_, err := b.tx.InsertDelivery(&row)
		return err
	}
	free, err := b.canSendNow(&row, o.Target.Module)
	if err != nil {
		return err
	}
	if free {
		row.State, row.Claim, row.LockedUntil = models.DeliverySending, b.d.lease(), now.Add(leaseTime)
	}
	made, err := b.tx.InsertDelivery(&row)
	if err != nil || !made {
		return err
	}
	b.last = row
	if !free {
		b.mustWake = true
		return nil
	}
	b.reserved[row.EndpointID]++
	b.tasks = append(b.tasks, sendTask{delivery: row, event: o.Event})
	return nil
}

// canSendNow reports whether a message may be sent at once: its queue is empty, its
// endpoint works, and there is room. One that waits for its queue gets no time. A
// test goes out whether the endpoint works or not: it is how a person finds out.
func (b *Batch) canSendNow(row *models.Delivery, module string) (bool, error) {
	position := models.QueuePosition{}
	if row.EventID != 0 {
		var err error
		if position, err = b.tx.QueuePositionOf(b.tx.Context(), *row); err != nil {
			return false, err
		}
	}
	if position.Busy && row.ProductID != 0 {
		row.NextAt = time.Time{}
		return false, nil
	}
	limits := b.d.limits(module)
	if position.Stopped || !b.d.hasRoom(row.EndpointID, limits, b.reserved[row.EndpointID], len(b.tasks)) {
		return false, nil
	}
	n, err := b.d.takeSlots(b.tx, row.EndpointID, limits, 1)
	return n == 1, err
}

// Test sends a test message to a connection by the way that all messages go,
// and returns its delivery.
func (d *Dispatcher) Test(ctx context.Context, c models.Connection) (models.Delivery, error) {
	var made models.Delivery
	err := d.store.Write(ctx, func(tx *models.Tx) error {
		b := d.Batch(tx)
		err := b.Enqueue(EnqueueParams{
			Target:    models.Target{ConnectionID: c.ID, EndpointID: c.Endpoint(), Module: c.Module},
			ProductID: c.Owner().ProductID, Title: "Test message from Gatecrier",
		})
		made = b.last
		return err
	})
	return made, err
}
