// Package apptest runs the whole program for tests: with its own port, database and clock,
// which tests move, and with receivers that record messages.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/admin"
	"gatecrier/app"
	"gatecrier/app/account"
	"gatecrier/app/module"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// Password is the password of every user in tests.
const Password = "correct horse battery"

// Program is a running Gatecrier.
type Program struct {
	*app.App
	URL   string
	Dir   string
	Clock *modelstest.Clock
	Log   *bytes.Buffer // read it after Stop; before that, call Logged
	log   *lockedWriter
	t     testing.TB
}

// Options change how Start starts a program. The zero value is the default.
type Options struct {
	Dir         string // an existing data directory
	DatabaseURL string
	BaseURL     string
	Strict      bool          // refuse requests to this host
	Proxies     string        // GATECRIER_TRUSTED_PROXIES: the tests' X-Forwarded-For is believed
	ClockBehind time.Duration // how far the clock starts before StartTime
	StartTime   time.Time     // when the clock starts; zero means now
	Extra       func(*app.App) []admin.Route
	Modules     []module.Module
	Jobs        []jobs.Job
}

// Start starts a program that stops at the end of the test.
func Start(t testing.TB, o Options) *Program {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	config := app.Config{
		Listen: "127.0.0.1:0", DataDir: o.Dir, DatabaseURL: o.DatabaseURL, LogLevel: "info",
		AdminUser: "admin", AdminPassword: Password, AllowNetworks: "127.0.0.0/8", TrustedProxies: o.Proxies,
		BaseURL: o.BaseURL,
	}
	if o.Strict {
		config.AllowNetworks = ""
	}
	if o.DatabaseURL == "" {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		// Migrating a new database for each test would take half of the start.
		modelstest.SQLiteFile(t, filepath.Join(o.Dir, "gatecrier.db"))
	}
	if o.StartTime.IsZero() {
		o.StartTime = time.Now()
	}
	p := &Program{Dir: o.Dir, Clock: modelstest.NewClock(o.StartTime.Add(-o.ClockBehind)), Log: &bytes.Buffer{}, t: t}
	p.log = &lockedWriter{w: p.Log}
	log := slog.New(slog.NewTextHandler(p.log, nil))
	var err error
	p.App, err = app.New(t.Context(), app.Options{
		Config:     config,
		Log:        log,
		Now:        p.Clock.Now,
		Stderr:     io.Discard,
		Extra:      o.Extra,
		Modules:    o.Modules,
		Jobs:       o.Jobs,
		HashMemory: 64,
	})
	if err != nil {
		t.Fatalf("make the program: %v", err)
	}
	if err := p.App.Start(t.Context()); err != nil {
		t.Fatalf("start the program: %v", err)
	}
	p.URL = "http://" + p.Addr()
	p.Clock.Before = finishDue(t.Context(), p.Store)
	t.Cleanup(p.Stop)
	return p
}

// Stop stops the program. A second call does nothing.
func (p *Program) Stop() {
	if p.App == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.App.Stop(ctx); err != nil {
		p.t.Errorf("stop the program: %v", err)
	}
	p.App = nil
	if p.t.Failed() {
		log := p.Log.String()
		p.t.Logf("end of the program's log:\n%s", log[max(0, len(log)-4000):])
	}
}

// Version returns the version of the program.
func (p *Program) Version() string { return app.Version }

// User creates a user.
func (p *Program) User(name string) models.User {
	p.t.Helper()
	u, err := p.Accounts.Create(p.t.Context(),
		account.NewUser{Name: name, Email: name + "@example.com", Password: Password})
	if err != nil {
		p.t.Fatalf("make user %s: %v", name, err)
	}
	return u
}

// Client returns an API client with a new token of the user.
func (p *Program) Client(user string) *Client {
	p.t.Helper()
	token, err := p.Accounts.CreateToken(p.t.Context(), user, account.NewToken{Name: "test"})
	if err != nil {
		p.t.Fatalf("make a token of %s: %v", user, err)
	}
	return &Client{URL: p.URL, Token: token, t: p.t}
}

// Logged returns what the program has logged so far.
func (p *Program) Logged() string {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	return p.Log.String()
}

// Logger returns a logger that writes to the program's log.
func (p *Program) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(p.log, nil)) }

// Client calls the API.
type Client struct {
	URL, Token string
	t          testing.TB
	header     http.Header // sent with each request
}

// NewClient returns a client of a program that runs elsewhere.
func NewClient(t testing.TB, url, token string) *Client { return &Client{URL: url, Token: token, t: t} }

// Answer is a response of the API.
type Answer struct {
	Status int
	Header http.Header
	Text   string
	JSON   map[string]any
}

// Get returns the value at a path of the JSON response ("gate.state", "items.0.id"), or nil.
func (a Answer) Get(path string) any {
	var v any = a.JSON
	for _, key := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			i := 0
			for _, c := range key {
				i = i*10 + int(c-'0')
			}
			if i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// ID returns the number at a path of the JSON response, or 0.
func (a Answer) ID(path string) int64 {
	f, _ := a.Get(path).(float64)
	return int64(f)
}

// Do calls the API. It sends a body that is no []byte as JSON.
func (c *Client) Do(method, path string, body any) Answer {
	c.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		r = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+"/api/v1"+path, r)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	text, err := io.ReadAll(res.Body)
	err = errors.Join(err, res.Body.Close())
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Text: string(text)}
	if at := res.Header.Get("Location"); res.StatusCode == http.StatusCreated && !strings.HasPrefix(at, "/api/v1/") {
		c.t.Errorf("%s %s: created at %q", method, path, at)
	}
	if len(text) > 0 && strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &a.JSON); err != nil {
			c.t.Fatalf("%s %s: answer is no JSON: %v\n%s", method, path, err, text)
		}
		if at := partialCounts(a.JSON, ""); at != "" && !strings.Contains(path, "openapi") {
			c.t.Errorf("%s %s: %s has not the six severities\n%s", method, path, at, text)
		}
	}
	return a
}

// partialCounts returns the path of counts that lack a severity, "" if there are none.
func partialCounts(v any, path string) string {
	switch in := v.(type) {
	case map[string]any:
		for name, inner := range in {
			isCounts := name == "counts" || strings.HasSuffix(name, "_counts")
			if counts, ok := inner.(map[string]any); ok && isCounts && len(counts) != len(models.Severities()) {
				return path + "." + name
			}
			if at := partialCounts(inner, path+"."+name); at != "" {
				return at
			}
		}
	case []any:
		for _, inner := range in {
			if at := partialCounts(inner, path+"[]"); at != "" {
				return at
			}
		}
	}
	return ""
}

// Must calls the API and stops the test unless the response has the status.
func (c *Client) Must(status int, method, path string, body any) Answer {
	c.t.Helper()
	a := c.Do(method, path, body)
	if a.Status != status {
		c.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, a.Status, status, a.Text)
	}
	return a
}

// WithHeader returns a client that sends one more header with each request.
func (c *Client) WithHeader(name, value string) *Client {
	header := c.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(name, value)
	return &Client{URL: c.URL, Token: c.Token, t: c.t, header: header}
}

// ForTest returns a client with the same token for another test.
func (c *Client) ForTest(t testing.TB) *Client { return &Client{URL: c.URL, Token: c.Token, t: t} }

// Report reads a scanner report of the test data.
func Report(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "app/ingest/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Root returns the top folder of the source tree.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the source tree was not found")
		}
		dir = filepath.Dir(dir)
	}
}

// Eventually waits for a condition that other goroutines fulfill. It waits for up to a minute, which
// only a fault takes, even on a busy machine.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// AllProducts returns the scope of a test, which includes all products.
func AllProducts() models.Scope { return models.SystemScope("a test") }
