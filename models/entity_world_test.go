package models_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"gatecrier/app/secret"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// noon is the time at which the clock of these tests begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world makes entities, one transaction each.
type world struct {
	t     testing.TB
	s     *models.Store
	clock *modelstest.Clock
}

// each runs fn on both databases, each with a clock of its own.
func each(t *testing.T, fn func(t *testing.T, w world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		clock := modelstest.NewClock(noon)
		fn(t, world{t, modelstest.SQLiteAt(t, clock.Now), clock})
	})
	t.Run("postgres", func(t *testing.T) {
		clock := modelstest.NewClock(noon)
		fn(t, world{t, modelstest.PostgresAt(t, clock.Now), clock})
	})
}

func (w world) write(fn func(tx *models.Tx) error) {
	w.t.Helper()
	write(w.t, w.s, fn)
}

func (w world) user(name string) int64 {
	w.t.Helper()
	u := models.User{Name: name, Active: true}
	w.write(func(tx *models.Tx) error { u.ID = 0; return tx.CreateUser(&u) })
	return u.ID
}

func (w world) product(name string, owner int64) int64 {
	w.t.Helper()
	p := models.Product{Name: name, GateMode: models.GateStandard}
	w.write(func(tx *models.Tx) error { p.ID = 0; return tx.CreateProduct(&p, "main", owner) })
	return p.ID
}

func (w world) member(user, product int64, role models.Role) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		return tx.SaveMember(models.Member{UserID: user, ProductID: product, Role: role})
	})
}

func (w world) leave(user, product int64) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		was, err := tx.DeleteMember(models.Member{UserID: user, ProductID: product})
		if !was {
			w.t.Errorf("user %d was no member of product %d", user, product)
		}
		return err
	})
}

func (w world) connection(product int64, name string) int64 {
	w.t.Helper()
	return w.connectionOf(
		models.Connection{ProductID: &product, Module: "webhook", Name: name, Hint: "…" + name, Enabled: true},
	)
}

func (w world) connectionOf(c models.Connection) int64 {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		c.ID = 0
		return tx.CreateConnection(&c, func(string) (secret.Text, error) { return secret.Text{}, nil })
	})
	return c.ID
}

func appendEvent(tx *models.Tx, product int64, readers ...string) (models.Event, error) {
	e := models.Event{
		UUID:      rand.Text(),
		Type:      "gate.changed",
		Version:   1,
		ProductID: product,
		Actor:     "ann",
		At:        tx.Now(),
		Payload:   []byte(`{"a":1}`),
	}
	err := tx.InsertEvent(&e, readers...)
	return e, err
}

func (w world) event(product int64, readers ...string) models.Event {
	w.t.Helper()
	var e models.Event
	w.write(func(tx *models.Tx) (err error) { e, err = appendEvent(tx, product, readers...); return err })
	return e
}

// tell makes n events of a product with their notifications, and returns their ids.
func (w world) tell(product int64, n int) []int64 {
	w.t.Helper()
	var ids []int64
	w.write(func(tx *models.Tx) (err error) { ids, err = tellIn(tx, product, n); return err })
	return ids
}

func tellIn(tx *models.Tx, product int64, n int) ([]int64, error) {
	var ids []int64
	for i := range n {
		e, err := appendEvent(tx, product)
		if err != nil {
			return nil, err
		}
		err = tx.InsertNotification(models.Notification{
			EventID: e.ID, ProductID: product, Type: e.Type, Tone: "bad",
			Name: fmt.Sprintf("News %d", i), Message: "What happened", At: e.At,
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// delivery makes a delivery of an event of its own that is due now, or waits for its queue.
func (w world) delivery(connection, product int64) models.Delivery {
	w.t.Helper()
	d := models.Delivery{
		Origin:       models.OriginEvent,
		EventID:      w.event(product).ID,
		ConnectionID: connection,
		EndpointID:   connection,
		ProductID:    product,
		State:        models.DeliveryPending,
		NextAt:       w.s.Now(),
	}
	obstacle, err := w.s.SendObstacleOf(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	if obstacle.Busy {
		d.NextAt = time.Time{}
	}
	return w.insert(d)
}

// test makes the delivery of a test, which has no event.
func (w world) test(connection, product int64) models.Delivery {
	w.t.Helper()
	return w.insert(
		models.Delivery{ConnectionID: connection, ProductID: product, State: models.DeliveryPending, NextAt: w.s.Now()},
	)
}

// originOf returns the origin of a delivery that is of an event or a test.
func originOf(d models.Delivery) models.DeliveryOrigin {
	if d.EventID == 0 {
		return models.OriginTest
	}
	return models.OriginEvent
}

func (w world) insert(d models.Delivery) models.Delivery {
	w.t.Helper()
	d.UUID, d.Title, d.CreatedAt = rand.Text(), "The gate has failed", w.s.Now()
	if d.Origin == "" {
		d.Origin = originOf(d)
	}
	w.write(func(tx *models.Tx) error {
		made, err := tx.InsertDelivery(&d)
		if err == nil && !made {
			err = fmt.Errorf("there is a delivery like %+v", d)
		}
		return err
	})
	return d
}

// due returns the ids of the deliveries that can be claimed, in order.
func (w world) due(except ...int64) []int64 {
	w.t.Helper()
	list, err := w.s.DueDeliveries(w.t.Context(), except, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []int64
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

// lease is how long the leases of these tests are.
const lease = 30 * time.Second

func (w world) claim(claim string, ids ...int64) []models.Delivery {
	w.t.Helper()
	var got []models.Delivery
	w.write(func(tx *models.Tx) (err error) { got, err = tx.Claim(claim, tx.Now().Add(lease), ids); return err })
	return got
}

// settle settles a delivery, and reports whether the claim was still held.
func (w world) settle(d models.Delivery, claim string, state models.DeliveryState, tried *models.Attempt) bool {
	w.t.Helper()
	var mine bool
	w.write(func(tx *models.Tx) (err error) {
		d.State = state
		if tried != nil {
			d.Attempts++
			d.Spent++
		}
		if state.Open() {
			d.NextAt = tx.Now().Add(time.Minute)
		} else {
			d.NextAt, d.FinishedAt = time.Time{}, tx.Now()
		}
		mine, err = tx.Settle(d, claim, tried)
		return err
	})
	return mine
}

func (w world) stored(id int64) models.Delivery {
	w.t.Helper()
	row, err := w.s.Delivery(w.t.Context(), all, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return row.Delivery
}

// count counts the rows of a table.
func (w world) count(table string) int {
	w.t.Helper()
	var n int
	if err := w.s.Get(w.t.Context(), "SELECT count(*) FROM "+table, nil, &n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

var all = models.SystemScope("a test looks at what is stored")
