package page

import (
	"strings"
	"testing"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// beats returns n hours, the last one now.
func beats(n int, most int64) []ui.Beat {
	list := make([]ui.Beat, n)
	for i := range list {
		list[i] = ui.Beat{At: now.Truncate(time.Hour).Add(time.Duration(i+1-n) * time.Hour), N: int64(i*i*7) % (most + 1)}
	}
	return list
}

func exceptionList() []ExceptionRow {
	list := []ExceptionRow{
		{
			Class:      "psycopg.OperationalError",
			Message:    "connection to server at 10.0.4.17, port 5432 failed: FATAL: remaining connection slots are reserved",
			Function:   "billing.store.connect",
			Kind:       "reported",
			ProductID:  7,
			Product:    long,
			Count:      99_999,
			Held:       1284,
			Regressed:  true,
			Selectable: true,
		},
		{
			Class:      script,
			Message:    script,
			Function:   script,
			Kind:       "reported",
			ProductID:  8,
			Product:    script,
			Count:      1,
			New:        true,
			Selectable: true,
		},
		{
			Class:      "*fs.PathError",
			Message:    "…",
			Function:   "…",
			Kind:       "task",
			ProductID:  7,
			Product:    arabic,
			Count:      12,
			MutedUntil: now.Add(5 * time.Hour),
		},
		{
			Class:      "panic",
			Message:    "panic: runtime error: index out of range [3] with length 3",
			Function:   "GET /products/:id",
			Kind:       "request",
			Count:      2,
			Resolved:   true,
			Selectable: true,
		},
		{
			Class:      strings.Repeat("Very", 40) + "LongException",
			Message:    strings.Repeat("long ", 300),
			Function:   strings.Repeat("a.b", 80),
			Kind:       "reported",
			ProductID:  9,
			Product:    cjk,
			Count:      4,
			Overflow:   true,
			MutedUntil: now.Add(90 * 24 * time.Hour),
			Resolved:   true,
		},
	}
	for i := range list {
		list[i].ID = int64(i + 1)
		list[i].FirstAt = days(i*4 + 1)
		list[i].LastAt = ago(time.Duration(i*i+1) * 17 * time.Minute)
		list[i].Hours = beats(24, int64(i)*9)
	}
	return list
}

func exceptionOne() ExceptionView {
	frames := []FrameRow{
		{"psycopg.connection.Connection.connect", "psycopg/connection.py:117", false},
		{"psycopg_pool.pool.ConnectionPool._connect", "psycopg_pool/pool.py:636", false},
		{"billing.store.connect", "billing/store.py:42", true},
		{"billing.invoices.Invoices.close_month", "billing/invoices.py:188", true},
		{strings.Repeat("deep.", 60), strings.Repeat("dir/", 60) + "x.py:1", false},
		{script, script, true},
	}
	return ExceptionView{
		Frame:       frame("psycopg.OperationalError", layout.NavExceptions),
		Row:         exceptionList()[0],
		By:          "frames",
		Key:         "v1:" + strings.Repeat("9f2c", 16),
		Notified:    14,
		NotifiedAt:  ago(20 * time.Minute),
		Suppressed:  99_985,
		Until:       now.Add(40 * time.Minute),
		RegressedAt: days(1),
		Hours:       beats(168, 200),
		Releases:    []ReleaseRow{{"billing@2.4.1", days(3), ago(time.Minute)}, {script, days(9), days(3)}},
		Sample: &SampleView{
			At:        ago(time.Minute),
			Message:   script,
			Frames:    frames,
			Truncated: true,
			Arguments: []Pair{{"password", "…"}, {script, long + long}},
			Facts: []Pair{
				{"Release", "billing@2.4.1"},
				{"Environment", "production"},
				{"Server", "billing-7f9c"},
				{"User", "ilse"},
			},
			Tags: []Pair{{"tenant", arabic}},
			Chain: []CauseView{
				{"billing.MonthNotClosed", "month 2026-10 is not closed", frames[2:4]},
				{"psycopg.OperationalError", script, frames},
				{script, "", nil},
			},
		},
		Merges: []MergeRow{
			{"v1:aa", "OperationalError", script, "Ilse Quillmark", days(2)},
			{"v1:bb", script, long, script, days(3)},
		},
		Others:    []ui.Option{{Value: "2", Label: "#2 " + script}},
		CanAct:    true,
		CanDelete: true,
	}
}

// exceptionStories returns the stories of exceptions.
func exceptionStories() []story {
	chips := []ui.Chip{
		{Label: "All", Href: "/exceptions", Count: -1, Current: true},
		{Label: "Open", Href: "/exceptions?state=open", Count: -1},
	}
	list := ExceptionsView{
		Frame:   frame("Exceptions", layout.NavExceptions),
		Chips:   chips,
		Kinds:   chips,
		Filters: []ui.Removable{{Label: script, Clear: "/exceptions"}},
		Query:   script,
		Hidden: []ui.Hidden{
			{Name: "state", Value: "open"},
		},
		Here:  "/exceptions?q=x",
		Rows:  exceptionList(),
		Any:   true,
		Pager: pager("1–5 of 10 exceptions"), Sorting: sorting("last_seen"),
	}
	reader := list
	reader.Rows = list.Rows[2:3]
	found := list
	found.Rows = nil
	resolved, activated := exceptionOne(), exceptionOne()
	resolved.Row = exceptionList()[3]
	resolved.ResolvedBy = script
	resolved.ResolvedAt = days(1)
	resolved.CanDelete = false
	resolved.MuteError = "Must be in the future"
	resolved.MuteUntil = "2020-01-01T00:00"
	resolved.Sample = &SampleView{At: now, Frames: []FrameRow{{"github.com/x/y.Z", "y/z.go:1", false}}}
	activated.Row = exceptionList()[4]
	activated.CanAct = false
	activated.Sample = nil
	activated.Merges = nil
	activated.Releases = nil
	activated.By = "overflow"
	activated.NotifiedAt = time.Time{}
	activated.Notified = 0
	tab := func(name string, change func(*ProductView)) story {
		v := product(TabExceptions)
		v.Exceptions = ExceptionsTab{
			Rows:    exceptionList(),
			Chips:   chips,
			MayRead: true,
			BaseURL: "https://gate.northquay.example",
			DSN:     "https://" + strings.Repeat("9f2c", 8) + "@gate.northquay.example/7",
			Masked:  "https://••••••••9f2c@gate.northquay.example/7",
			MadeBy:  script,
		}
		change(&v)
		return story{name, Product(v)}
	}
	return []story{
		{"exceptions", Exceptions(list)},
		{"exceptions-reader", Exceptions(reader)},
		{"exceptions-nothing-found", Exceptions(found)},
		{"exceptions-empty", Exceptions(ExceptionsView{Frame: frame("Exceptions", layout.NavExceptions), Chips: chips})},
		{"exception", Exception(exceptionOne())},
		{"exception-resolved", Exception(resolved)},
		{"exception-overflow", Exception(activated)},
		{
			"exception-merge",
			Merge(MergeView{
				Frame: frame("Merge", layout.NavExceptions),
				Into:  exceptionList()[0],
				From:  exceptionList()[1:3],
				Error: "Only other groups of the same product are merged into one",
			}),
		},
		tab("product-tab-exceptions", func(v *ProductView) { v.Exceptions.DSN = "" }),
		tab("product-tab-exceptions-dsn", func(*ProductView) {}),
		tab("product-tab-exceptions-no-key", func(v *ProductView) {
			v.Exceptions.DSN, v.Exceptions.Masked = "", ""
			v.Exceptions.Rows = nil
			v.CanEdit = false
		}),
		{"error-500-group", Error(ErrorView{Frame: frame("Error", ""), Status: 500, RequestID: "01JD5", Group: 12})},
	}
}

func TestCallsOfLibrariesAreFolded(t *testing.T) {
	own, other := FrameRow{Name: "own", InApp: true}, FrameRow{Name: "other"}
	runs := runsOf([]FrameRow{other, other, own, other})
	if len(runs) != 3 || !runs[0].folded || len(runs[0].frames) != 2 || runs[1].folded || !runs[2].folded {
		t.Errorf("%+v", runs)
	}
	if runs := runsOf([]FrameRow{other, other}); len(runs) != 1 || runs[0].folded {
		t.Errorf("where nothing is the program's own, all is shown: %+v", runs)
	}
}

func TestSnippets(t *testing.T) {
	const dsn = "https://9f2c@gate.example/7"
	with := snippets(ExceptionsTab{DSN: dsn, Masked: "https://…@gate.example/7", BaseURL: "https://gate.example"}, 7)
	without := snippets(ExceptionsTab{BaseURL: "https://gate.example"}, 7)
	if len(with) != 4 || len(without) != 1 {
		t.Fatalf("%d with, %d without a DSN", len(with), len(without))
	}
	for _, s := range with[:3] {
		if !strings.Contains(s.Text, `"`+dsn+`"`) {
			t.Errorf("%s: %s", s.Title, s.Text)
		}
	}
	if !strings.Contains(with[3].Text, `'{"product": 7, `) ||
		!strings.Contains(with[3].Text, "https://gate.example/api/v1/exceptions") {
		t.Error(with[3].Text)
	}
}
