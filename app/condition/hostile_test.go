package condition_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"gatecrier/app/condition"
)

// payload returns a payload with a list of n texts, each of size characters, and one large text.
func payload(t *testing.T, n, size, large int) string {
	t.Helper()
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"name": strings.Repeat("a", size), "n": i}
	}
	b, err := json.Marshal(map[string]any{"list": list, "text": strings.Repeat("a", large), "n": 1})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is refused when it is saved, in words.
func TestHostileExpressionsAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ expression, want string }{
		"too long":    {strings.Repeat(" ", 4000) + "true", "has 4004 characters: at most 4000"},
		"parentheses": {strings.Repeat("(", 1900) + "true" + strings.Repeat(")", 1900), "nested too deeply"},
		"lists":       {strings.Repeat("[", 1900) + strings.Repeat("]", 1900) + " == []", "nested too deeply"},
		"nots": {
			"event.a == 1 && " + strings.Repeat("!(", 1000) + "true" + strings.Repeat(")", 1000),
			"nested too deeply",
		},
		"ternaries": {strings.Repeat("true?", 300) + "true" + strings.Repeat(":true", 300), "too many errors"},
		"long sum":  {terms("event.text", "+") + ` == ""`, "nested too deeply"},
		"sum of texts": {
			strings.Repeat("event.text + ", 50) + `"" == ""`,
			"The most expensive part is `event.text + ",
		},
		"equal lists":         {`event.list == ["a"]`, "Whole lists and objects cannot be compared"},
		"loop in loop":        {"event.list.exists(x, event.list.exists(y, x == y))", "cannot contain or follow"},
		"loops in a row":      {"event.list.map(x, x).map(x, x).map(x, x) == []", "cannot contain or follow"},
		"loop in its range":   {"event.list.filter(x, true).all(x, true)", "cannot contain or follow"},
		"large repetition":    {`event.text.matches("(a{1,30}){1,30}")`, "too large"},
		"refused repetition":  {`event.text.matches("a{2000}")`, "no regular expression"},
		"pattern of an event": {"event.text.matches(event.list[0].name)", "must be a text in quotes"},
		"pattern in a sum":    {`event.text.matches("a" + event.text)`, "must be a text in quotes"},
		"text bomb": {
			`event.text.replace("a", "aaaaaaaaaa").replace("a", "aaaaaaaaaa") == ""`,
			"`replace` is not available",
		},
		"format": {`"%s%s".format([event, event]) == ""`, "`format` is not available"},
		"join":   {`event.list.join(event.text) == ""`, "`join` is not available"},
		"object": {`google.protobuf.Struct{fields: {}} == event`, "cannot be created"},
		"list per entry": {
			"event.list.exists(x, x in event.list)",
			"The most expensive part is `event.list.exists(x, x in event.list)`",
		},
		"two expensive loops": {
			`event.list.exists(x, x.name.matches("[a-z]+[0-9]{20}x")) && ` +
				`event.list.exists(x, x.name.matches("[a-z]+[0-9]{40}y")) && event.n == 1`,
			"The most expensive part is `event.list.exists(x, x.name.matches(\"[a-z]+[0-9]{40}y\"))`",
		},
		"many loops": {"event.list.exists(x, x.n == 1)" +
			strings.Repeat(` || event.list.exists(x, x.name.contains("Production-Database"))`, 30), "too expensive"},
		"control characters": {"event.a == \x00", "is not known"},
		"only operators":     {strings.Repeat("&&", 2000), "is not expected"},
		"open quotes":        {strings.Repeat(`"`, 3999), "is not expected"},
	} {
		_, err := condition.Compile(test.expression, []string{"foreign"}, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %.300v, want %q", name, err, test.want)
		}
		if err != nil && len(err.Error()) > 4000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// terms returns as many different terms as fit.
func terms(format, operator string) string {
	var b strings.Builder
	for i := 0; ; i++ {
		term := strings.ReplaceAll(format, "N", strconv.Itoa(i))
		if b.Len()+len(term)+len(operator) > condition.MaxExpression {
			return b.String()
		}
		if i > 0 {
			b.WriteString(operator)
		}
		b.WriteString(term)
	}
}

// What is allowed is bounded when it runs, whatever comes.
func TestHostileEventsAreBounded(t *testing.T) {
	large := input(t, "foreign", payload(t, 1000, 40, 200_000))
	many := input(t, "foreign", payload(t, 100_000, 1, 1))
	for name, test := range map[string]struct {
		expression string
		in         condition.Input
		want       condition.Outcome
	}{
		"terms":             {terms("event.n == -1N", "||"), large, condition.NotMatched},
		"sizes of a text":   {terms("event.text.size() == -1N", "||"), large, condition.Unsure},
		"texts":             {terms("event.text != \"N\"", "&&"), large, condition.Matched},
		"sum of a text":     {strings.Repeat("event.text + ", 10) + "\"\" == \"\"", large, condition.Unsure},
		"list literal":      {"event.n in [" + terms("N", ", ")[:3900] + "0]", large, condition.Matched},
		"pattern on a text": {`event.text.matches("(a+)+$")`, large, condition.Matched},
		"slow pattern":      {`event.text.matches("(a|a|a|a|aa|aaa|aaaa|aaaaa)+b{1,40}$")`, large, condition.Unsure},
		"many entries":      {"event.list.exists(x, x.n == -1)", many, condition.Unsure},
		"early entry":       {"event.list.exists(x, x.n == 3)", many, condition.Matched},
		"search in entries": {`event.list.exists(x, x.name.contains("ab"))`, large, condition.NotMatched},
		"text per entry":    {`event.list.exists(x, event.text.contains("ab"))`, large, condition.Unsure},
		"lower per entry":   {"event.list.exists(x, event.text.lowerAscii() == x.name)", large, condition.Unsure},
		"entry of a list":   {"event.list.exists(x, event.list[999] == x && false)", large, condition.NotMatched},
		"list of entries":   {`event.list.map(x, x.name + x.name).size() == 1000`, large, condition.Matched},
		"the whole event":   {"event.list.exists(x, event.list == event.list && false)", large, condition.NotMatched},
	} {
		p, err := condition.Compile(test.expression, []string{"foreign"}, nil)
		if err != nil {
			t.Errorf("%s: %.300v", name, err)
			continue
		}
		if r := eval(t, p, test.in); r.Outcome != test.want {
			t.Errorf("%s: %+v, want %s", name, r, test.want)
		}
	}
}

// What cannot be interrupted or counted is refused before it starts.
func TestLongWorkDoesNotStart(t *testing.T) {
	in := input(t, "foreign", payload(t, 10, 40, 200_000))
	for expression, want := range map[string]string{
		`event.text.matches("(a|a|aa|aaa|aaaa)+b{1,40}$")`: "a text of 200000 characters is too long for the pattern",
		"event.list == event.list":                         "whole lists and objects cannot be compared",
		"event.list != event.list":                         "whole lists and objects cannot be compared",
		"event.list[0] in event.list":                      "whole lists and objects cannot be compared",
	} {
		if r := eval(t, foreign(t, expression), in); r.Outcome != condition.Unsure || !strings.Contains(r.Why, want) {
			t.Errorf("%s: %+v, want %q", expression, r, want)
		}
	}
}

func TestEvalStopsWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := input(t, "foreign", alert)
	for _, expression := range []string{"", "event.urgency > 80", "event.assets.exists(x, x.criticality > 60)"} {
		if r, err := foreign(t, expression).Eval(ctx, in); err == nil || r.Outcome != "" {
			t.Errorf("%q: %+v, %v", expression, r, err)
		}
	}
	if _, err := foreign(t, "event.urgency > 80").Explain(ctx, in); err == nil {
		t.Error("explain: no error")
	}
}
