package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// texts returns the kinds and lines of a file's texts, in order.
func texts(t *testing.T, path, content string) []string {
	t.Helper()
	found, err := extract(newSource(path, content))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(found, func(a, b text) int { return a.offset - b.offset })
	var lines []string
	for _, x := range found {
		if len(x.body) == 0 || x.offset+len(x.body) > len(content) {
			t.Errorf("%s: %q is not within the file", path, x.body)
		}
		lines = append(lines, string(x.kind)+": "+x.line())
	}
	return lines
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestGoTexts(t *testing.T) {
	want(t, texts(t, "app/x.go", `// Package x holds things.
package x

import "net/mail"

//go:generate tool of what
type T struct {
	Name string `+"`json:\"of what\" doc:\"The name of it\"`"+`
}

// told is unexported; see `+"`told`"+` there.
func told(log *slog.Logger) {
	log.Warn("write the result", "error", err)
	fail("Enter a name", "product_id", "SELECT a FROM b", "Save", "<p>x y</p>")
}
`),
		"comment: Package x holds things.",
		"text: The name of it",
		"comment: is unexported; see there.",
		"log: write the result",
		"text: Enter a name",
		"text: Save",
	)
}

func TestGoTexts_OfATest(t *testing.T) {
	want(t, texts(t, "app/x_test.go", `package x

func TestNobodyIsTold(t *testing.T) {
	w.add("A made-up name")
	t.Errorf("the name is %q", "A made-up name")
}
`),
		"name: TestNobodyIsTold",
		"failure: the name is %q",
	)
}

func TestTemplTexts(t *testing.T) {
	want(t, texts(t, "templates/page/x.templ", `package page

// X renders a thing.
templ X(v View) {
	// What follows is a list.
	@layout.Frame(v.Frame) {
		<p class="told" title="A title">
			if v.Count == 0 {
				Nothing yet
			} else {
				{ v.Number(int64(v.Count)) } unread, <a href={ "/x" } aria-label={ "Open " + v.Name }>more</a>
			}
		</p>
		@ui.Field(ui.FieldProps{
			Label: "A label",
			Name:  "told",
		})
		<input type="checkbox" name="people" checked?={ v.On }/>
		<pre>{ "as it is" }</pre>
	}
}

func helper() string { return "From a helper" }
`),
		"comment: X renders a thing.",
		"comment: What follows is a list.",
		`text: A title`,
		"text: Nothing yet",
		"text: { } unread,",
		`text: Open`,
		"text: more",
		"text: A label",
		"text: as it is",
		"text: From a helper",
	)
}

func TestOtherTexts(t *testing.T) {
	want(t, texts(t, "static/js/x.js", "// A script.\n"+
		"const a = \"Mark as read\", b = 'unread', c = `A template`; /* end of it */\n"),
		"comment: A script.", "text: Mark as read", "text: A template", "comment: end of it")
	want(t, texts(t, "static/css/x.css", "/* Colors first. */\na { color: red; }\n"), "comment: Colors first.")
	want(t, texts(t, "docs/x.md",
		"# Title\n\nRun `told` as [here](https://told.example).\n\n```\ntold\n```\n\nLast\nline.\n"),
		"doc: # Title", "doc: Run as [here .", "doc: Last line.")
	want(t, texts(t, "Makefile", "# How to build.\nall: x ## Build it\n"), "comment: How to build.", "comment: Build it")
	want(t, texts(t, "models/migrations/1.sql", "-- told\n"))
}

// hits returns the refused words of a text.
func hits(k kind, path, body string) []string {
	var found []string
	for _, h := range check(text{file: newSource(path, body), kind: k, body: body}) {
		found = append(found, h.words)
	}
	return found
}

func TestRules(t *testing.T) {
	for _, test := range []struct {
		kind kind
		body string
		want string
	}{
		{message, "Nobody is told of it", "Nobody told"},
		{comment, "The sum of what is left", ""},
		{message, "The sum of what is left", "of what"},
		{message, "Whoever has it may read it", "Whoever may"},
		{message, "since May 12", ""},
		{message, "The product is\n\tthere", "is\n\tthere"},
		{message, "$1 stands for a name", ""},
		{message, "Send a mail through the mail server", "mail"},
		{comment, "the mail is sent", ""},
		{name, "TestNobodyIsTold", "Nobody Told"},
		{name, "TestMayor_Hears", ""},
		{message, "mayor, retold, hers_id", ""},
		{logged, "tell the receiver", "tell"},
	} {
		if got := strings.Join(hits(test.kind, "app/x.go", test.body), " "); got != test.want {
			t.Errorf("%s %q: refused %q, want %q", test.kind, test.body, got, test.want)
		}
	}
}

func TestRules_SpellingIsCheckedWhereMisspellIsNot(t *testing.T) {
	const body = "The colour of its behaviour, normalised"
	if got := hits(comment, "app/x.go", body); len(got) != 0 {
		t.Errorf("Go: %q", got)
	}
	if got := hits(message, "templates/x.templ", body); len(got) != 3 {
		t.Errorf("templates: %q", got)
	}
}

func TestReport_NamesPlaceAndAlternative(t *testing.T) {
	source := newSource("docs/x.md", "# One\n\nA line.\nThe users are told.\n")
	found, err := extract(source)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report(&out, found, nil); err == nil {
		t.Error("a refused word is no error")
	}
	const place = `docs/x.md:4:15: "told" in doc "A line. The users are told."; write: notify`
	if got := out.String(); !strings.HasPrefix(got, place) {
		t.Errorf("report %q", got)
	}
}

func TestReport_AllowsExceptions(t *testing.T) {
	exceptions, err := parseExceptions("# a comment\n\n" +
		"told | docs/x.md | a quotation\npeople | docs/ | the name of a page\n")
	if err != nil {
		t.Fatal(err)
	}
	found, err := extract(newSource("docs/x.md", "It is Told.\n"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report(&out, found, exceptions); err == nil {
		t.Error("an exception that nothing needs is no error")
	}
	const unused = `.ci/words/exceptions.txt:4:1: nothing needs this exception for "people": remove it` + "\n"
	if out.String() != unused {
		t.Errorf("report %q", out.String())
	}
	if err := report(&out, found, exceptions[:1]); err != nil {
		t.Errorf("an allowed word: %v", err)
	}
}

func TestParseExceptions_RefusesIncompleteLines(t *testing.T) {
	for _, line := range []string{"told | docs/x.md", "told | | reason", "told | [ | reason"} {
		if _, err := parseExceptions(line); err == nil {
			t.Errorf("%q is accepted", line)
		}
	}
}

func TestList_GroupsTextsByArea(t *testing.T) {
	var all []text
	for _, s := range []*source{
		newSource("app/event/x.go", "package event\n\nvar a = \"The gate failed\"\n"),
		newSource("admin/x.go", "package admin\n\nfunc f() { log.Info(\"render page\"); f(\"Product created\") }\n"),
		newSource("app/x_test.go", "package app\n\nfunc f() { t.Fatal(\"it failed\") }\n"),
	} {
		found, err := extract(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	var out bytes.Buffer
	if err := list(&out, all); err != nil {
		t.Fatal(err)
	}
	pages := strings.Index(out.String(), "admin/x.go:3: Product created\n")
	messages := strings.Index(out.String(), "app/event/x.go:3: The gate failed\n")
	logs := strings.Index(out.String(), "admin/x.go:3: render page\n")
	if pages < 0 || messages < pages || logs < messages || strings.Contains(out.String(), "it failed") {
		t.Errorf("list:\n%s", out.String())
	}
}
