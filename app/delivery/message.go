package delivery

import (
	"context"
	"encoding/json"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

// message returns a delivery's event as the message that a module sends to a connection.
func (d *Dispatcher) message(ctx context.Context, c models.Connection, t sendTask) (module.Message, error) {
	m := module.Message{ID: "msg_" + t.delivery.UUID, Title: t.delivery.Title, Link: d.baseURL()}
	if t.delivery.Origin == models.OriginTest {
		return d.testMessage(m, t)
	}
	e := t.event
	var err error
	if e.ID == 0 {
		scope := models.SystemScope("the outbox sends for all users")
		if e, err = d.store.Event(ctx, scope, t.delivery.EventID); err != nil {
			return m, err
		}
	}
	notice, data, err := d.audience(c).For(e)
	if err != nil {
		return m, err
	}
	m.Type, m.Version, m.Time, m.Actor, m.Why, m.Data = e.Type, e.Version, e.At, e.Actor, notice.Above(), data
	m.Alone = notice.Message
	m.Key, m.Tone, m.Items = notice.Key, module.Tone(notice.Tone), itemsOf(notice.Items, d.baseURL())
	if m.Rest.Count = notice.Rest.Count; notice.Rest.Page != "" {
		m.Rest.Link = d.baseURL() + notice.Rest.Page
	}
	for _, f := range notice.Facts {
		m.Facts = append(m.Facts, module.Fact(f))
	}
	if m.Origin, err = d.origin(ctx, c, e, notice); err != nil {
		return m, err
	}
	page, err := d.page(ctx, e, notice)
	m.Link = d.baseURL() + page
	m.Actions = []module.Action{{Label: event.Type(e.Type).OpenLabel(), Link: m.Link}}
	for _, a := range notice.Actions {
		m.Actions = append(m.Actions, module.Action{Label: a.Label, Link: d.baseURL() + a.Page})
	}
	return m, err
}

// audience returns who reads the messages of a connection. Those of the system are for administrators;
// others are for users whose roles can change, and so is email to users.
func (d *Dispatcher) audience(c models.Connection) event.Audience {
	return event.Audience{
		Administrator: c.Owner().System() && c.Field != models.FieldPeople,
		AllData:       true, // its editors can see what the data of connections names
		UserData:      d.userData(),
	}
}

// page returns the path of the page about an event: of a gate change, its row of the history, else
// the page of its subject.
func (d *Dispatcher) page(ctx context.Context, e models.Event, n event.Notice) (string, error) {
	switch {
	case event.Type(e.Type) == event.GateChanged:
		change, _, err := d.store.AnnouncementOf(ctx, e)
		return event.ChangePage(e, change), err
	case n.Page != "":
		return n.Page, nil
	case e.ProductID != 0:
		return event.ProductPage(e.ProductID), nil
	}
	return "", nil
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

// Show returns what a delivery sends. It is computed from its event by the code that sends it, with
// the time of the last attempt, if it has any. The caller must have checked the right to see it.
func (d *Dispatcher) Show(ctx context.Context, row models.Delivery, last time.Time) (module.Shown, error) {
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
	message, err := d.message(ctx, c, sendTask{delivery: row})
	if err != nil {
		return module.Shown{}, err
	}
	message.Sent = last
	return shower.Show(ctx, config, message)
}
