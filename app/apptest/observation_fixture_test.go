package apptest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// findingsReport returns a Grype report of findings such as "CVE-1 High".
func findingsReport(list ...string) []byte {
	matches := make([]string, len(list))
	for i, f := range list {
		title, severity, _ := strings.Cut(f, " ")
		const match = `{"vulnerability":{"id":%q,"severity":%q},"artifact":{"name":"lib-%s","version":"1","type":"deb"}}`
		matches[i] = fmt.Sprintf(match, title, severity, title)
	}
	return []byte(`{"descriptor":{"name":"grype"},"matches":[` + strings.Join(matches, ",") + `]}`)
}

// upload imports a report.
func (s productFixture) upload(c *apptest.Client, report []byte) apptest.Answer {
	return c.Must(http.StatusCreated, "POST", s.path+"/reports", report)
}

// observation returns the observation with a title in the default branch.
func (s productFixture) observation(t *testing.T, c *apptest.Client, title string) apptest.Answer {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", s.path+"/observations?active=all&q="+url.QueryEscape(title), nil)
	if a.Get("items.0.title") != title || a.Get("items.1") != nil {
		t.Fatalf("not one %s: %s", title, a.Text)
	}
	return c.Must(http.StatusOK, "GET", fmt.Sprintf("/observations/%d", a.ID("items.0.id")), nil)
}

// observationPath returns the path of the observation with a title.
func (s productFixture) observationPath(t *testing.T, c *apptest.Client, title string) string {
	t.Helper()
	return fmt.Sprintf("/observations/%d", s.observation(t, c, title).ID("id"))
}

// assess assesses the observation with a title.
func (s productFixture) assess(t *testing.T, c *apptest.Client, title string, what object) apptest.Answer {
	t.Helper()
	return c.Must(http.StatusOK, "PATCH", s.observationPath(t, c, title), what)
}

// gateState returns the state of the product's gate.
func (s productFixture) gateState(c *apptest.Client) string {
	return fmt.Sprint(c.Must(http.StatusOK, "GET", s.path+"/gate", nil).Get("state"))
}

// gateChangeCount returns the length of the product's gate history.
func (s productFixture) gateChangeCount(c *apptest.Client) int {
	return itemCount(c.Must(http.StatusOK, "GET", s.path+"/gate/history?limit=100", nil))
}

// checkCounts checks that the counts of the product's branches and sources match its observations.
func (s productFixture) checkCounts(t *testing.T, p *apptest.Program) {
	t.Helper()
	list, err := p.Store.Observations(t.Context(), apptest.AllProducts(),
		models.ObservationFilter{ProductID: s.id, All: true, Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	branches, sources := map[int64]models.Breakdown{}, map[int64]models.Breakdown{}
	for _, o := range list {
		b, src := branches[o.BranchID], sources[o.SourceID]
		if o.Status.Active() {
			b.Add(o.Severity, o.Flags(), 1)
			src.Add(o.Severity, o.Flags(), 1)
		}
		branches[o.BranchID], sources[o.SourceID] = b, src
	}
	all, err := p.Store.Branches(t.Context(), apptest.AllProducts(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.Breakdown != branches[b.ID] {
			t.Errorf("branch %s counts %+v, its observations are %+v", b.Name, b.Breakdown, branches[b.ID])
		}
	}
	kept, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range kept {
		if src.Breakdown != sources[src.ID] {
			t.Errorf("source %s/%s counts %+v, its observations are %+v",
				src.Branch, src.Scanner, src.Breakdown, sources[src.ID])
		}
	}
}

// countsOf returns the counts at a path of a response that are not zero: "1 high, 2 low".
func countsOf(a apptest.Answer, path string) string {
	var parts []string
	for _, s := range models.Severities() {
		if n := a.ID(path + "." + s.String()); n != 0 {
			parts = append(parts, fmt.Sprint(n, " ", s))
		}
	}
	return strings.Join(parts, ", ")
}

// notificationCount returns the number of events of a type in the inbox of the client.
func notificationCount(c *apptest.Client, kind string) int {
	return itemCount(c.Must(http.StatusOK, "GET", "/notifications?limit=100&type="+kind, nil))
}

// messagesByType counts the messages of a receiver by type.
func messagesByType(t *testing.T, r *apptest.Receiver) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, m := range r.Messages() {
		n[messageBody(t, m).Type]++
	}
	return n
}

// wantNotified waits until everything due is done, and checks how many messages of each type a
// receiver has got in all.
func wantNotified(t *testing.T, p *apptest.Program, r *apptest.Receiver, want map[string]int) {
	t.Helper()
	apptest.Settle(t, p.Store)
	if got := messagesByType(t, r); !maps.Equal(got, want) {
		t.Errorf("the receiver got %v, want %v", got, want)
	}
}

// itemTitles returns the sorted titles of a list.
func itemTitles(a apptest.Answer) string {
	var list []string
	for i := range itemCount(a) {
		list = append(list, fmt.Sprint(a.Get(fmt.Sprintf("items.%d.title", i))))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
