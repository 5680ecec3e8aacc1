package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gatecrier/models"
)

// sentProducts sends everything that is due at an endpoint, one message at a time, and returns the
// products of the messages in order.
func (w world) sentProducts() []int64 {
	w.t.Helper()
	var products []int64
	for {
		due := w.due()
		if len(due) == 0 {
			return products
		}
		d := w.claim("one", due[0])[0]
		products = append(products, d.ProductID)
		w.settle(d, "one", models.DeliveryDelivered, nil)
	}
}

// Products take turns at a shared endpoint, whatever the number of their recipients and of the
// messages in their queues.
func TestProductsTakeTurns(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		loud, calm, other := w.product("loud", ann), w.product("calm", ann), w.product("other", ann)
		conn := w.connection(loud, "a")
		insert := func(product int64, recipient string) {
			t.Helper()
			d := models.Delivery{
				EventID: w.event(product).ID, ConnectionID: conn, EndpointID: conn, ProductID: product,
				Recipient: recipient, State: models.DeliveryPending, NextAt: w.s.Now(),
			}
			obstacle, err := w.s.SendObstacleOf(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if obstacle.Busy {
				d.NextAt = time.Time{}
			}
			w.insert(d)
		}
		for i := range 10 {
			insert(loud, fmt.Sprint("recipient ", i%5))
		}
		for range 3 {
			insert(calm, "calm")
		}
		insert(other, "other")
		got := w.sentProducts()
		want := []int64{loud, calm, other, loud, calm, loud, calm}
		if len(got) != 14 || !slices.Equal(got[:7], want) {
			t.Errorf("sent %v, want %v first", got, want)
		}
	})
}

// Messages about exceptions are in a queue of their own, after all others of their endpoint.
func TestExceptionsGoLast(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		insert := func(rank models.DeliveryRank) models.Delivery {
			t.Helper()
			d := models.Delivery{
				EventID: w.event(product).ID, ConnectionID: conn, EndpointID: conn, ProductID: product, Rank: rank,
				State: models.DeliveryPending, NextAt: w.s.Now(),
			}
			obstacle, err := w.s.SendObstacleOf(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if obstacle.Busy {
				d.NextAt = time.Time{}
			}
			return w.insert(d)
		}
		exception, behind := insert(models.RankException), insert(models.RankException)
		gate := insert(models.RankFirst)
		wantDue(t, w, "the gate first", gate.ID, exception.ID)
		w.claim("one", exception.ID)
		w.settle(exception, "one", models.DeliveryDelivered, nil)
		wantDue(t, w, "the next exception", gate.ID, behind.ID)
		theirs := w.product("theirs", w.user("bob"))
		d := models.Delivery{ConnectionID: conn, EndpointID: conn, ProductID: theirs, Rank: models.RankException}
		if obstacle, err := w.s.SendObstacleOf(t.Context(), d); err != nil || !obstacle.Waits || obstacle.Busy {
			t.Errorf("an exception of another product: %+v, %v", obstacle, err)
		}
		w.claim("one", gate.ID)
		w.settle(gate, "one", models.DeliveryDelivered, nil)
		d.Rank = models.RankFirst
		if obstacle, err := w.s.SendObstacleOf(t.Context(), d); err != nil || obstacle.Waits {
			t.Errorf("a gate waits for exceptions: %+v, %v", obstacle, err)
		}
	})
}
