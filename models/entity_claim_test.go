package models_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gatecrier/models"
)

// queue is a connection and a product.
type queue struct{ connection, product int64 }

// delivery log records which deliveries the claimers have got.
type sendLog struct {
	t        *testing.T
	mu       sync.Mutex
	inFlight map[queue]int64
	sent     map[queue][]int64
	took     map[string]int
}

func (l *sendLog) begin(claim string, d models.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := queue{d.ConnectionID, d.ProductID}
	if other := l.inFlight[at]; other != 0 {
		l.t.Errorf("%d was claimed while %d of its queue was sent", d.ID, other)
	}
	l.inFlight[at] = d.ID
	l.sent[at] = append(l.sent[at], d.ID)
	l.took[claim]++
}

// end records the end of a send before it is written: afterwards, another claimer can begin.
func (l *sendLog) end(d models.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.inFlight, queue{d.ConnectionID, d.ProductID})
}

// Several concurrent claimers send each delivery once, one at a time in each queue, and each
// queue in order.
func TestConcurrentClaimersKeepQueueOrder(t *testing.T) {
	const claimers, queues, long = 4, 6, 12
	each(t, func(t *testing.T, w world) {
		want := map[queue][]int64{}
		ann := w.user("ann")
		products := []int64{w.product("ours", ann), w.product("theirs", ann), w.product("another", ann)}
		for i := range queues {
			product := products[i/2]
			at := queue{w.connection(product, fmt.Sprint("target ", i)), product}
			for range long {
				want[at] = append(want[at], w.delivery(at.connection, at.product).ID)
			}
		}
		l := &sendLog{t: t, inFlight: map[queue]int64{}, sent: map[queue][]int64{}, took: map[string]int{}}
		var wg sync.WaitGroup
		for i := range claimers {
			wg.Go(func() { w.work(l, fmt.Sprint("claimer ", i)) })
		}
		wg.Wait()
		for at, ids := range want {
			if !slices.Equal(l.sent[at], ids) {
				t.Errorf("queue %v: sent %v, want %v", at, l.sent[at], ids)
			}
		}
		if n := w.count("deliveries WHERE state = 'delivered'"); n != queues*long {
			t.Errorf("%d delivered, want %d", n, queues*long)
		}
		if n := w.count("attempts"); n != queues*long {
			t.Errorf("%d attempts, want %d", n, queues*long)
		}
	})
}

// work claims and settles until nothing is open, for as long as that takes.
func (w world) work(l *sendLog, claim string) {
	for began := time.Now(); ; {
		if time.Since(began) > 30*time.Second {
			w.t.Errorf("%s: never done, %d are open", claim, w.open())
			return
		}
		due, err := w.s.DueDeliveries(w.t.Context(), nil, 4)
		if err != nil {
			w.t.Error(err)
			return
		}
		if len(due) == 0 {
			if w.open() == 0 {
				return
			}
			continue
		}
		ids := make([]int64, len(due))
		for i, d := range due {
			ids[i] = d.ID
		}
		if !w.send(l, claim, ids) {
			return
		}
	}
}

func (w world) open() int {
	var n int
	if err := w.s.Get(w.t.Context(), "SELECT count(*) FROM deliveries WHERE finished_at IS NULL", nil, &n); err != nil {
		w.t.Error(err)
		return 0
	}
	return n
}

func (w world) send(l *sendLog, claim string, ids []int64) bool {
	var got []models.Delivery
	err := w.s.Write(w.t.Context(), func(tx *models.Tx) (err error) {
		got, err = tx.Claim(claim, tx.Now().Add(lease), ids)
		return err
	})
	if err != nil {
		w.t.Error(err)
		return false
	}
	for _, d := range got {
		l.begin(claim, d)
	}
	for _, d := range got {
		l.end(d)
		err := w.s.Write(w.t.Context(), func(tx *models.Tx) error {
			d.State, d.FinishedAt = models.DeliveryDelivered, tx.Now()
			mine, err := tx.Settle(d, claim, &models.Attempt{At: tx.Now(), Result: "delivered"})
			if err == nil && !mine {
				w.t.Errorf("%s lost its claim of %d", claim, d.ID)
			}
			return err
		})
		if err != nil {
			w.t.Error(err)
			return false
		}
	}
	return true
}

// Two concurrent claimers of the same rows get each row once between them.
func TestConcurrentClaimsGetEachRowOnce(t *testing.T) {
	const rounds, rows, claimers = 20, 8, 4
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		for range rounds {
			var ids []int64
			for range rows {
				ids = append(ids, w.test(conn, product).ID)
			}
			got := w.race(claimers, ids)
			slices.Sort(got)
			if !slices.Equal(got, ids) {
				t.Fatalf("claimed %v of %v", got, ids)
			}
		}
	})
}

// race has claimers claim the same rows at once, in different orders, and
// returns what they got together.
func (w world) race(claimers int, ids []int64) []int64 {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var got []int64
	start := make(chan struct{})
	for i := range claimers {
		wanted := slices.Clone(ids)
		if i%2 == 1 {
			slices.Reverse(wanted)
		}
		wg.Go(func() {
			<-start
			var mine []models.Delivery
			err := w.s.Write(w.t.Context(), func(tx *models.Tx) (err error) {
				mine, err = tx.Claim(fmt.Sprint(i), tx.Now().Add(lease), wanted)
				return err
			})
			if err != nil {
				w.t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, d := range mine {
				got = append(got, d.ID)
			}
		})
	}
	close(start)
	wg.Wait()
	return got
}
