package apptest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// frozenDir has a folder with the databases of each released schema; see its README.
const frozenDir = "app/apptest/testdata/schemas"

// nowhere is an address that refuses connections: the targets of a stored database have it.
const nowhere = "http://127.0.0.1:9"

// frozen is the content of expect.json: what a program must find in the stored databases.
type frozen struct {
	At      time.Time // when the databases were left
	Figures figures
	Keys    map[string]keys // by the kind of database, since they are random
}

// keys are the credentials that clients of the stored program have kept.
type keys struct {
	Tokens  map[string]string // API tokens by user
	Product string            // the token of Shop
	Session string            // the cookie of a browser that admin has signed in with
	Feed    string            // paths
	Badge   string
	Webhook string // the secret that signs messages to Shop's target
}

// figures are the responses of a program about its database. Both kinds of database have the same.
type figures struct {
	Products   map[string]productFigures
	Inboxes    map[string]inboxFigures      // by user
	Deliveries map[models.DeliveryState]int // number by state
	Settings   map[string]map[string]any    // by section, what was changed
	Silences   []string
	Exceptions []string
	Audit      int
}

type productFigures struct {
	Gate         string
	Counts       any
	Mode         string
	Thresholds   any
	Hold, Stale  any // in seconds
	Group        bool
	Branches     map[string]string        // gate, counts and reason
	History      []string                 // newest first
	Observations map[string]int           // number by status
	Roles        map[string][]models.Role // by user
}

type inboxFigures struct {
	Unread int64
	Rows   []string // newest first
}

// figuresOf reads the figures of a program.
func figuresOf(t *testing.T, p *apptest.Program, c *apptest.Client, users map[string]string) figures {
	t.Helper()
	f := figures{
		Products: map[string]productFigures{}, Inboxes: map[string]inboxFigures{}, Settings: map[string]object{},
	}
	products := c.Must(http.StatusOK, "GET", "/products?limit=100", nil)
	for i := range itemCount(products) {
		id := products.ID(fmt.Sprintf("items.%d.id", i))
		product := c.Must(http.StatusOK, "GET", fmt.Sprint("/products/", id), nil)
		f.Products[fmt.Sprint(product.Get("name"))] = figuresOfProduct(t, p, c, product, users)
	}
	for user, token := range users {
		own := apptest.NewClient(t, p.URL, token)
		in := inboxFigures{Unread: own.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread")}
		inbox := own.Must(http.StatusOK, "GET", "/notifications?limit=100", nil)
		in.Rows = itemLines(inbox, "type", "product.name", "name", "viewed")
		f.Inboxes[user] = in
	}
	var err error
	if f.Deliveries, err = p.Store.DeliveriesSince(t.Context(), apptest.AllProducts(), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	for section, fields := range frozenSettings() {
		a := c.Must(http.StatusOK, "GET", "/settings/"+section, nil)
		f.Settings[section] = object{"secrets": setSecrets(a)}
		for field := range fields {
			if field != "smtp_password" {
				f.Settings[section][field] = a.Get(field)
			}
		}
	}
	silences := c.Must(http.StatusOK, "GET", "/silences?limit=100", nil)
	f.Silences = itemLines(silences, "reason", "state", "silenced", "product.name", "ends_at")
	exceptions := c.Must(http.StatusOK, "GET", "/exceptions?limit=100", nil)
	f.Exceptions = itemLines(exceptions, "class", "state", "count", "product.name", "muted_until")
	f.Audit = itemCount(c.Must(http.StatusOK, "GET", "/audit?limit=100", nil))
	return f
}

// setSecrets returns which secrets of a section are set, nil if it has none: a newer program can have
// more of them.
func setSecrets(a apptest.Answer) any {
	secrets, _ := a.Get("secrets").(object)
	if secrets == nil {
		return nil
	}
	maps.DeleteFunc(secrets, func(_ string, isSet any) bool { return isSet == false })
	return secrets
}

func figuresOfProduct(
	t *testing.T, p *apptest.Program, c *apptest.Client, a apptest.Answer, users map[string]string,
) productFigures {
	t.Helper()
	id := a.ID("id")
	path := fmt.Sprint("/products/", id)
	f := productFigures{
		Gate: fmt.Sprint(a.Get("gate.state")), Counts: a.Get("gate.counts"), Mode: fmt.Sprint(a.Get("gate_mode")),
		Thresholds: a.Get("thresholds"), Hold: a.Get("hold_seconds"), Stale: a.Get("stale_after"),
		Group:    a.Get("group_id") != nil,
		Branches: map[string]string{}, Observations: map[string]int{}, Roles: map[string][]models.Role{},
	}
	branches, err := p.Store.Branches(t.Context(), apptest.AllProducts(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range branches {
		f.Branches[b.Name] = fmt.Sprint(b.Gate, " ", b.Counts, " ", b.Why)
	}
	f.History = itemLines(c.Must(http.StatusOK, "GET", path+"/gate/history?limit=100", nil), "from", "to", "at")
	all := models.ObservationFilter{ProductID: id, All: true, Limit: 10_000}
	observations, err := p.Store.Observations(t.Context(), apptest.AllProducts(), all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range observations {
		f.Observations[fmt.Sprint(o.Status, " ", o.Severity)]++
	}
	for name := range users {
		u, err := p.Store.UserByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if f.Roles[name], err = p.Store.RolesOf(t.Context(), u.ID, id); err != nil {
			t.Fatal(err)
		}
		slices.Sort(f.Roles[name])
	}
	return f
}

// itemLines returns a line with some fields for each item of an answer.
func itemLines(a apptest.Answer, fields ...string) []string {
	var lines []string
	for i := range itemCount(a) {
		var values []string
		for _, field := range fields {
			values = append(values, fmt.Sprint(a.Get(fmt.Sprintf("items.%d.%s", i, field))))
		}
		lines = append(lines, strings.Join(values, " | "))
	}
	return lines
}

// sameFigures compares figures as JSON, the format of the stored figures.
func sameFigures(t *testing.T, what string, got, want figures) {
	t.Helper()
	before, now := indented(t, want), indented(t, got)
	if bytes.Equal(before, now) {
		return
	}
	was, is := strings.Split(string(before), "\n"), strings.Split(string(now), "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			t.Errorf("%s: the figures differ in line %d:\n%s\nwant\n%s", what, i+1, linesBefore(is, i), linesBefore(was, i))
			return
		}
	}
	t.Errorf("%s: %d lines of figures, want %d", what, len(is), len(was))
}

// linesBefore returns some lines before a line, and the line itself.
func linesBefore(lines []string, i int) string { return strings.Join(lines[max(0, i-5):i+1], "\n") }

func indented(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(readFile(t, path)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return content
}

// released reports whether a version has its tag, or its section in the committed changelog. From
// then on its databases never change.
func released(t *testing.T, version string) (bool, error) {
	t.Helper()
	git := func(args ...string) ([]byte, error) {
		c := exec.CommandContext(t.Context(), "git", args...)
		c.Dir = apptest.Root(t)
		return c.Output()
	}
	tags, err := git("tag", "--list", "v"+version)
	if err != nil || len(bytes.TrimSpace(tags)) > 0 {
		return err == nil, err
	}
	changelog, err := git("show", "HEAD:CHANGELOG.md")
	return bytes.Contains(changelog, []byte("\n## ["+version+"]")), err
}

// frozenVersions returns the versions that have a folder.
func frozenVersions(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(apptest.Root(t), frozenDir, "*", "expect.json"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no stored database below %s: run make freeze VERSION=..., %v", frozenDir, err)
	}
	for i, path := range found {
		found[i] = filepath.Base(filepath.Dir(path))
	}
	return found
}
