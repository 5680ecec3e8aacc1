package apptest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// writeFault is a fault of the database in writing the notifications of a product.
type writeFault struct{ url, make, end string }

// newWriteFault returns a fault whose error says something about the event, or with a code of
// PostgreSQL one about the server.
func newWriteFault(o apptest.Options, product int64, code string) writeFault {
	if o.DatabaseURL == "" {
		return writeFault{
			url: "sqlite:" + filepath.Join(o.Dir, "gatecrier.db"),
			make: fmt.Sprintf(`CREATE TRIGGER fault BEFORE INSERT ON notifications WHEN NEW.product_id = %d
				BEGIN SELECT RAISE(ABORT, 'too strange'); END`, product),
			end: "DROP TRIGGER fault",
		}
	}
	return writeFault{
		url: o.DatabaseURL,
		make: fmt.Sprintf(`CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				IF NEW.product_id = %d THEN RAISE EXCEPTION 'too strange' USING ERRCODE = '%s'; END IF;
				RETURN NEW; END $$;
			CREATE TRIGGER fault BEFORE INSERT ON notifications FOR EACH ROW EXECUTE FUNCTION fault()`, product, code),
		end: "DROP TRIGGER fault ON notifications",
	}
}

func (f writeFault) begin(t *testing.T) { t.Helper(); modelstest.Exec(t, f.url, f.make) }
func (f writeFault) stop(t *testing.T)  { t.Helper(); modelstest.Exec(t, f.url, f.end) }

// tries returns how often the first event was tried that could not be routed, with its reason.
func tries(c *apptest.Client) (int64, string) {
	a := c.Must(http.StatusOK, "GET", "/unrouted-events", nil)
	return a.ID("items.0.tries"), fmt.Sprint(a.Get("items.0.error"))
}

// An event that cannot be routed waits, with the later ones of its product, and delays no other
// product. Administrators see it with its reason, are notified once, and can retry it.
func TestUnrouted_EventIsRetriedAndShown(t *testing.T) {
	t.Parallel()
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		p := apptest.Start(t, o)
		c := p.Client("admin")
		broken, other := apptest.NewReceiver(t), apptest.NewReceiver(t)
		s, x := newProduct(t, c, "broken", broken.URL), newProduct(t, c, "other", other.URL)
		f := newWriteFault(o, s.id, "P0001")
		f.begin(t)
		setCritical(c, s, 1)
		apptest.Eventually(t, "it fails", func() bool { n, _ := tries(c); return n == 1 })
		setCritical(c, s, 0)
		setCritical(c, x, 1)
		other.Wait(t, 1)
		p.Clock.Advance(6 * time.Second)
		p.Wake()
		apptest.Eventually(t, "it fails again", func() bool { n, _ := tries(c); return n == 2 })
		for want := int64(3); want <= 4; want++ { // by hand: no clock moves
			c.Must(http.StatusAccepted, "POST", "/unrouted-events/retry", nil)
			apptest.Eventually(t, "it fails after a retry", func() bool { n, _ := tries(c); return n == want })
		}
		if _, why := tries(c); !strings.Contains(why, "too strange") {
			t.Errorf("the reason: %s", why)
		}
		page := signInAdmin(t, p)
		for _, path := range []string{"/admin/health", "/admin/unrouted"} {
			if _, _, text := getPage(t, page, p.URL+path); !strings.Contains(text, "too strange") {
				t.Errorf("%s does not show why", path)
			}
		}
		apptest.Eventually(t, "administrators are notified", func() bool {
			names, _ := notifications(c, "routing.failed")
			return len(names) == 1
		})
		f.stop(t)
		id := c.Must(http.StatusOK, "GET", "/unrouted-events", nil).ID("items.0.id")
		c.Must(http.StatusAccepted, "POST", fmt.Sprintf("/unrouted-events/%d/retry", id), nil)
		apptest.Eventually(t, "both changes are routed, in order", func() bool {
			a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries?connection=%d", s.target), nil)
			return a.ID("items.1.event_id") == id && a.ID("items.0.event_id") > id
		})
		c.Must(http.StatusNotFound, "POST", fmt.Sprintf("/unrouted-events/%d/retry", id), nil)
		if names, _ := notifications(c, "routing.failed"); len(names) != 1 {
			t.Errorf("notified %d times of one outage", len(names))
		}
	})
}

// An error of the database itself counts as no try: when it ends, routing goes on at once.
func TestUnrouted_DatabaseErrorsCountAsNoTry(t *testing.T) {
	t.Parallel()
	o := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)}
	p := apptest.Start(t, o)
	c := p.Client("admin")
	receiver := apptest.NewReceiver(t)
	s := newProduct(t, c, "Shop", receiver.URL)
	f := newWriteFault(o, s.id, "53100") // disk full
	f.begin(t)
	setCritical(c, s, 1)
	apptest.Eventually(t, "it fails some times", func() bool {
		p.Wake()
		return p.Store.Condition().Failures > 6
	})
	if n, why := tries(c); n != 0 {
		t.Errorf("%d tries are counted: %s", n, why)
	}
	f.stop(t)
	began := time.Now()
	receiver.Wait(t, 1)
	if took := time.Since(began); took > maxGap(t) {
		t.Errorf("it went on after %s", took)
	}
}
