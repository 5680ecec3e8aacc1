package apptest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// envInt returns a number from the environment, for trials that are longer than tests.
func envInt(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// arrival is a message as a recorder got it.
type arrival struct {
	queue, id string
	number    int // number of the gate change of its product
	at        time.Time
}

// recorder is the receiver of many queues. It keeps the messages in order.
type recorder struct {
	url   string
	after time.Duration // how long it takes for an answer
	hold  atomic.Int64  // how much longer it takes now

	mu     sync.Mutex
	got    []arrival
	latest map[string]int // the highest number of a queue
}

// newRecorder starts a recorder that delays its answers, so that a kill leaves a send that has
// arrived without a recorded result.
func newRecorder(t testing.TB, after time.Duration) *recorder {
	t.Helper()
	r := &recorder{after: after, latest: map[string]int{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// ServeHTTP records a message.
func (r *recorder) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	var body struct {
		Type string
		Data struct {
			Counts struct{ Critical, Medium int }
		}
	}
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil || body.Type != "gate.changed" {
		return
	}
	defer func() {
		select {
		case <-time.After(r.after + time.Duration(r.hold.Load())):
		case <-req.Context().Done(): // its sender is gone
		}
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	a := arrival{
		req.URL.Path,
		req.Header.Get("webhook-id"),
		max(body.Data.Counts.Critical, body.Data.Counts.Medium),
		time.Now(),
	}
	r.got = append(r.got, a)
	r.latest[a.queue] = max(r.latest[a.queue], a.number)
}

func (r *recorder) arrivals() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// lastOf returns the number of the change that a queue got last.
func (r *recorder) lastOf(queue string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range slices.Backward(r.got) {
		if a.queue == queue {
			return a.number
		}
	}
	return 0
}

func (r *recorder) countOf(queue string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest[queue]
}

// countsNumbered returns counts with which a gate fails (odd n) or passes (even n), and which no
// other change of its product has.
func countsNumbered(n int) map[string]int {
	if n%2 == 1 {
		return criticalCounts(n)
	}
	c := criticalCounts(0)
	c["medium"] = n
	return c
}

// gateWriter changes the gate of a product repeatedly.
type gateWriter struct {
	productFixture
	queue    string
	recorder *recorder
	patient  bool // it waits until a change has arrived before it makes the next
	acked    int  // the last change that was answered for
}

// run changes the gate until stop is closed. It repeats a change whose answer is lost, because the
// program can have made it or not.
func (w *gateWriter) run(ctx context.Context, url *atomic.Value, token string, stop <-chan struct{}) {
	for n := 1; ; n++ {
		for !w.putCounts(ctx, url, token, n) {
			<-time.After(5 * time.Millisecond)
		}
		w.acked = n
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
			}
			if !w.patient || w.recorder.countOf(w.queue) >= n {
				break
			}
		}
	}
}

func (w *gateWriter) putCounts(ctx context.Context, url *atomic.Value, token string, n int) bool {
	body, err := json.Marshal(object{"scanner": "x", "counts": countsNumbered(n)})
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, fmt.Sprint(url.Load(), "/api/v1", w.path, "/counts"),
		bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.Body.Close() == nil && err == nil && res.StatusCode == http.StatusOK
}

// allItems returns all items of an API list.
func allItems(c *apptest.Client, path string) []map[string]any {
	var all []map[string]any
	for cursor := ""; ; {
		a := c.Must(http.StatusOK, "GET", path+"limit=100"+cursor, nil)
		list, _ := a.Get("items").([]any)
		for _, item := range list {
			if row, ok := item.(map[string]any); ok {
				all = append(all, row)
			}
		}
		next, _ := a.Get("next_cursor").(string)
		if next == "" {
			return all
		}
		cursor = "&cursor=" + next
	}
}

// The program is killed at random moments while gates change, and started again
// on the same data. GATECRIER_KILLS says how often, GATECRIER_SEED when.
func TestKills_LoseNothing(t *testing.T) {
	t.Parallel()
	kills, seed := envInt(t, "GATECRIER_KILLS", 4), envInt(t, "GATECRIER_SEED", rand.IntN(1_000_000))
	t.Logf("GATECRIER_KILLS=%d GATECRIER_SEED=%d", kills, seed)
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); killTrial(t, "", kills, seed) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); killTrial(t, modelstest.PostgresURL(t), kills, seed) })
}

func killTrial(t *testing.T, database string, kills, seed int) {
	const queues = 8
	chance := rand.New(rand.NewPCG(uint64(seed), 0))
	dir, r := t.TempDir(), newRecorder(t, 3*time.Millisecond)
	spawned := spawnOptions{dir: dir, database: database, movable: true}
	p := startProcessWith(t, spawned)
	c := p.client(t)
	var url atomic.Value
	url.Store(p.url)
	writers := make([]*gateWriter, queues)
	for i := range writers {
		queue := fmt.Sprintf("/queue/%d", i)
		writers[i] = &gateWriter{
			productFixture: newProduct(t, c, queue, r.url+queue), queue: queue, recorder: r, patient: i%2 == 0,
		}
	}
	stop := make(chan struct{})
	var done sync.WaitGroup
	for _, w := range writers {
		done.Go(func() { w.run(t.Context(), &url, c.Token, stop) })
	}
	for i := range kills {
		<-time.After(time.Duration(50+chance.IntN(400)) * time.Millisecond)
		p.kill()
		// The next process starts after the leases of this one.
		spawned.ahead = time.Duration(i+1) * leap
		p = startProcessWith(t, spawned)
		url.Store(p.url)
	}
	<-time.After(200 * time.Millisecond)
	close(stop)
	done.Wait()
	c = apptest.NewClient(t, p.url, c.Token)
	changes := 0
	for _, w := range writers {
		changes += w.acked
	}
	apptest.Eventually(t, "all changes are routed", func() bool { return len(allItems(c, "/deliveries?")) >= changes })
	apptest.Drain(t, p.store(t))
	auditDeliveries(t, c, r, writers, kills*queues)
}

// auditDeliveries compares the requested changes with the history, the delivery log and the arrived
// messages.
func auditDeliveries(t *testing.T, c *apptest.Client, r *recorder, writers []*gateWriter, inFlight int) {
	t.Helper()
	deliveries := map[string]object{} // by message id
	byProduct := map[int64]map[int64]object{}
	for _, d := range allItems(c, "/deliveries?") {
		id, _ := d["message_id"].(string)
		deliveries[id] = d
		product := int64(d["product"].(map[string]any)["id"].(float64))
		if byProduct[product] == nil {
			byProduct[product] = map[int64]object{}
		}
		event, _ := d["event_id"].(float64)
		byProduct[product][int64(event)] = d
	}
	arrived := map[string]bool{}
	for _, a := range r.arrivals() {
		arrived[a.id] = true
	}
	total, cancelled := 0, 0
	for _, w := range writers {
		history := allItems(c, w.path+"/gate/history?")
		slices.Reverse(history)
		if len(history) != w.acked {
			t.Errorf("%s: %d changes in the history, %d were answered for", w.queue, len(history), w.acked)
		}
		for i, change := range history {
			if n := changeNumber(change); n != i+1 {
				t.Errorf("%s: change %d of the history is %d", w.queue, i+1, n)
			}
			event, _ := change["event_id"].(float64)
			d := byProduct[w.id][int64(event)]
			total++
			switch state := d["state"]; {
			case state == "delivered":
			case state == "cancelled" && strings.HasPrefix(fmt.Sprint(d["reason"]), "Superseded: ") &&
				(!w.patient || arrived[fmt.Sprint(d["message_id"])]):
				cancelled++ // one in a hurry has made the next change, or it had arrived when its sender was killed
			default:
				t.Errorf("%s: the delivery of change %d is %v", w.queue, i+1, d)
			}
		}
		if n := r.lastOf(w.queue); n%2 != w.acked%2 {
			t.Errorf("%s: got change %d last, its gate has the state of change %d", w.queue, n, w.acked)
		}
		if n := r.countOf(w.queue); n != w.acked && n != w.acked-2 {
			t.Errorf("%s: notified of change %d last, of %d", w.queue, n, w.acked)
		}
	}
	lost := auditArrivals(t, c, r, deliveries)
	if lost > inFlight {
		t.Errorf("%d attempts were lost, more than were in flight", lost)
	}
	t.Logf("%d changes, %d deliveries cancelled as out of date, %d arrivals, %d attempts lost", total, cancelled,
		len(r.arrivals()), lost)
}

func changeNumber(change map[string]any) int {
	counts, _ := change["counts"].(map[string]any)
	critical, _ := counts["critical"].(float64)
	medium, _ := counts["medium"].(float64)
	return int(max(critical, medium))
}

// auditArrivals checks that the first arrivals of each queue are in order, and that only sends with
// an unknown result arrived twice. It returns the number of those sends.
func auditArrivals(t *testing.T, c *apptest.Client, r *recorder, deliveries map[string]map[string]any) (lost int) {
	t.Helper()
	times, last := map[string]int{}, map[string]int{}
	for _, a := range r.arrivals() {
		times[a.id]++
		if deliveries[a.id] == nil {
			t.Errorf("%s: %s is not in the deliveries", a.queue, a.id)
		}
		if times[a.id] > 1 {
			continue
		}
		if a.number <= last[a.queue] {
			t.Errorf("%s: change %d arrived after %d", a.queue, a.number, last[a.queue])
		}
		last[a.queue] = a.number
	}
	again := 0
	for id, d := range deliveries {
		if tried, _ := d["tried"].(float64); tried == 0 || tried == 1 && d["state"] == "delivered" && times[id] == 1 {
			continue
		}
		n := unansweredAttempts(c, d)
		lost += n
		again += max(0, times[id]-1)
		if times[id] > 1+n || d["state"] == "delivered" && times[id] == 0 {
			t.Errorf("%s arrived %d times, with %d attempts lost", id, times[id], n)
		}
	}
	t.Logf("%d messages arrived, %d of them again", len(times), again)
	return lost
}

// unansweredAttempts counts a delivery's attempts with an unknown result.
func unansweredAttempts(c *apptest.Client, d map[string]any) int {
	n := 0
	attempts, _ := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%.0f", d["id"]), nil).Get("attempts").([]any)
	for _, a := range attempts {
		if row, ok := a.(map[string]any); ok && row["result"] == "lost" {
			n++
		}
	}
	return n
}
