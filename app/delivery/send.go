package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

// sendTask is a message to send.
type sendTask struct {
	delivery models.Delivery
	event    models.Event // its ID is 0 if it is not read yet, or for a test
}

// attemptResult is the result of an attempt, or why none was made.
type attemptResult struct {
	result       module.Result
	cancelReason string // why it was not sent at all, "" if it was
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
	message, err := d.message(ctx, t)
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

// message returns a delivery's event as the message that a module sends.
func (d *Dispatcher) message(ctx context.Context, t sendTask) (module.Message, error) {
	m := module.Message{ID: "msg_" + t.delivery.UUID, Title: t.delivery.Title, Link: d.baseURL()}
	if t.delivery.EventID == 0 {
		return d.testMessage(m, t)
	}
	e := t.event
	if e.ID == 0 {
		var err error
		scope := models.SystemScope("the outbox sends for all users")
		if e, err = d.store.Event(ctx, scope, t.delivery.EventID); err != nil {
			return m, err
		}
	}
	notice, err := event.Describe(e)
	if err != nil {
		return m, err
	}
	m.Type, m.Version, m.Time, m.Actor, m.Why, m.Data = e.Type, e.Version, e.At, e.Actor, notice.Message, e.Payload
	m.Key, m.Tone, m.Items = notice.Key, module.Tone(notice.Tone), itemsOf(notice.Items, d.baseURL())
	for _, f := range notice.Facts {
		m.Facts = append(m.Facts, module.Fact(f))
	}
	switch {
	case notice.Page != "":
		m.Link = d.baseURL() + notice.Page
	case e.ProductID != 0:
		m.Link = fmt.Sprintf("%s/products/%d", d.baseURL(), e.ProductID)
	}
	return m, nil
}

// itemsOf returns the items of a notice with links: to the page elsewhere if they can have that
// link, else to their own.
func itemsOf(items []event.Item, baseURL string) []module.Item {
	list := make([]module.Item, len(items))
	for i, item := range items {
		list[i] = module.Item{Label: item.Label, Text: item.Text, Link: item.URL, More: item.More}
		if list[i].SafeLink() == "" && item.Page != "" {
			list[i].Link = baseURL + item.Page
		}
	}
	return list
}

func (d *Dispatcher) testMessage(m module.Message, t sendTask) (module.Message, error) {
	m.Type, m.Version, m.Time, m.Test = "gatecrier.test", 1, t.delivery.CreatedAt, true
	m.Why = "This is a test message. If you can read it, the target works"
	var err error
	m.Data, err = json.Marshal(map[string]string{"text": m.Why, "link": m.Link})
	return m, err
}

// Show returns what a delivery sends. It is computed from its event by the code that sends it. The
// caller must have checked the right to see it.
func (d *Dispatcher) Show(ctx context.Context, row models.Delivery) (module.Shown, error) {
	scope := models.SystemScope("the caller has read the delivery by its own scope")
	c, err := d.store.Connection(ctx, scope, row.ConnectionID)
	if err != nil {
		return module.Shown{}, err
	}
	sender, config, why := d.openConfig(c, row)
	shower, can := sender.(module.Shower)
	if why != nil || !can {
		return module.Shown{}, nil
	}
	message, err := d.message(ctx, sendTask{delivery: row})
	if err != nil {
		return module.Shown{}, err
	}
	return shower.Show(ctx, config, message)
}
