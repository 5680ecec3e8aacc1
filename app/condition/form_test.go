package condition_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"gatecrier/app/condition"
)

// everyComparison has a row of each comparison.
var everyComparison = []condition.Row{
	{Field: "event.title", Comparison: condition.Is, Values: []string{"a \"b\"\n\\ \u202e \x7f é 😀"}},
	{Field: "event.title", Comparison: condition.IsNot, Values: []string{""}},
	{Field: "event.title", Comparison: condition.Contains, Values: []string{"Force"}},
	{Field: "title", Comparison: condition.StartsWith, Values: []string{"Alert"}},
	{Field: "event.rule.name", Comparison: condition.MatchesRE, Values: []string{`^S+H\d*$`}},
	{Field: "event.urgency", Comparison: condition.Equal, Values: []string{"85"}},
	{Field: "event.urgency", Comparison: condition.NotEqual, Values: []string{"-5"}},
	{Field: "event.urgency", Comparison: condition.Less, Values: []string{"1e+21"}},
	{Field: "event.urgency", Comparison: condition.AtMost, Values: []string{"99.5"}},
	{Field: "event.urgency", Comparison: condition.More, Values: []string{"80"}},
	{Field: "event.similar", Comparison: condition.AtLeast, Values: []string{"1"}},
	{Field: "event.urgency", Comparison: condition.Between, Values: []string{"10", "90"}},
	{Field: "time", Comparison: condition.After, Values: []string{"2026-01-01T00:00:00Z"}},
	{Field: "event.first_seen_at", Comparison: condition.Before, Values: []string{"2026-06-01T00:00:00.5Z"}},
	{Field: "event.status", Comparison: condition.OneOf, Values: []string{"Pending", "Ongoing"}},
	{Field: "severity", Comparison: condition.OneOf, Values: []string{"high"}},
	{Field: "event.assets", Comparison: condition.Has, Rows: []condition.Row{
		{Field: "name", Comparison: condition.Contains, Values: []string{"Production-Database"}},
		{Field: "criticality", Comparison: condition.Between, Values: []string{"50", "100"}},
	}},
	{Field: "event.tags", Comparison: condition.Has, Rows: []condition.Row{{
		Comparison: condition.Is,
		Values:     []string{"vpn"},
	}}},
	{Field: "event.crashed", Comparison: condition.IsFalse},
}

func TestPrintIsCanonical(t *testing.T) {
	want := `event.title == "a \"b\"\n\\ \u202e \x7f é 😀" &&
event.title != "" &&
event.title.contains("Force") &&
title.startsWith("Alert") &&
event.rule.name.matches("^S+H\\d*$") &&
event.urgency == 85 &&
event.urgency != -5 &&
event.urgency < 1e+21 &&
event.urgency <= 99.5 &&
event.urgency > 80 &&
event.similar >= 1 &&
event.urgency >= 10 &&
event.urgency <= 90 &&
time > timestamp("2026-01-01T00:00:00Z") &&
timestamp(event.first_seen_at) < timestamp("2026-06-01T00:00:00.5Z") &&
event.status in ["Pending", "Ongoing"] &&
severity in ["high"] &&
event.assets.exists(x, x.name.contains("Production-Database") && x.criticality >= 50 && x.criticality <= 100) &&
event.tags.exists(x, x == "vpn") &&
event.crashed == false`
	got := condition.Print(everyComparison)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	rows, ok := condition.Read(got)
	if !ok || !reflect.DeepEqual(rows, everyComparison) {
		t.Errorf("read back: %v, %+v", ok, rows)
	}
	if faults := condition.CheckForm(everyComparison, []string{"alert.created"}, catalog); len(faults) > 0 {
		t.Errorf("check: %+v", faults)
	}
	p, err := condition.Compile(got, []string{"alert.created"}, catalog)
	if err != nil {
		t.Fatal(err)
	}
	// All but the first hold for an alert of that title.
	in := input(t, "alert.created", strings.Replace(alert, "Brute force", "Force", 1))
	explained, err := p.Explain(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, term := range explained {
		if want := i > 0; (term.Result.Outcome == condition.Matched) != want {
			t.Errorf("%s, want %v", term, want)
		}
	}
}

func TestReadTakesOtherSpellings(t *testing.T) {
	for expression, want := range map[string]string{
		"":                          "",
		`event.a=='x'&&event.b>2.0`: "event.a == \"x\" &&\nevent.b > 2",
		`(event.a == "x" && (event.b == true && event.c > 1)) // why`: "event.a == \"x\" &&\nevent.b == true " +
			"&&\nevent.c > 1",
		`event.l.exists(asset, asset.n == 1)`:                     "event.l.exists(x, x.n == 1)",
		`time > timestamp("2026-01-01T02:00:00+02:00")`:           `time > timestamp("2026-01-01T00:00:00Z")`,
		`timestamp(event.at) > timestamp('2026-01-01T00:00:00Z')`: `timestamp(event.at) > timestamp("2026-01-01T00:00:00Z")`,
		`event.a >= 1 && event.a <= 2 && event.a <= 3`:            "event.a >= 1 &&\nevent.a <= 2 &&\nevent.a <= 3",
		`event.a >= 1 && event.b <= 2`:                            "event.a >= 1 &&\nevent.b <= 2",
	} {
		rows, ok := condition.Read(expression)
		if got := condition.Print(rows); !ok || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", expression, ok, got, want)
		}
	}
}

func TestReadLeavesWhatAFormCannotShow(t *testing.T) {
	for _, expression := range []string{
		`event.a == 1 || event.b == 2`, `!(event.a == 1)`, `event.crashed`, `1 == event.a`, `event.a == event.b`,
		`has(event.a)`,
		`event.?a.orValue(1) == 1`, `event["a"] == 1`, `event.a[0] == 1`, `event.a.size() == 1`, `event.a in []`,
		`event.a in [1]`,
		`event.a in event.b`, `"x" in event.a`, `event.a in ["x", event.b]`, `event.a.endsWith("x")`,
		`event.a.contains(event.b)`,
		`event.l.all(x, x.n == 1)`, `event.l.exists_one(x, x.n == 1)`, `event.l.exists(x, x.n == 1 || x.n == 2)`,
		`event.l.exists(x, event.n == 1)`, `event.l.filter(x, x.n == 1).size() > 0`, `event.l.exists(title, title.n == 1)`,
		`time == timestamp("2026-01-01T00:00:00Z")`, `time > timestamp(event.a)`, `event.a != true`, `event.a > "x"`,
		`event.a == null`,
		`event.a == 1u`, `event.a == b"x"`, `event.a ==`, `true`, `event.a.lowerAscii() == "x"`, `event.l.exists(x, true)`,
		`time > duration("1h")`, strings.Repeat("event.a == 1 && ", condition.MaxRows) + "event.a == 1",
	} {
		if rows, ok := condition.Read(expression); ok {
			t.Errorf("%s: read as %+v", expression, rows)
		}
	}
}

func TestCheckFormNamesRowAndPart(t *testing.T) {
	row := func(field string, c condition.Comparison, values ...string) condition.Row {
		return condition.Row{Field: field, Comparison: c, Values: values}
	}
	has := func(rows ...condition.Row) condition.Row {
		return condition.Row{Field: "event.assets", Comparison: condition.Has, Rows: rows}
	}
	for _, test := range []struct {
		row  condition.Row
		want string
	}{
		{
			row("event.nope", condition.Is, "x"),
			"[0] field: alert.created has no field nope: choose another, or a separate rule",
		},
		{row("event", condition.Is, "x"), "[0] field: Choose a field"},
		{row("event.a b", condition.Is, "x"), "[0] field: Choose a field"},
		{row("event.in", condition.Is, "x"), "[0] field: Choose a field"},
		{row("1 == 1 || event.title", condition.Is, "x"), "[0] field: Choose a field"},
		{row("", condition.Is, "x"), "[0] field: Choose a field"},
		{
			row("event.urgency", condition.Is, "x"),
			"[0] comparison: This comparison does not fit the field, which is a number",
		},
		{row("event.title", "nope", "x"), "[0] comparison: This comparison does not fit the field, which is a text"},
		{
			row("event.entity", condition.Is, "x"),
			"[0] comparison: This comparison does not fit the field, which is an object",
		},
		{row("event.urgency", condition.More), "[0] values: Enter a value"},
		{row("event.urgency", condition.More, "many"), "[0] values: Enter a number, such as 80 or 0.5"},
		{row("event.urgency", condition.More, "0x10"), "[0] values: Enter a number, such as 80 or 0.5"},
		{row("event.urgency", condition.More, "1e999"), "[0] values: Enter a number, such as 80 or 0.5"},
		{row("event.urgency", condition.Between, "1"), "[0] values: Enter two values"},
		{row("event.urgency", condition.Between, "2", "1"), "[0] values: The second value must not be less than the first"},
		{row("event.crashed", condition.IsTrue, "x"), "[0] values: This comparison takes no value"},
		{row("event.status", condition.OneOf, "Pending", "Lost"), "[0] values: Choose Pending, Ongoing or Closed"},
		{row("event.status", condition.OneOf), "[0] values: Enter a value"},
		{row("event.first_seen_at", condition.After, "today"), "[0] values: Enter a time, such as 2026-01-31T08:00:00Z"},
		{row("event.title", condition.Contains, ""), "[0] values: Enter a text"},
		{row("event.title", condition.Is, "\xff"), "[0] values: Enter a text in UTF-8"},
		{row("event.title", condition.MatchesRE, "("), "[0] values: Enter a regular expression (RE2), such as ^prod-"},
		{has(), "[0] values: Add a comparison for the entries of the list"},
		{has(row("nope", condition.Is, "x")), "[0 0] field: The entries have no field nope: choose another"},
		{
			has(row("name", condition.Is, "x"), row("name", condition.More, "1")),
			"[0 1] comparison: This comparison does not fit the field, which is a text",
		},
		{has(has(row("name", condition.Is, "x"))), "[0 0] field: The entries have no field event.assets: choose another\n" +
			"[0 0] comparison: A list within a list cannot be compared: write an expression of your own"},
	} {
		var got []string
		for _, f := range condition.CheckForm([]condition.Row{test.row}, []string{"alert.created"}, catalog) {
			got = append(got, fmt.Sprint(f.Row, " ", f.Part, ": ", f.Text))
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%+v:\n got %s\nwant %s", test.row, strings.Join(got, "\n"), test.want)
		}
	}
	if faults := condition.CheckForm(make([]condition.Row, condition.MaxRows+1), nil, nil); faults[len(faults)-1].Text !=
		"A form has at most 50 rows: make several rules" {
		t.Errorf("many rows: %+v", faults[len(faults)-1])
	}
	foreign := []condition.Row{row("event.anything.deep", condition.More, "3"), {
		Field:      "event.list",
		Comparison: condition.Has,
		Rows:       []condition.Row{row("name", condition.Is, "x")},
	}}
	if faults := condition.CheckForm(foreign, []string{"com.example.order"}, catalog); len(faults) > 0 {
		t.Errorf("a foreign type: %+v", faults)
	}
}

// randomRow returns a row that passes CheckForm.
func randomRow(r *rand.Rand, nested bool) condition.Row {
	fields := []string{"event.a", "event.b.c", "event._x1", "event.for"}
	if nested {
		fields = []string{"", "name", "a.b"}
	}
	all := []condition.Comparison{
		condition.Is, condition.IsNot, condition.Contains, condition.StartsWith, condition.MatchesRE, condition.Equal,
		condition.NotEqual,
		condition.Less, condition.AtMost, condition.More, condition.AtLeast, condition.Between, condition.After,
		condition.Before,
		condition.OneOf, condition.IsTrue, condition.IsFalse, condition.Has,
	}
	c := all[r.IntN(len(all))]
	for nested && c == condition.Has {
		c = all[r.IntN(len(all))]
	}
	row := condition.Row{Field: fields[r.IntN(len(fields))], Comparison: c}
	texts := []string{"a", `"`, "\\", "\n\t\x00", "\u2028é", "x\" || true || \"", "${a}", "😀", "\ufffd", " "}
	switch c {
	case condition.Is, condition.IsNot, condition.Contains, condition.StartsWith:
		row.Values = []string{texts[r.IntN(len(texts))]}
		if !nested {
			row.Field = append(fields, "product.name", "title", "actor")[r.IntN(len(fields)+3)]
		}
	case condition.MatchesRE:
		row.Values = []string{[]string{"a", `\d+`, `"`, "[a-z]{2}"}[r.IntN(4)]}
	case condition.OneOf:
		for range 1 + r.IntN(3) {
			row.Values = append(row.Values, texts[r.IntN(len(texts))])
		}
	case condition.After, condition.Before:
		row.Values = []string{[]string{
			"2026-01-01T00:00:00Z", "2026-01-01T00:00:00+05:30",
			"0001-01-01T00:00:00.000000001Z",
		}[r.IntN(3)]}
	case condition.Between:
		row.Values = []string{"-1.5", "2e3"}
	case condition.Equal, condition.NotEqual, condition.Less, condition.AtMost, condition.More, condition.AtLeast:
		row.Values = []string{[]string{
			"0", "-0", "+7", "80.50", "9223372036854775807", "9223372036854775808", "1e-7",
			"-1E5", "007",
		}[r.IntN(9)]}
	case condition.Has:
		for range 1 + r.IntN(3) {
			row.Rows = append(row.Rows, randomRow(r, true))
		}
	default:
	}
	return row
}

// checkRoundTrip checks that reading what was printed and printing it again changes nothing.
func checkRoundTrip(t *testing.T, rows []condition.Row) {
	t.Helper()
	printed := condition.Print(rows)
	read, ok := condition.Read(printed)
	if !ok {
		t.Fatalf("%+v: cannot be read:\n%s", rows, printed)
	}
	if again := condition.Print(read); again != printed {
		t.Fatalf("%+v:\n%s\nis printed again as\n%s", rows, printed, again)
	}
	if third, _ := condition.Read(condition.Print(read)); !reflect.DeepEqual(third, read) {
		t.Fatalf("%s\nis read as %+v, then as %+v", printed, read, third)
	}
}

func TestFormsSurvivePrintAndRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		rows := make([]condition.Row, 1+r.IntN(4))
		for i := range rows {
			rows[i] = randomRow(r, false)
		}
		if faults := condition.CheckForm(rows, []string{"foreign"}, nil); len(faults) > 0 {
			t.Fatalf("%+v: %+v", rows, faults)
		}
		checkRoundTrip(t, rows)
	}
}

// FuzzForm reads any form: one that passes the check survives print and read, and no text of a
// user becomes a part of the expression. Any expression that a form can show prints the same again.
func FuzzForm(f *testing.F) {
	seed, err := json.Marshal(everyComparison)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	f.Add(`[{"field":"event.a","comparison":"is","values":["\" || true || \""]}]`)
	f.Add(condition.Print(everyComparison))
	f.Add(`event.l.exists(y, y.a >= 1 && y.a <= 2.5) && event.b in ['x']`)
	f.Fuzz(func(t *testing.T, text string) {
		var rows []condition.Row
		if json.Unmarshal([]byte(text), &rows) == nil && len(rows) > 0 {
			printed := condition.Print(rows)
			if len(condition.CheckForm(rows, []string{"foreign"}, nil)) == 0 &&
				len([]rune(printed)) <= condition.MaxExpression {
				checkRoundTrip(t, rows)
			}
			return
		}
		if rows, ok := condition.Read(text); ok && len(rows) > 0 &&
			len([]rune(condition.Print(rows))) <= condition.MaxExpression {
			checkRoundTrip(t, rows)
		}
	})
}
