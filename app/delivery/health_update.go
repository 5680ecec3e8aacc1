package delivery

import (
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

// healthRule returns a connection's health after a result. It is pure.
type healthRule func(h models.Health, c completion, now time.Time) (models.Health, healthChange)

func endpointRule(h models.Health, c completion, now time.Time) (models.Health, healthChange) {
	return endpointHealthAfter(h, c.result, c.delivery.Probe, now)
}

func ownRule(h models.Health, c completion, now time.Time) (models.Health, healthChange) {
	return ownHealthAfter(h, c.result, now)
}

// updateHealth records what a result means for its connection and its endpoint, and notifies users
// when their state changes. The trouble of a shared server is notified once, as its own.
func (d *Dispatcher) updateHealth(tx *models.Tx, c completion) error {
	conn := c.target.Connection
	if c.delivery.EndpointID == conn.ID {
		if err := d.applyRules(tx, conn, c, endpointRule, ownRule); err != nil {
			return err
		}
	} else {
		server, err := tx.ConnectionWithHealth(tx.Context(), c.delivery.EndpointID)
		if err != nil {
			return err
		}
		if err := d.applyRules(tx, server.Connection, c, endpointRule); err != nil {
			return err
		}
		if err := d.applyRules(tx, conn, c, ownRule); err != nil {
			return err
		}
	}
	if c.result.Kind() == module.KindGone {
		return tx.DisableConnection(conn.ID, "The receiver says that this address no longer exists: "+c.result.Reason)
	}
	return nil
}

// applyRules updates the health of a connection by rules, and notifies of the changes.
func (d *Dispatcher) applyRules(tx *models.Tx, conn models.Connection, c completion, rules ...healthRule) error {
	h, err := tx.LockHealth(conn.ID)
	if err != nil {
		return err
	}
	var change healthChange
	for _, rule := range rules {
		var next healthChange
		h, next = rule(h, c, tx.Now())
		change = change.merge(next)
	}
	if change.closed {
		if err := tx.RetryNow(conn.ID); err != nil {
			return err
		}
	}
	if change.succeeded && !h.BrokenAt.IsZero() && h.RecoverUpTo == 0 {
		if h, err = d.startRecovery(tx, h, c.delivery.ID); err != nil {
			return err
		}
	}
	if err := tx.SaveHealth(h); err != nil {
		return err
	}
	if err := d.notifyTrouble(tx, conn, h, change.trouble); err != nil {
		return err
	}
	if h.RecoverUpTo == 0 {
		return nil
	}
	return d.finishRecovery(tx, conn)
}

// startRecovery marks the messages that waited when a connection recovered, up to the newest one.
// The recovery ends when they have all ended. first is the delivery that arrived.
func (d *Dispatcher) startRecovery(tx *models.Tx, h models.Health, first int64) (models.Health, error) {
	q, err := tx.BacklogOf(tx.Context(), h.ConnectionID, 0)
	h.RecoverUpTo = max(q.Last, first)
	if h.ClosedAt.Before(h.BrokenAt) { // the breaker never opened: it only rejected messages
		h.ClosedAt = tx.Now()
	}
	return h, err
}

// finishRecovery notifies that a connection has recovered, and how many messages it sent late,
// once none is left that waited then.
func (d *Dispatcher) finishRecovery(tx *models.Tx, c models.Connection) error {
	h, err := tx.LockHealth(c.ID)
	if err != nil || h.RecoverUpTo == 0 {
		return err
	}
	q, err := tx.BacklogOf(tx.Context(), c.ID, h.RecoverUpTo)
	if err != nil || q.Open > 0 {
		return err
	}
	late, err := tx.SentLate(tx.Context(), c.ID, h.RecoverUpTo, h.ClosedAt)
	if err != nil {
		return err
	}
	about, productID, err := d.describe(tx, c)
	if err != nil {
		return err
	}
	p := event.ConnectorRecovery{
		Connection: about.Connection,
		Product:    about.Product,
		UserID:     about.UserID,
		Since:      h.BrokenAt,
		Late:       late,
	}
	h.BrokenAt, h.RecoverUpTo = time.Time{}, 0
	if err := tx.SaveHealth(h); err != nil {
		return err
	}
	_, err = d.events.Append(tx, productID, "", p)
	return err
}

// notifyTrouble appends the event of a trouble.
func (d *Dispatcher) notifyTrouble(tx *models.Tx, c models.Connection, h models.Health, t event.Trouble) error {
	if t == "" {
		return nil
	}
	p, productID, err := d.describe(tx, c)
	if err != nil {
		return err
	}
	q, err := tx.BacklogOf(tx.Context(), c.Endpoint(), 0)
	if err != nil {
		return err
	}
	p.State, p.Reason, p.Since, p.Waiting = t, h.Reason, h.FailingSince, q.Open
	if p.Since.IsZero() {
		p.Since = tx.Now()
	}
	_, err = d.events.Append(tx, productID, "", p)
	return err
}

// pauseEndpoint ends the probes of an endpoint, and notifies of it.
func (d *Dispatcher) pauseEndpoint(tx *models.Tx, c models.Connection) error {
	h, err := tx.LockHealth(c.ID)
	if err != nil {
		return err
	}
	h, paused := healthAfterPause(h, tx.Now())
	if !paused {
		return nil
	}
	if err := tx.SaveHealth(h); err != nil {
		return err
	}
	return d.notifyTrouble(tx, c, h, event.TroublePaused)
}

// describe returns the event fields that name a connection and its owner, and the ID of its
// product, 0 for none.
func (d *Dispatcher) describe(tx *models.Tx, c models.Connection) (event.ConnectorError, int64, error) {
	p := event.ConnectorError{
		Connection: event.Connector{ID: c.ID, Name: c.Name, Module: c.Module},
		UserID:     c.Owner().UserID,
	}
	productID := c.Owner().ProductID
	if productID == 0 {
		return p, 0, nil
	}
	product, err := tx.Product(tx.Context(), models.SystemScope("an event names its product"), productID)
	if err != nil {
		return p, 0, err
	}
	p.Product = &event.Product{ID: productID, Name: product.Name}
	return p, productID, nil
}

// updateHealthAfterCancel updates the endpoint of a message that was not sent. A probe that sent
// nothing makes the next one due at once, and the message can have been the last late one.
func (d *Dispatcher) updateHealthAfterCancel(tx *models.Tx, c completion) error {
	h, err := tx.LockHealth(c.delivery.EndpointID)
	if err != nil {
		return err
	}
	if c.delivery.Probe && h.Open() {
		h.ProbeAt = tx.Now()
		if err := tx.SaveHealth(h); err != nil {
			return err
		}
	}
	if h.RecoverUpTo == 0 {
		return nil
	}
	target, err := tx.ConnectionWithHealth(tx.Context(), c.delivery.EndpointID)
	if err != nil {
		return err
	}
	return d.finishRecovery(tx, target.Connection)
}
