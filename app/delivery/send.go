package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// sendTask is a message to send.
type sendTask struct {
	delivery models.Delivery
	event    models.Event // its ID is 0 if it is not read yet, or there is none
}

// attemptResult is the result of an attempt, or why none was made.
type attemptResult struct {
	result       module.Result
	cancelReason string // why it was not sent at all, "" if it was
	kept         bool   // it was not sent: it waits until its target is turned on
	outdatedUpTo int64  // the event up to which its queue is outdated too, 0 for none
	target       models.ConnectionWithHealth
}

// send makes one attempt and passes on its result.
func (d *Dispatcher) send(ctx context.Context, t sendTask) {
	defer d.senders.Done()
	c := completion{delivery: t.delivery, began: d.store.Now()}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	began := time.Now()
	c.attemptResult = d.attemptSafely(ctx, t)
	c.took = time.Since(began)
	c.chance = rand.Float64() //nolint:gosec // it spreads retries, it keeps no secret
	d.results <- c
}

// attemptSafely turns a panic of attempt into a result: it must neither end the program nor recur
// at the next start.
func (d *Dispatcher) attemptSafely(ctx context.Context, t sendTask) (v attemptResult) {
	defer func() {
		if panicked := recover(); panicked != nil {
			stack := string(debug.Stack())
			d.log.Error("recover from a panic", "delivery", t.delivery.ID, "error", fmt.Sprint(panicked), "stack", stack)
			v = attemptResult{result: module.Permanent("its module failed: see the log")}
		}
	}()
	return d.attempt(ctx, t)
}

// attempt checks what can have changed since the message was decided on, and sends it by its
// module.
func (d *Dispatcher) attempt(ctx context.Context, t sendTask) attemptResult {
	target, err := d.store.ConnectionWithHealth(ctx, t.delivery.ConnectionID)
	if err != nil {
		return attemptResult{result: module.Transient("the target cannot be read")}
	}
	v := attemptResult{target: target}
	if target.KeepsWaiting && t.delivery.Origin != models.OriginTest {
		v.kept = true
		return v
	}
	if v.cancelReason, err = d.accessReason(ctx, t.delivery, target); err == nil && v.cancelReason == "" {
		v.cancelReason, v.outdatedUpTo, err = d.outdated(ctx, t.delivery, target)
	}
	if err != nil {
		d.log.Error("re-check before send", "delivery", t.delivery.ID, "error", err)
		v.result = module.Transient("the database could not be read")
		return v
	}
	if v.cancelReason != "" {
		return v
	}
	sender, config, why := d.openConfig(target.Connection, t.delivery)
	if why != nil {
		v.result = *why
		return v
	}
	message, err := d.message(ctx, target.Connection, t)
	if err != nil {
		d.log.Error("compose message", "delivery", t.delivery.ID, "error", err)
		v.result = module.Permanent("the message cannot be composed")
		return v
	}
	v.result = sender.Send(ctx, config, message)
	return v
}

// openConfig returns the sender and the configuration for a delivery, or the result if there is
// none.
func (d *Dispatcher) openConfig(
	c models.Connection, row models.Delivery,
) (sender module.Sender, config module.Config, why *module.Result) {
	m, ok := d.modules.Get(c.Module)
	sender, can := m.(module.Sender)
	if !ok || !can {
		r := module.Permanent("there is no module " + c.Module + " that sends")
		return nil, nil, &r
	}
	config, err := d.opener.Open(c)
	if err != nil {
		d.log.Error("open configuration", "connection", c.ID, "error", err)
		r := module.Transient("its configuration cannot be opened with this key")
		return nil, nil, &r
	}
	if row.Recipient != "" {
		config["to"] = row.Recipient
	}
	return sender, config, nil
}
