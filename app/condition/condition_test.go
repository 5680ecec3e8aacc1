package condition_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatecrier/app/condition"
)

// catalog has fields of each kind.
var catalog = condition.Fields{
	"alert.created": {
		{Name: "title", Kind: condition.Text},
		{Name: "urgency", Kind: condition.Number},
		{Name: "status", Kind: condition.Choice, Options: []string{"Pending", "Ongoing", "Closed"}},
		{Name: "entity", Kind: condition.Object, Fields: []condition.Field{{Name: "name", Kind: condition.Text}}},
		{Name: "rule", Kind: condition.Object, Fields: []condition.Field{{Name: "name", Kind: condition.Text}}},
		{Name: "assets", Kind: condition.List, Fields: []condition.Field{
			{Name: "name", Kind: condition.Text}, {Name: "criticality", Kind: condition.Number},
		}},
		{Name: "tags", Kind: condition.List, Item: condition.Text},
		{Name: "asset", Kind: condition.Object, Fields: []condition.Field{{Name: "criticality", Kind: condition.Number}}},
		{Name: "similar", Kind: condition.Number},
		{Name: "first_seen_at", Kind: condition.Time},
		{Name: "crashed", Kind: condition.YesNo},
	},
	"gate.changed": {
		{Name: "to", Kind: condition.Choice, Options: []string{"passed", "failed", "none"}},
		{Name: "counts", Kind: condition.Object, Fields: []condition.Field{{Name: "critical", Kind: condition.Number}}},
		{Name: "thresholds", Kind: condition.Object, Fields: []condition.Field{{Name: "critical", Kind: condition.Number}}},
	},
	"report.available": {
		{Name: "name", Kind: condition.Text},
		{Name: "description", Kind: condition.Text},
		{Name: "tlp", Kind: condition.Choice},
		{Name: "confidence", Kind: condition.Number},
		{Name: "flint", Kind: condition.YesNo},
		{Name: "threats", Kind: condition.List, Item: condition.Text},
		{Name: "sectors", Kind: condition.List, Item: condition.Text},
		{Name: "countries", Kind: condition.List, Item: condition.Text},
	},
	"catalog_rule.added": {
		{Name: "name", Kind: condition.Text},
		{Name: "description", Kind: condition.Text},
		{Name: "pattern", Kind: condition.Text},
		{Name: "severity", Kind: condition.Number},
	},
	"playbook.error": {{Name: "crashed", Kind: condition.YesNo}, {Name: "message", Kind: condition.Text}},
}

const alert = `{"title": "Brute force", "urgency": 85, "ratio": 0.5, "status": "Pending", "similar": 3,
	"entity": {"name": "ACME"}, "rule": {"name": "SSH"}, "first_seen_at": "2026-05-01T10:00:00Z", "crashed": false,
	"nothing": null, "tags": ["vpn", "prod"], "asset": {"name": "Production-Database-1", "criticality": 70},
	"assets": [{"name": "Production-Database-1", "criticality": 70}, {"name": "Laptop"}]}`

func input(t *testing.T, eventType, payload string) condition.Input {
	t.Helper()
	in, err := condition.NewInput(condition.Event{
		Type: eventType, Payload: []byte(payload), Actor: "ada", Title: "Alert: Brute force", Tone: "bad", Severity: "high",
		Time: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Product: &condition.Product{ID: 7, Name: "Shop", Group: "Web"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// foreign compiles an expression about events of which nothing is known.
func foreign(t *testing.T, expression string) *condition.Program {
	t.Helper()
	p, err := condition.Compile(expression, []string{"foreign"}, nil)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return p
}

func eval(t *testing.T, p *condition.Program, in condition.Input) condition.Result {
	t.Helper()
	r, err := p.Eval(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMissingIsFalse(t *testing.T) {
	in := input(t, "foreign", alert)
	for expression, want := range map[string]bool{
		"event.nope == 3": false, "event.nope != 3": false, "event.nope < 3": false, "event.nope <= 3": false,
		"event.nope > 3": false, "event.nope >= 3": false, "3 < event.nope": false, "event.nope.deep > 3": false,
		`"x" in event.nope`: false, `event.nope in ["x"]`: false, `event.nope.contains("x")`: false,
		`event.nope.startsWith("x")`: false, `event.nope.endsWith("x")`: false, `event.nope.matches("x")`: false,
		`event.nope.exists(x, x == 1)`: false, `event.nope.all(x, x == 1)`: false,
		`event.nope.exists_one(x, x == 1)`:    false,
		`event.assets.exists(x, x.nope == 1)`: false, `event.assets.exists(x, x.criticality == 70)`: true,
		`event.assets.all(x, x.criticality == 70)`: false, `event.nope.filter(x, x == 1).size() > 0`: false,
		`event.assets.filter(x, x.criticality > 50).size() == 1`: true, `event.assets.map(x, x.nope).size() == 2`: false,
		`event.assets[7].name == "a"`: false, `event.assets[7] == "a"`: false, `event["nope"] == 1`: false,
		"event.nope == 1 || event.urgency > 80": true, "event.urgency > 80 || event.nope == 1": true,
		"!(event.nope == 1)": true, "event.nope": false, "!event.nope": false, "event.nope ? true : true": false,
		"event.nope || event.urgency > 80": true, "event.urgency > 80 && event.nope": false,
		"has(event.nope)": false, "!has(event.nope)": true, "has(event.nope.deep)": false, "!has(event.nope.deep)": true,
		"has(event.urgency)": true, "event.?nope.orValue(3) > 2": true, "size(event.nope) > 0": false,
		"timestamp(event.nope) < time": false, "event.nope.lowerAscii() == \"x\"": false,
		// null is missing, apart from a comparison with null
		"event.nothing > 3": false, "event.nothing.deep > 3": false, `event.nothing.contains("x")`: false,
		`"x" in event.nothing`: false, "event.nothing.exists(x, x == 1)": false, "event.nothing == null": true,
		"event.nothing": false, "event.nothing != null": false, "event.urgency != null": true,
		// a value of another kind has no fields
		"event.urgency.deep == 1": false,
		`product.name == "Shop"`:  true, `product.group == "Web" && product.id == 7`: true,
		`severity == "high" && tone == "bad" && actor == "ada" && title.contains("Brute")`: true,
		`event_type == "foreign" && time > timestamp("2026-01-01T00:00:00Z")`:              true,
		`time - timestamp(event.first_seen_at) == duration("2h")`:                          true,
		"event.urgency == 85.0 && event.urgency > 84.5 && event.ratio == 0.5":              true, "event.ratio < 1": true,
		`event.title.lowerAscii().startsWith("brute")`: true, `event.title.matches("(?i)^BRUTE +f")`: true,
		`"vpn" in event.tags && event.tags.exists(x, x == "prod")`: true, `event.status in ["Closed", "Pending"]`: true,
		"": true, " \n": true, "true": true, "false": false,
	} {
		r := eval(t, foreign(t, expression), in)
		if r.Outcome == condition.Unsure || (r.Outcome == condition.Matched) != want || r.Why != "" {
			t.Errorf("%s: %+v, want %v", expression, r, want)
		}
	}
}

func TestEventWithoutProductAndSeverity(t *testing.T) {
	in, err := condition.NewInput(condition.Event{
		Type:    "foreign",
		Payload: []byte(`{"n": 9007199254740993, "big": 1e400}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	for expression, want := range map[string]condition.Outcome{
		`product.name == "Shop"`: condition.NotMatched, `severity == "high"`: condition.NotMatched,
		`severity in ["high"]`: condition.NotMatched, `severity == null`: condition.Matched,
		`actor == ""`:                 condition.Matched,
		"event.n == 9007199254740993": condition.Matched, "event.n == 9007199254740992": condition.NotMatched,
		`event.big == "1e400"`: condition.Matched,
	} {
		if r := eval(t, foreign(t, expression), in); r.Outcome != want {
			t.Errorf("%s: %+v, want %s", expression, r, want)
		}
	}
	for _, payload := range []string{"", "null", "[]", "{} {}", `{"a"`} {
		if _, err := condition.NewInput(condition.Event{Payload: []byte(payload)}); err == nil {
			t.Errorf("payload %q: no error", payload)
		}
	}
}

func TestErrorsAtRunTimeAreUnsure(t *testing.T) {
	in := input(t, "foreign", alert)
	for expression, want := range map[string]string{
		"event.title > 3":                "compares values of different types",
		"event.urgency.contains(\"x\")":  "compares values of different types",
		"event.urgency":                  "its result is 85, not true or false",
		"event.title":                    `its result is "Brute force", not true or false`,
		"1 / (event.urgency - 85) == 1":  "division by zero",
		"timestamp(event.title) < time":  "invalid RFC 3339",
		"event.urgency.exists(x, x > 1)": "expected iterable",
		"event.urgency ? true : false":   "compares values of different types",
		"!event.title":                   "compares values of different types",
	} {
		r := eval(t, foreign(t, expression), in)
		if r.Outcome != condition.Unsure || !strings.HasPrefix(r.Why, "The condition could not be evaluated: ") ||
			!strings.Contains(r.Why, want) {
			t.Errorf("%s: %+v, want %q", expression, r, want)
		}
	}
}

// compileFaults are expressions with all their faults.
var compileFaults = []struct {
	expression string
	types      []string
	want       string
}{
	{
		"event.urgency > 80",
		[]string{"gate.changed"},
		"1:6: gate.changed has no field `urgency`. It has to, counts and thresholds",
	},
	{
		"event.to == \"failed\" &&\n  event.urgency > 80",
		[]string{"gate.changed", "alert.created"},
		"1:6: alert.created has no field `to`. It has title, urgency, status, entity, rule, assets, tags, asset, " +
			"similar, first_seen_at and crashed. " +
			"Make a separate rule for alert.created, or read the field with `.?` and orValue\n" +
			"2:8: gate.changed has no field `urgency`. It has to, counts and thresholds. " +
			"Make a separate rule for gate.changed, or read the field with `.?` and orValue",
	},
	{
		"event.urgecy > 80",
		[]string{"alert.created"},
		"1:6: alert.created has no field `urgecy`. Did you mean `urgency`?",
	},
	{
		"event.counts.criticl > 0",
		[]string{"gate.changed"},
		"1:13: `counts` has no field `criticl`. Did you mean `critical`?",
	},
	{
		`event["urgecy"] > 80`,
		[]string{"alert.created"},
		"1:6: alert.created has no field `urgecy`. Did you mean `urgency`?",
	},
	{
		`event.assets.exists(a, a.naem == "x")`,
		[]string{"alert.created"},
		"1:25: `a` has no field `naem`. Did you mean `name`?",
	},
	{
		`event.assets.filter(a, a.name == "x")[0].naem == "x"`,
		[]string{"alert.created"},
		"1:41: `assets` has no field `naem`. Did you mean `name`?",
	},
	{
		`event.assets[0].naem == "x"`,
		[]string{"alert.created"},
		"1:16: `assets` has no field `naem`. Did you mean `name`?",
	},
	{
		`event.assets.name == "x"`,
		[]string{"alert.created"},
		"1:13: `assets` is a list: it has no field `name`. Use `assets.exists(x, ...)`",
	},
	{
		`event.urgency.exists(x, x > 1)`,
		[]string{"alert.created"},
		"1:6: `urgency` is a number: only a list has entries",
	},
	{
		`event.urgency > "80"`,
		[]string{"alert.created"},
		"1:15: `urgency` is a number: compare it with a number without quotes",
	},
	{`event.title == 3`, []string{"alert.created"}, "1:13: `title` is a text: compare it with a text in quotes"},
	{`event.to == "broken"`, []string{"gate.changed"}, `1:10: ` + "`to`" +
		` is a choice: compare it with "passed", "failed", "none"`},
	{
		`event.crashed == "yes"`,
		[]string{"alert.created"},
		"1:15: `crashed` is a yes-or-no field: compare it with true or false",
	},
	{
		`event.urgency.contains("8")`,
		[]string{"alert.created"},
		"1:23: `urgency` is a number, and `contains` is for texts: compare it with == < or >",
	},
	{
		`event.tags.contains("x")`,
		[]string{"alert.created"},
		"1:20: `tags` is a list, and `contains` is for texts: use `tags.exists(x, ...)` or `\"...\" in tags`",
	},
	{`"x" in event.title`, []string{"alert.created"}, "1:5: `title` is a text: `in` needs a list on its right side"},
	{"product.naem == \"x\"", []string{"gate.changed"}, "1:8: `product` has no field `naem`. Did you mean `name`?"},
	{"time > 3", nil, "1:6: `>` cannot be used with time, number: compare values of one type"},
	{
		"urgency > 3", nil,
		"1:1: `urgency` is not known. An expression starts with event, event_type, time, actor, product, severity, " +
			"tone or title; texts are in quotes",
	},
	{"event.urgency >", nil, "1:16: The expression ends too early: a value, a quote or a parenthesis is missing"},
	{
		"event.urgency > 80 &&\n  (event.x", nil,
		"2:11: The expression ends too early: a value, a quote or a parenthesis is missing",
	},
	{
		"event.a = 3", nil,
		"1:9: `= ` is not known: use == != < <= > >= && || !\n1:11: `3` is not expected here: join comparisons with && " +
			"or ||",
	},
	{"event.a == 3 event.b == 4", nil, "1:14: `event` is not expected here: join comparisons with && or ||"},
	{
		`event.a == "x`, nil,
		"1:12: A text is not closed: end it with the quote that it starts with\n1:14: The expression ends too early: a " +
			"value, a quote or a parenthesis is missing",
	},
	{"event.?a == 1", nil, "1:10: `==` cannot be used with optional value, number: compare values of one type"},
	{"event == 1", nil, "1:7: `==` cannot be used with object, number: compare values of one type"},
	{"time", nil, "1:1: The condition is of type time: write a comparison, such as `event.urgency > 80`"},
	{"event.a == 1 && 3", nil, "1:17: This is of type number, but must be of type yes or no: write a comparison"},
	{`event.a.matches("(")`, nil, "1:17: The pattern of `matches` is no regular expression (RE2)"},
	{`event.a.matches(event.b)`, nil, "1:16: The pattern of `matches` must be a text in quotes"},
	{`time > timestamp("tomorrow")`, nil, `1:18: This is no time: write it like "2026-01-31T08:00:00Z"`},
	{`time - time > duration("2 days")`, nil, `1:24: This is no duration: write it like "90m" or "36h"`},
	{
		`event.a.replace("a", "b") == "b"`, nil,
		"1:16: `replace` is not available here: use contains, startsWith, endsWith, matches, size, lowerAscii, " +
			"upperAscii, trim, exists, all or filter",
	},
	{
		`event.a.exists(x, x.exists(y, y == 1))`, nil,
		"1:27: A loop cannot contain or follow another loop: use exists, all or filter once per term",
	},
}

func TestCompileNamesPlaceAndWayOut(t *testing.T) {
	for _, test := range compileFaults {
		_, err := condition.Compile(test.expression, test.types, catalog)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s for %v:\n got %v\nwant %s", test.expression, test.types, err, test.want)
		}
		if faults, ok := errors.AsType[condition.Faults](err); err != nil && (!ok || len(faults) == 0) {
			t.Errorf("%s: %T", test.expression, err)
		}
	}
}

func TestCompileAcceptsWhatCanBeMissing(t *testing.T) {
	both := []string{"gate.changed", "alert.created"}
	for _, expression := range []string{
		`event.?urgency.orValue(0) > 80 || event.?to.orValue("") == "failed"`,
		"has(event.urgency) || has(event.to)", "event.?to == optional.none()", "severity == null", `event.?nope.hasValue()`,
	} {
		if _, err := condition.Compile(expression, both, catalog); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
	if _, err := condition.Compile("event.anything.deep > 3", []string{"com.example.order"}, catalog); err != nil {
		t.Errorf("a foreign type: %v", err)
	}
	if _, err := condition.Compile("event.urgency > 3", []string{"com.example.order", "gate.changed"},
		catalog); err == nil {
		t.Error("a field that one of the types does not have: no error")
	}
}

// The conditions that Sekoia's documentation names, for each of its triggers.
func TestSekoiaConditions(t *testing.T) {
	report := `{"name": "APT", "description": "A FLINT", "tlp": "amber", "confidence": 70, "flint": true,
		"threats": ["APT28"], "sectors": ["Energy"], "countries": ["FR"]}`
	added := `{"name": "Rule", "description": "finds", "pattern": "[process:name = 'x']", "severity": 80}`
	for _, test := range []struct{ eventType, payload, expression, not string }{
		{
			"alert.created", alert, `event.urgency > 80 && event.assets.exists(x, x.name.contains("Production-Database"))`,
			`event.urgency > 90 && event.assets.exists(x, x.name.contains("Production-Database"))`,
		},
		{
			"alert.created", alert, `event.assets.exists(x, x.name == "Laptop")`,
			`event.assets.exists(x, x.name == "Server")`,
		},
		{"alert.created", alert, `event.entity.name == "ACME"`, `event.entity.name == "Other"`},
		{"alert.created", alert, `event.rule.name == "SSH"`, `event.rule.name == "RDP"`},
		{"alert.created", alert, "event.urgency > 80", "event.urgency > 85"},
		{"alert.created", alert, `event.status == "Pending"`, `event.status == "Closed"`},
		{
			"alert.created", alert, "event.assets.exists(x, x.criticality > 60)",
			"event.assets.exists(x, x.criticality > 70)",
		},
		{"alert.created", alert, "event.asset.criticality > 60", "event.asset.criticality > 70"},
		{"alert.created", alert, "event.similar > 1", "event.similar > 3"},
		{"report.available", report, `event.name.contains("AP")`, `event.name.contains("XX")`},
		{"report.available", report, `event.description.contains("FLINT")`, `event.description.contains("flint")`},
		{"report.available", report, `event.threats.exists(x, x == "APT28")`, `event.threats.exists(x, x == "APT29")`},
		{"report.available", report, `"Energy" in event.sectors`, `"Health" in event.sectors`},
		{"report.available", report, `"FR" in event.countries`, `"DE" in event.countries`},
		{"report.available", report, `event.tlp == "amber"`, `event.tlp == "red"`},
		{"report.available", report, "event.flint == true", "event.flint == false"},
		{"report.available", report, "event.confidence >= 70", "event.confidence > 70"},
		{"catalog_rule.added", added, `event.name == "Rule" && event.description.contains("find")`, `event.name != "Rule"`},
		{
			"catalog_rule.added", added, `event.pattern.contains("process:name") && event.severity >= 80`,
			"event.severity < 80",
		},
		{"playbook.error", `{"crashed": true, "message": "x"}`, "event.crashed == true", "event.crashed == false"},
	} {
		for expression, want := range map[string]condition.Outcome{
			test.expression: condition.Matched,
			test.not:        condition.NotMatched,
		} {
			p, err := condition.Compile(expression, []string{test.eventType}, catalog)
			if err != nil {
				t.Errorf("%s: %v", expression, err)
				continue
			}
			if r := eval(t, p, input(t, test.eventType, test.payload)); r.Outcome != want {
				t.Errorf("%s: %+v, want %s", expression, r, want)
			}
		}
	}
}

func TestExplainSaysWhatEachTermRead(t *testing.T) {
	p, err := condition.Compile(`event.urgency > 90 && (event.status == "Closed" || event.similar >= 2) &&
		event.assets.exists(x, x.name.contains("Production")) && event.?rule.name.orValue("") == "SSH" &&
			time > timestamp("2026-01-01T00:00:00Z") &&
		event.asset.criticality != 3 && has(event.first_seen_at) &&
			event.entity.name == product.name`, []string{"alert.created"}, catalog)
	if err != nil {
		t.Fatal(err)
	}
	in := input(t, "alert.created", `{"urgency": 60, "status": "Pending", "similar": 2, "rule": {"name": "SSH"},
		"assets": [{"name": "Production"}], "first_seen_at": "x", "entity": {"name": "ACME"}}`)
	terms, err := p.Explain(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"`event.urgency > 90` is false (it is 60)",
		"`event.status == \"Closed\" || event.similar >= 2` is true (`event.status` is \"Pending\", `event.similar` is 2)",
		"`event.assets.exists(x, x.name.contains(\"Production\"))` is true (it is a list of 1 entry: " +
			"[{\"name\":\"Production\"}])",
		"`event.?rule.name.orValue(\"\") == \"SSH\"` is true (it is \"SSH\")",
		"`time > timestamp(\"2026-01-01T00:00:00Z\")` is true (it is 2026-05-01T12:00:00Z)",
		"`event.asset.criticality != 3` is false (it is missing)",
		"`has(event.first_seen_at)` is true",
		"`event.entity.name == product.name` is false (`event.entity.name` is \"ACME\", `product.name` is \"Shop\")",
	}
	if len(terms) != len(want) {
		t.Fatalf("%d terms, want %d: %v", len(terms), len(want), terms)
	}
	for i, term := range terms {
		if term.String() != want[i] {
			t.Errorf("got  %s\nwant %s", term, want[i])
		}
	}
	terms, err = foreign(t, "event.title > 3").Explain(t.Context(), input(t, "foreign", alert))
	if err != nil || len(terms) != 1 || terms[0].String() != "`event.title > 3` is not known (it is \"Brute force\")" ||
		terms[0].Result.Why == "" {
		t.Errorf("a term that fails: %v, %v", terms, err)
	}
	if terms, err = foreign(t, "").Explain(t.Context(), in); err != nil || len(terms) != 0 {
		t.Errorf("no condition: %v, %v", terms, err)
	}
}
