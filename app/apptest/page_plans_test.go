package apptest_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatecrier/admin"
	"gatecrier/app"
	"gatecrier/models/modelstest"
)

// largeTables grow with time, or with each report.
const largeTables = "deliveries|attempts|notifications|events|observations|observation_changes|assessments|" +
	"gate_changes|branch_days|marks|audit|job_runs|exception_groups|idempotency_keys|sign_in_tries"

// inTable finds the large tables of a statement, with their aliases.
var inTable = regexp.MustCompile(`(?:FROM|JOIN)\s+(` + largeTables + `)(?:\s+(?:AS\s+)?([a-z]+))?\b`)

// allowedScans are the scans that pages need, as the step of the plan and a part of the statement, with
// their reasons.
var allowedScans = []struct{ step, part, reason string }{
	{"SCAN n of notifications", "ORDER BY s.id DESC", "an administrator's inbox, as far as the page goes"},
	{"SCAN d of deliveries", "ORDER BY d.id DESC LIMIT", "an administrator's log, as far as the page goes"},
	{"SCAN a of audit", "ORDER BY a.id DESC", "the audit log, as far as the page goes"},
	{"exception_groups_last of exception_groups", "ORDER BY g.last_at DESC", "the last ones, as far as the page goes"},
	{"deliveries_created of deliveries", "WHERE 1 = 1", "its total: up to models.MaxCounted rows"},
	{"deliveries_old of deliveries", "", "the index has only messages that wait"},
	{"deliveries_leased of deliveries", "", "the index has only messages that are sent now"},
}

// pageStatements records the statements that pages run.
type pageStatements struct {
	mu   sync.Mutex
	args map[string][]any
}

// record keeps a statement if a page runs it: loops run others meanwhile.
func (s *pageStatements) record(query string, args []any) {
	calls := make([]uintptr, 64)
	frames := runtime.CallersFrames(calls[:runtime.Callers(2, calls)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "gatecrier/admin.") {
			break
		}
		if !more {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.args[query]; !known {
		s.args[query] = slices.Clone(args)
	}
}

// take returns the statements since the last call.
func (s *pageStatements) take() map[string][]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.args
	s.args = map[string][]any{}
	return taken
}

// No page reads a whole table that grows with time, with any filter.
func TestPagesScanNoLargeTable(t *testing.T) {
	t.Parallel()
	said := &pageStatements{args: map[string][]any{}}
	data := pagesData{products: 200, rows: 2_000, connections: 20}
	p, busy, users := newPages(t, data, func(a *app.App) []admin.Route {
		a.Store.OnStatement(said.record)
		return nil
	})
	plan := modelstest.Planner(t, filepath.Join(p.Dir, "gatecrier.db"))
	seen, used := map[string]bool{}, map[int]bool{}
	said.take()
	for _, page := range slices.Concat(pagesToMeasure(busy), pagesOfOne(busy)) {
		readPage(t, users[page.user], p.URL+page.path)
		statements := said.take()
		if len(statements) == 0 {
			t.Errorf("%s of %s runs no statement", page.path, page.user)
		}
		for _, query := range slices.Sorted(maps.Keys(statements)) {
			for _, scan := range largeScans(query, plan(query, statements[query])) {
				key := scan + query
				if !seen[key] && !isAllowed(scan, query, used) {
					t.Errorf("%s of %s: %s\n%s", page.path, page.user, scan, query)
				}
				seen[key] = true
			}
		}
	}
	for i, allowed := range allowedScans {
		if !used[i] {
			t.Errorf("no page needs the exception of %s: %s", allowed.step, allowed.reason)
		}
	}
}

// largeScans returns the steps of a plan that read a whole large table, or a whole index of one.
func largeScans(query string, plan []string) []string {
	aliases := map[string]string{}
	for _, found := range inTable.FindAllStringSubmatch(query, -1) {
		alias := found[2]
		if alias == "" || slices.Contains([]string{"where", "order", "group"}, alias) {
			alias = found[1]
		}
		aliases[alias] = found[1]
	}
	var list []string
	for _, step := range plan {
		words := strings.Fields(step)
		if len(words) < 2 || words[0] != "SCAN" && !strings.Contains(step, "AUTOMATIC") {
			continue
		}
		if table := aliases[words[1]]; table != "" {
			list = append(list, step+" of "+table)
		}
	}
	return list
}

// isAllowed reports whether a scan is one of allowedScans, and marks it in used.
func isAllowed(scan, query string, used map[int]bool) bool {
	for i, allowed := range allowedScans {
		if strings.HasSuffix(scan, allowed.step) && strings.Contains(query, allowed.part) {
			used[i] = true
			return true
		}
	}
	return false
}

// A page that reads a table without an index must be found.
func TestPagesScanNoLargeTable_FindsScans(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gatecrier.db")
	modelstest.SQLiteFile(t, path)
	plan := modelstest.Planner(t, path)
	for query, want := range map[string][]string{
		"SELECT 1 FROM deliveries d WHERE d.title = 'x'":                                {"SCAN d of deliveries"},
		"SELECT 1 FROM deliveries WHERE title = 'x'":                                    {"SCAN deliveries of deliveries"},
		"SELECT 1 FROM products p JOIN notifications n ON n.message = p.name":           {"SCAN n of notifications"},
		"SELECT 1 FROM deliveries d WHERE d.product_id = 1":                             nil,
		"SELECT 1 FROM products p CROSS JOIN notifications n WHERE n.product_id = p.id": nil,
	} {
		if got := largeScans(query, plan(query, nil)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q in %q", query, got, want, plan(query, nil))
		}
	}
}

// pagesOfOne are the pages of one thing, and lists that BenchmarkPages does not measure.
func pagesOfOne(busy int64) []measuredPage {
	var list []measuredPage
	product := fmt.Sprintf("/products/%d", firstOfPages+97)
	for _, tab := range []string{
		"observations", "history", "deliveries", "branches", "targets", "settings", "sources", "exceptions", "members",
	} {
		list = append(list, measuredPage{pagesMember, product + "?tab=" + tab})
	}
	for _, path := range []string{
		"/inbox/1001", "/deliveries/1001", "/silences", "/groups", "/exceptions", "/search?q=CVE-2026", "/inbox/badge",
		"/inbox?severity=high", "/inbox?type=gate.changed", "/inbox?filter=archived", "/inbox?filter=snoozed",
		"/observations?q=lib", "/observations?sort=newest", "/observations?sort=epss", "/observations?kev=1",
		"/deliveries?after=1500&row=50", "/deliveries?before=1500&row=50", "/admin/audit", "/admin/jobs", "/admin/users",
		fmt.Sprintf("/connections/%d/delete", busy), "/profile",
	} {
		list = append(list, measuredPage{"admin", path})
	}
	return list
}
