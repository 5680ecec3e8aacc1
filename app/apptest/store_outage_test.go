package apptest_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// storeOutage is how long the database stays away in these tests; GATECRIER_OUTAGE=60 makes it the
// seconds of a trial.
func storeOutage(t *testing.T) time.Duration {
	t.Helper()
	return time.Duration(envInt(t, "GATECRIER_OUTAGE", 3)) * time.Second
}

// readiness returns the status and the text of /readyz.
func readiness(t *testing.T, p *apptest.Program) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// storeCallers are several callers that create products until stopped. They record which were
// acknowledged, and count the answers.
type storeCallers struct {
	mu       sync.Mutex
	created  []string
	statuses map[int]int
	bad      []string // answers that no outage excuses
	stopped  context.CancelFunc
	wg       sync.WaitGroup
}

func startCallers(t *testing.T, c *apptest.Client) *storeCallers {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &storeCallers{statuses: map[int]int{}, stopped: cancel}
	t.Cleanup(func() { cancel(); s.wg.Wait() })
	for i := range 8 {
		s.wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := fmt.Sprintf("caller %d product %d", i, n)
				s.record(name, c.Do("POST", "/products", object{"name": name, "description": strings.Repeat("x", 2000)}))
			}
		})
	}
	return s
}

func (s *storeCallers) record(name string, a apptest.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses[a.Status]++
	switch {
	case a.Status == http.StatusCreated:
		s.created = append(s.created, name)
	case a.Status == 0: // the test has ended
	case a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" ||
		!strings.Contains(a.Text, "database"):
		s.bad = append(s.bad, fmt.Sprintf("%d, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.Text))
	}
}

// stop stops the callers and checks that every refusal was a 503 that says why.
func (s *storeCallers) stop(t *testing.T) {
	t.Helper()
	s.stopped()
	s.wg.Wait()
	t.Logf("answers: %v", s.statuses)
	if len(s.bad) > 0 {
		t.Errorf("%d refusals are not a 503 with its reason, the first: %s", len(s.bad), s.bad[0])
	}
}

// checkKept checks that every acknowledged product is stored.
func (s *storeCallers) checkKept(t *testing.T, p *apptest.Program) {
	t.Helper()
	list, err := p.Store.Products(t.Context(), apptest.AllProducts(), models.ProductFilter{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]bool{}
	for _, row := range list {
		stored[row.Name] = true
	}
	var n int
	for _, name := range s.created {
		if !stored[name] {
			n++
		}
	}
	if n > 0 {
		t.Errorf("%d of %d acknowledged products are lost", n, len(s.created))
	}
}

// waitReady waits until the program is ready again, without any help.
func waitReady(t *testing.T, p *apptest.Program) {
	t.Helper()
	apptest.Eventually(t, "ready again", func() bool {
		status, _ := readiness(t, p)
		return status == http.StatusOK
	})
}

// checkOutageLog checks that the log of an outage has few lines, and its beginning and end.
func checkOutageLog(t *testing.T, p *apptest.Program, from int, state string, ends bool) {
	t.Helper()
	text := p.Logged()[from:]
	lines := strings.Count(text, "level=ERROR") + strings.Count(text, "level=WARN")
	t.Logf("%d lines of warnings and errors", lines)
	if lines > 12 {
		t.Errorf("%d log lines for one outage, of them:\n%.4000s", lines, text)
	}
	if !strings.Contains(text, `msg="database unavailable" state=`+state) {
		t.Errorf("the log does not name the state %s:\n%.4000s", state, text)
	}
	if ends && !strings.Contains(text, `msg="database available again"`) {
		t.Errorf("the log does not name the end of the outage:\n%.4000s", text)
	}
}

// checkNoExceptions checks that an outage is not reported as exceptions of the program.
func checkNoExceptions(t *testing.T, c *apptest.Client) {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", "/exceptions", nil)
	if a.Get("items.0") != nil {
		t.Errorf("the outage was reported as an exception: %s", a.Text)
	}
}

func checkNotReady(t *testing.T, p *apptest.Program, state string) {
	t.Helper()
	var text string
	apptest.Eventually(t, "/readyz names the state "+state, func() bool {
		var status int
		status, text = readiness(t, p)
		return status == http.StatusServiceUnavailable && strings.Contains(text, state)
	})
}

// mountSmall mounts a file system of some MiB, or skips the test where that is not allowed.
func mountSmall(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", mib)); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// The disk is full for a while: changes are refused with the reason, nothing that was acknowledged is
// lost, and work goes on as soon as the disk has room.
func TestStoreOutage_DiskFull(t *testing.T) {
	t.Parallel()
	dir := mountSmall(t, 96) // more than the callers fill
	p := apptest.Start(t, apptest.Options{Dir: dir})
	c := p.Client("admin")
	from := len(p.Logged())
	callers := startCallers(t, c)
	<-time.After(200 * time.Millisecond)
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, bytes.Repeat([]byte("x"), 97<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	checkNotReady(t, p, "full")
	<-time.After(storeOutage(t))
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	waitReady(t, p)
	callers.stop(t)
	callers.checkKept(t, p)
	waitReady(t, p)
	checkNoExceptions(t, c)
	checkOutageLog(t, p, from, "full", true)
}

// Another program locks the database file: changes wait and are then refused, and work goes on when
// the lock is gone.
func TestStoreOutage_DatabaseLocked(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	from := len(p.Logged())
	callers := startCallers(t, c)
	<-time.After(200 * time.Millisecond)
	unlock := modelstest.LockSQLite(t, filepath.Join(p.Dir, "gatecrier.db"))
	checkNotReady(t, p, "busy")
	<-time.After(storeOutage(t))
	unlock()
	waitReady(t, p)
	callers.stop(t)
	callers.checkKept(t, p)
	checkNoExceptions(t, c)
	checkOutageLog(t, p, from, "busy", true)
}

// PostgreSQL stops for a while.
func TestStoreOutage_PostgresStopped(t *testing.T) {
	t.Parallel()
	proxy := newProxy(t, modelstest.MigratedURL(t))
	p := apptest.Start(t, apptest.Options{DatabaseURL: proxy.url})
	c := p.Client("admin")
	from := len(p.Logged())
	callers := startCallers(t, c)
	<-time.After(200 * time.Millisecond)
	proxy.stop()
	checkNotReady(t, p, "gone")
	<-time.After(storeOutage(t))
	proxy.start(t)
	waitReady(t, p)
	callers.stop(t)
	callers.checkKept(t, p)
	checkNoExceptions(t, c)
	checkOutageLog(t, p, from, "gone", true)
}

// The log of the database is deleted while the program runs. What is written afterwards would be
// lost at the next start, so it is refused, and what was acknowledged is kept.
func TestStoreOutage_LogDeleted(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	from := len(p.Logged())
	callers := startCallers(t, c)
	<-time.After(200 * time.Millisecond)
	if err := os.Remove(filepath.Join(p.Dir, "gatecrier.db-wal")); err != nil {
		t.Fatal(err)
	}
	checkNotReady(t, p, "gone")
	callers.stop(t)
	callers.checkKept(t, p)
	if a := c.Do("POST", "/products", object{"name": "Late"}); a.Status != http.StatusServiceUnavailable {
		t.Errorf("a change after the log was deleted is answered by %d: %s", a.Status, a.Text)
	}
	checkOutageLog(t, p, from, "gone", false)
	dir := t.TempDir() // what kill -9 would leave
	for _, name := range []string{"gatecrier.db", "secret.key"} {
		body, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stopDuringOutage(t, p)
	p = apptest.Start(t, apptest.Options{Dir: dir})
	callers.checkKept(t, p)
}

// stopDuringOutage stops a program that cannot write what it has in memory, if it has something.
func stopDuringOutage(t *testing.T, p *apptest.Program) {
	t.Helper()
	if err := p.App.Stop(t.Context()); err != nil {
		t.Logf("stopped: %v", err)
	}
	p.App = nil
}

// The database file is replaced while the program runs.
func TestStoreOutage_FileReplaced(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	c.Must(http.StatusCreated, "POST", "/products", object{"name": "Early"})
	from := len(p.Logged())
	path := filepath.Join(p.Dir, "gatecrier.db")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a := c.Do("POST", "/products", object{"name": "Late"}); a.Status != http.StatusServiceUnavailable {
		t.Errorf("a change after the file was replaced is answered by %d: %s", a.Status, a.Text)
	}
	checkNotReady(t, p, "gone")
	checkOutageLog(t, p, from, "gone", false)
	stopDuringOutage(t, p)
}

// A page of the database is damaged: the answers and /readyz say so at once.
func TestStoreOutage_PageCorrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := apptest.Start(t, apptest.Options{Dir: dir})
	c := p.Client("admin")
	for i := range 40 {
		c.Must(http.StatusCreated, "POST", "/products",
			object{"name": fmt.Sprintf("Shop %d", i), "description": strings.Repeat("x", 2000)})
	}
	p.Stop()
	damage(t, filepath.Join(dir, "gatecrier.db"), "Shop 20")
	p = apptest.Start(t, apptest.Options{Dir: dir})
	c = p.Client("admin")
	from := len(p.Logged())
	for i := range 20 {
		if a := c.Do("GET", "/products?limit=100", nil); a.Status != http.StatusServiceUnavailable ||
			!strings.Contains(a.Text, "damaged") {
			t.Fatalf("read %d of a damaged page is answered by %d: %.300s", i, a.Status, a.Text)
		}
	}
	checkNotReady(t, p, "corrupt")
	checkOutageLog(t, p, from, "corrupt", false)
	if a := c.Do("POST", "/products", object{"name": "Late"}); a.Status != http.StatusServiceUnavailable {
		t.Errorf("a change of a damaged database is answered by %d: %s", a.Status, a.Text)
	}
	if found, err := p.Store.CheckIntegrity(t.Context()); err != nil || len(found.Problems) == 0 {
		t.Errorf("the check found %+v, %v", found, err)
	}
	stopDuringOutage(t, p)
}

// The health page shows that the database works, and the result of the check of its data.
func TestStoreOutage_HealthPage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		c.Must(http.StatusAccepted, "POST", "/jobs/check_integrity/run", nil)
		page := signedInAs(t, p, "admin")
		apptest.Eventually(t, "the health page shows the check", func() bool {
			_, text := page.get("/admin/health")
			return strings.Contains(text, "Writable") &&
				(strings.Contains(text, "No damage in") || strings.Contains(text, "amcheck"))
		})
	})
}

// damage overwrites the page of a file that contains a text.
func damage(t *testing.T, path, text string) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const size = 4096
	at := bytes.Index(body, []byte(text))
	if at < 0 {
		t.Fatalf("%s has no %q", path, text)
	}
	copy(body[at/size*size:], bytes.Repeat([]byte{0xA5}, size))
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// proxy forwards connections to PostgreSQL, and can stop like a server.
type proxy struct {
	url, address    string
	network, server string
	mu              sync.Mutex
	listener        net.Listener
	open            []net.Conn
}

func newProxy(t *testing.T, databaseURL string) *proxy {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{network: "tcp", server: u.Host, address: "127.0.0.1:0"}
	if q := u.Query(); u.Host == "" { // a socket in a directory
		p.network, p.server = "unix", filepath.Join(q.Get("host"), ".s.PGSQL."+cmp.Or(q.Get("port"), "5432"))
		q.Del("host")
		q.Del("port")
		u.RawQuery = q.Encode()
	}
	p.start(t)
	t.Cleanup(p.stop)
	u.Host = p.address
	p.url = u.String()
	return p
}

func (p *proxy) start(t *testing.T) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	p.address, p.listener = listener.Addr().String(), listener
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := new(net.Dialer).DialContext(t.Context(), p.network, p.server)
			if err != nil {
				in.Close() //nolint:errcheck // the client sees it
				continue
			}
			p.mu.Lock()
			p.open = append(p.open, in, out)
			p.mu.Unlock()
			go io.Copy(in, out) //nolint:errcheck // ends with the connections
			go io.Copy(out, in) //nolint:errcheck // ends with the connections
		}
	}()
}

func (p *proxy) stop() {
	p.listener.Close() //nolint:errcheck // a second close is harmless
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		c.Close() //nolint:errcheck // the other end can have closed it
	}
	p.open = nil
}
