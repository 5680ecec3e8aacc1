package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/admin"
	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// pagesData is how much a database for measuring pages has.
type pagesData struct {
	products, rows, connections int // rows of events, notifications and deliveries each
}

// largePages is a large installation.
func largePages(rows int) pagesData { return pagesData{products: 10_000, rows: rows, connections: 400} }

// firstOfPages is where the ids of the rows begin.
const firstOfPages = 1000

// Users of a database for measuring pages, beside the administrator: one of a hundred products, and one
// of a hundred whose rows are all old.
const (
	pagesMember = "member"
	pagesOld    = "old"
)

// fillPages fills the database of a stopped program, in which both users are. A tenth of the gates
// have failed, a message in 100 was given up, and one in 1,000 is tried again. Four of five messages go
// to the connection busy.
func fillPages(t testing.TB, url string, data pagesData, busy int64, now time.Time) {
	t.Helper()
	const first = firstOfPages
	const soon = int64(10 * time.Minute / time.Microsecond)
	const month = int64(30 * 24 * time.Hour / time.Microsecond)
	end := now.UnixMicro()
	numbers := func(n int) string {
		return fmt.Sprintf(
			"WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n-1,
		)
	}
	// The last hundredth of the products has rows in the first tenth alone.
	old := max(1, data.products/100)
	product := fmt.Sprintf("%d + CASE WHEN i < %d THEN (i * 7919) %% %d ELSE (i * 7919) %% %d END",
		first, data.rows/10, data.products, data.products-old)
	at := fmt.Sprintf("%d + i * %d", end-month, month/int64(data.rows))
	connection := fmt.Sprintf("CASE WHEN i %% 5 = 0 THEN %d + (i / 5) %% %d ELSE %d END", first, data.connections, busy)
	for _, statement := range []string{
		numbers(20) + `INSERT INTO product_groups (id, name, created_at, updated_at)
			SELECT ` + fmt.Sprint(first) + ` + i, 'group ' || i, 1, 1 FROM n`,
		numbers(data.products) + fmt.Sprintf(`INSERT INTO products (id, name, group_id, created_at, updated_at)
			SELECT %d + i, 'product ' || i, %d + i %% 20, 1, 1 FROM n`, first, first),
		numbers(data.products) + fmt.Sprintf(`INSERT INTO branches (product_id, name, is_default, evaluated, gate_state,
				gate_since, counted_at, created_at)
			SELECT %d + i, 'main', TRUE, TRUE, CASE WHEN i %% 10 = 0 THEN 'failed' ELSE 'passed' END, 1, 1, 1
			FROM n`, first),
		numbers(100) + fmt.Sprintf(`INSERT INTO members (user_id, product_id, role, created_at)
			SELECT u.id, CASE WHEN u.name = '%s' THEN %d - i %% %d ELSE %d + (i * 97) %% %d END, 'maintainer', 1
			FROM n CROSS JOIN users u WHERE u.name IN ('%s', '%s')
			ON CONFLICT DO NOTHING`,
			pagesOld, first+data.products-1, old, first, data.products, pagesOld, pagesMember),
		numbers(data.connections) + fmt.Sprintf(`INSERT INTO connections (id, product_id, module, name, hint, created_at,
				updated_at)
			SELECT %d + i, %d + i, 'webhook', 'connection ' || i, 'example.com', 1, 1
			FROM n`, first, first),
		numbers(data.connections) + fmt.Sprintf(`INSERT INTO connection_health (connection_id, last_success_at)
			SELECT %d + i, 1 FROM n`, first),
		numbers(data.rows) + fmt.Sprintf(`INSERT INTO events (id, uuid, type, version, product_id, actor, at, payload)
			SELECT %d + i, 'e' || i, 'gate.changed', 1, %s, 'ci', %s, '{}' FROM n`, first, product, at),
		numbers(data.rows) + fmt.Sprintf(`INSERT INTO notifications (event_id, product_id, type, tone, name, message, at,
				severity)
			SELECT %d + i, %s, 'gate.changed', 'bad', 'Security gate failed', '1 critical (threshold 0): CVE-2026-' || i, %s, 0
			FROM n`, first, product, at),
		numbers(data.rows) + fmt.Sprintf(`INSERT INTO deliveries (id, uuid, event_id, connection_id, endpoint_id, product_id,
				recipient, state, attempts, due_since, next_at, created_at, finished_at, title)
			SELECT %[1]d + i, 'd' || i, %[1]d + i, %[2]s, %[2]s, %[3]s, '',
				CASE WHEN i %% 1000 = 7 THEN 'retrying' WHEN i %% 100 = 3 THEN 'dead' ELSE 'delivered' END, 1, %[4]s,
				CASE WHEN i %% 1000 = 7 THEN %[5]d END, %[4]s, %[4]s, 'Security gate failed'
			FROM n`, first, connection, product, at, end+soon),
	} {
		modelstest.Exec(t, url, statement)
	}
}

// newPages starts a program whose database has data, with sessions of users by name. extra is of
// apptest.Options.
func newPages(
	t testing.TB, data pagesData, extra func(*app.App) []admin.Route,
) (p *apptest.Program, busy int64, users map[string]*http.Client) {
	t.Helper()
	o := apptest.Options{Dir: t.TempDir()}
	p = apptest.Start(t, o)
	p.User(pagesMember)
	p.User(pagesOld)
	busy = newConnection(t, p.Client("admin"), "system", "busy", "http://127.0.0.1:9/")
	p.Stop()
	fillPages(t, "sqlite:"+filepath.Join(o.Dir, "gatecrier.db"), data, busy, time.Now())
	o.Extra = extra
	p = apptest.Start(t, o)
	users = map[string]*http.Client{}
	for _, name := range []string{"admin", pagesMember, pagesOld} {
		users[name] = newHTTPClient(t)
		login := encodeForm("name", name, "password", apptest.Password)
		status, _ := submitForm(t, users[name], p.URL+"/login", login, formKind)
		if status != http.StatusSeeOther {
			t.Fatalf("sign in as %s: %d", name, status)
		}
	}
	return p, busy, users
}

// readPage requests a page and returns its size.
func readPage(t testing.TB, c *http.Client, url string) int64 {
	t.Helper()
	res, err := c.Get(url) //nolint:noctx // the test ends with it
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, res.StatusCode, err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// BenchmarkPages reads the pages of a large installation, and of one with a tenth of its rows.
func BenchmarkPages(b *testing.B) {
	for _, rows := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			p, busy, users := newPages(b, largePages(rows), nil)
			for _, page := range pagesToMeasure(busy) {
				b.Run(page.user+strings.ReplaceAll(page.path, "/", ":"), func(b *testing.B) {
					var size int64
					for b.Loop() {
						size = readPage(b, users[page.user], p.URL+page.path)
					}
					b.ReportMetric(float64(size), "bytes/page")
				})
			}
		})
	}
}

// measuredPage is a page, and who reads it.
type measuredPage struct{ user, path string }

func pagesToMeasure(busy int64) []measuredPage {
	var list []measuredPage
	for _, user := range []string{"admin", pagesMember, pagesOld} {
		for _, path := range []string{
			"/", "/inbox", "/inbox?filter=unread", "/inbox?q=nowhere", "/products", "/deliveries",
			"/deliveries?state=dead", "/deliveries?state=retrying", "/deliveries?state=silenced", "/deliveries?within=24h",
			"/deliveries?since=2020-01-01T00:00&until=2020-01-02T00:00", "/connections", "/observations",
		} {
			list = append(list, measuredPage{user, path})
		}
	}
	return append(list,
		measuredPage{"admin", "/admin/health"},
		measuredPage{"admin", fmt.Sprintf("/connections/%d", busy)},
		measuredPage{"admin", fmt.Sprintf("/deliveries?connection=%d", busy)},
		measuredPage{"admin", fmt.Sprintf("/deliveries?connection=%d&state=dead", busy)},
		measuredPage{pagesMember, "/products/1097"},
		measuredPage{pagesMember, "/products/1097?tab=deliveries"},
	)
}
