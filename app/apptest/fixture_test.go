package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// eachDatabaseWith runs a scenario with options on both databases, one after the other.
func eachDatabaseWith(t *testing.T, o apptest.Options, fn func(t *testing.T, p *apptest.Program)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, apptest.Start(t, o)) })
	t.Run("postgres", func(t *testing.T) {
		o.DatabaseURL = modelstest.MigratedURL(t)
		fn(t, apptest.Start(t, o))
	})
}

// eachDatabase runs a scenario on both databases in parallel.
func eachDatabase(t *testing.T, fn func(t *testing.T, p *apptest.Program)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, apptest.Start(t, apptest.Options{})) })
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, apptest.Start(t, apptest.Options{DatabaseURL: modelstest.MigratedURL(t)}))
	})
}

const zeroCountsJSON = `{"critical":0,"high":0,"medium":0,"low":0,"none":0,"unknown":0}`

// productFixture is a product with a webhook target.
type productFixture struct {
	id, target int64
	path       string
	secret     string
}

func newProduct(t *testing.T, c *apptest.Client, name, url string) productFixture {
	t.Helper()
	a := c.Must(http.StatusCreated, "POST", "/products", object{"name": name})
	s := productFixture{id: a.ID("id"), path: fmt.Sprintf("/products/%d", a.ID("id"))}
	if a.Get("gate.state") != "none" {
		t.Fatalf("a product is born none: %s", a.Text)
	}
	if url == "" {
		return s
	}
	a = c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": url}})
	s.target = a.ID("id")
	s.secret, _ = a.Get("made.secret").(string)
	if !strings.HasPrefix(s.secret, "whsec_") {
		t.Fatalf("no secret was made: %s", a.Text)
	}
	return s
}

func criticalCounts(critical int) map[string]int {
	return map[string]int{"critical": critical, "high": 0, "medium": 0, "low": 0, "none": 0, "unknown": 0}
}

type object = map[string]any
