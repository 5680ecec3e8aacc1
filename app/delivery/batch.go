package delivery

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatecrier/app/event"
	"gatecrier/models"
)

// EnqueueParams describes a message to a connection.
type EnqueueParams struct {
	Origin    models.DeliveryOrigin
	Event     models.Event // of models.OriginEvent, else zero
	ProductID int64        // without an event, which has its own
	Target    models.Target
	Recipient string // if one connection has several, else ""
	Title     string
	Skip      string // why it is not sent at all, "" to send it
	Silenced  string // what silences it, "" for nothing; takes precedence over Skip
}

// finalState returns the state in which a message ends without being sent, and why; "" if it is to
// be sent.
func (p EnqueueParams) finalState() (models.DeliveryState, string) {
	switch {
	case p.Silenced != "":
		return models.DeliverySilenced, p.Silenced
	case p.Skip != "":
		return models.DeliverySkipped, p.Skip
	}
	return "", ""
}

// newRow returns a message as a delivery that is due now, with a new UUID.
func (p EnqueueParams) newRow(now time.Time) (models.Delivery, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return models.Delivery{}, err
	}
	row := models.Delivery{
		UUID:         id.String(),
		Origin:       p.Origin,
		EventID:      p.Event.ID,
		ConnectionID: p.Target.ConnectionID,
		EndpointID:   p.Target.EndpointID,
		ProductID:    p.Event.ProductID,
		Recipient:    p.Recipient,
		Title:        p.Title,
		State:        models.DeliveryPending,
		NextAt:       now,
		CreatedAt:    now,
		DueSince:     now,
		Rank:         rankOf(p.Event),
	}
	if row.Origin != models.OriginEvent {
		row.ProductID = p.ProductID
	}
	return row, nil
}

// rankOf returns the rank of an event's messages.
func rankOf(e models.Event) models.DeliveryRank {
	if event.Type(e.Type).AboutException() {
		return models.RankException
	}
	return models.RankFirst
}

// Batch writes the deliveries of one transaction. Those that can be sent at once are written as
// leased to this instance and start after the commit; the others wait to be claimed.
type Batch struct {
	d        *Dispatcher
	tx       *models.Tx
	reserved map[int64]int
	tasks    []sendTask
	mustWake bool
	last     models.Delivery

	// What a restore holds; read once.
	restore     models.Restore
	hasRestore  bool
	restoreRead bool
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

// Enqueue writes a delivery. A second one for the same event, connection and recipient changes
// nothing.
func (b *Batch) Enqueue(p EnqueueParams) error {
	now := b.tx.Now()
	row, err := p.newRow(now)
	if err != nil {
		return err
	}
	if state, why := p.finalState(); state != "" {
		row.State, row.Reason, row.NextAt, row.FinishedAt = state, why, time.Time{}, now
		_, err := b.tx.InsertDelivery(&row)
		return err
	}
	held, err := b.isHeld(p.Event)
	if err != nil {
		return err
	}
	if held {
		row.State, row.Reason, row.NextAt = models.DeliveryHeld, reasonUnconfirmed, time.Time{}
		_, err := b.tx.InsertDelivery(&row)
		return err
	}
	reserved, err := b.reserveSend(&row, p.Target.Module)
	if err != nil {
		return err
	}
	if reserved {
		row.State, row.Claim, row.LockedUntil = models.DeliverySending, b.d.newClaim(), now.Add(leaseTime)
	}
	made, err := b.tx.InsertDelivery(&row)
	if err != nil || !made {
		return err
	}
	b.last = row
	if !reserved {
		b.mustWake = true
		return nil
	}
	b.reserved[row.EndpointID]++
	b.tasks = append(b.tasks, sendTask{delivery: row, event: p.Event})
	return nil
}

// isHeld reports whether a message about an event waits for the decision about a restore: the event is
// from the backup, and had not been routed then, or what it is about had waited in the backup.
func (b *Batch) isHeld(e models.Event) (bool, error) {
	if !b.restoreRead {
		var err error
		if b.restore, b.hasRestore, err = b.tx.Restore(b.tx.Context()); err != nil {
			return false, err
		}
		b.restoreRead = true
	}
	return holds(b.restore, b.hasRestore, e)
}

// reserveSend reserves a send for a message at the rate of its endpoint, and reports whether it can
// be sent at once: its queue is empty, its endpoint works, no other message is due before it, and
// it is within the limits. If the queue is busy, it clears the row's next time: the queue decides
// when the message is due. A test
// is sent whether the endpoint works or not: it is how a user finds out.
func (b *Batch) reserveSend(row *models.Delivery, module string) (bool, error) {
	var obstacle models.SendObstacle
	if row.Origin != models.OriginTest {
		var err error
		if obstacle, err = b.tx.SendObstacleOf(b.tx.Context(), *row); err != nil {
			return false, err
		}
	}
	if obstacle.Busy && row.Queues() {
		row.NextAt = time.Time{}
		return false, nil
	}
	limits := b.d.limits(module)
	if obstacle.Stopped || obstacle.Waits || !b.d.has(room{
		endpoint: row.EndpointID, rank: row.Rank, parallel: limits.Parallel, taken: b.reserved[row.EndpointID],
		promised: len(b.tasks),
	}) {
		return false, nil
	}
	n, err := b.d.takeSlots(b.tx, row.EndpointID, limits, 1)
	return n == 1, err
}

// Test sends a test message to a connection in the same way as all messages, and returns its
// delivery.
func (d *Dispatcher) Test(ctx context.Context, c models.Connection) (models.Delivery, error) {
	var made models.Delivery
	err := d.store.Write(ctx, func(tx *models.Tx) error {
		b := d.Batch(tx)
		err := b.Enqueue(EnqueueParams{
			Origin:    models.OriginTest,
			Target:    models.Target{ConnectionID: c.ID, EndpointID: c.Endpoint(), Module: c.Module},
			ProductID: c.Owner().ProductID, Title: "Test message from Gatecrier",
		})
		made = b.last
		return err
	})
	return made, err
}
