package draft

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/secret"
)

func newBox(t *testing.T, now *time.Time) *Box {
	t.Helper()
	ring, err := secret.NewRing(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return New(ring, func() time.Time { return *now })
}

func TestOpen_SameUserWithinLifetime(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	box := newBox(t, &now)
	sealed, err := box.Seal(3, Draft{Page: "/p", Action: "/a", Fields: url.Values{"x": {"typed"}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "typed") {
		t.Errorf("the text can be read: %s", sealed)
	}
	now = now.Add(Lifetime)
	d, err := box.Open(3, sealed)
	if err != nil || d.Fields.Get("x") != "typed" || d.Page != "/p" || d.Action != "/a" {
		t.Errorf("opened %+v: %v", d, err)
	}
	for _, text := range []string{"", "x", "!", sealed[1:], sealed[:len(sealed)-2]} {
		if d, err := box.Open(3, text); err == nil {
			t.Errorf("%q is opened: %+v", text, d)
		}
	}
	if d, err := box.Open(4, sealed); err == nil {
		t.Errorf("another user opens %+v", d)
	}
	now = now.Add(time.Second)
	if d, err := box.Open(3, sealed); err == nil {
		t.Errorf("opened later: %+v", d)
	}
}

func TestSeal_TooLarge(t *testing.T) {
	now := time.Now()
	_, err := newBox(t, &now).Seal(1, Draft{Fields: url.Values{"x": {strings.Repeat("x", MaxSize)}}})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("sealed: %v", err)
	}
}

const samplePage = `<html><body><main>` +
	`<form method="post" action="/other"><input type="text" name="name" value="o"/></form>` +
	`<details><form method="post" action="/save"><input type="hidden" name="version" value="9"/>` +
	`<input type="text" name="name" value="old"/><textarea name="text">old</textarea>` +
	`<select name="kind"><option value="a" selected>A</option><option value="b">B</option></select>` +
	`<input type="checkbox" name="on" checked/><input type="password" name="pass"/>` +
	`<input type="text" data-secret name="hook" value="shown"/></form></details></main></body></html>`

func TestMark_FormsThatTakeText(t *testing.T) {
	page := samplePage + `<form method="post" action="/x"><input type="hidden" name="id" value="1"/></form>` +
		`<form method="get" action="/y"><input type="text" name="q"/></form>` +
		`<form method="post" action="/z"><input type="checkbox" name="id"/><button formmethod="get"></button></form>`
	marked := Mark(page, "5", `/p?a="b"`)
	if n := strings.Count(marked, `name="form_user" value="5"`); n != 2 {
		t.Errorf("%d forms are marked, want 2:\n%s", n, marked)
	}
	for _, want := range []string{`value="/p?a=&#34;b&#34;"`, `name="form_secrets" value="pass,hook"`} {
		if !strings.Contains(marked, want) {
			t.Errorf("no %s in\n%s", want, marked)
		}
	}
}

func TestFill(t *testing.T) {
	var done Filled
	note := func(f Filled) (string, error) { done = f; return `<p id="note">kept</p>`, nil }
	d := Draft{Action: "/save", Fields: url.Values{
		"version": {"4"}, "name": {`<b>"new"`}, "text": {"\nline"}, "kind": {"b"}, "gone": {"words"},
		"pass": {"secret"}, "hook": {"secret"},
	}}
	got, err := Fill(samplePage, d, Options{Note: note})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<details open=""><form method="post" action="/save" data-unsaved=""><p id="note">kept</p>`,
		`name="version" value="4"`, `name="name" value="&lt;b&gt;&#34;new&#34;"`, "<textarea name=\"text\">\n\nline<",
		`<option value="a">`, `<option value="b" selected="">`, `<input type="checkbox" name="on"/>`,
		`name="name" value="o"`, `name="hook" value="shown"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if !done.Found || done.Texts != 3 || len(done.Rest) != 1 || done.Rest[0] != (Text{"gone", "words"}) {
		t.Errorf("filled %+v", done)
	}
	got, err = Fill(samplePage, Draft{Action: "/gone", Fields: url.Values{"name": {"words"}}}, Options{Note: note})
	if err != nil || done.Found || len(done.Rest) != 1 || !strings.Contains(got, `<main><p id="note">`) {
		t.Errorf("a page without the form: %+v, %v\n%s", done, err, got)
	}
}

func TestSummarize(t *testing.T) {
	page := `<html><body><main><form method="post" action="/a"><details>` +
		`<label for="f-n">Name <span class="opt">optional</span>` +
		`</label><input id="f-n" name="n" class="form-control"/><div class="gc-err" id="f-n-error">too long</div></details>` +
		`<fieldset><legend>Kind</legend><input type="radio" id="k-0" name="k" value="a"/>` +
		`<div class="gc-err" id="k-error">choose one</div><div class="gc-err warn" id="w">careful</div></fieldset>` +
		`</form></main></body></html>`
	var list []Wrong
	got, err := Summarize(page, "/p?x=1&y=2", func(l []Wrong) (string, error) {
		list = l
		return `<p id="sum"></p>`, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Wrong{{"f-n", "Name", "too long"}, {"k-0", "Kind", "choose one"}}
	if !slices.Equal(list, want) {
		t.Errorf("errors %+v, want %+v", list, want)
	}
	for _, part := range []string{
		`<main data-address="/p?x=1&amp;y=2">`, `data-unsaved=""><p id="sum">`, `<details open="">`,
		`class="form-control is-invalid" aria-describedby="f-n-error" aria-invalid="true"`,
		`value="a" aria-describedby="k-error" aria-invalid="true"`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in\n%s", part, got)
		}
	}
}

func TestFill_ComparesWithSavedValues(t *testing.T) {
	page := `<html><body><main><form method="post" action="/a"><input type="hidden" name="version" value="5"/>` +
		`<input id="f-n" name="n" value="theirs"/><input id="f-m" name="m" value="same"/></form></main></body></html>`
	d := Draft{Action: "/a", Fields: url.Values{"version": {"4"}, "n": {"mine"}, "m": {"same"}}}
	var notes []Beside
	got, err := Fill(page, d, Options{
		Compare: true,
		Note:    func(Filled) (string, error) { return "<p></p>", nil },
		Beside: func(b Beside) (string, error) {
			notes = append(notes, b)
			return `<i id="` + b.ID + `"></i>`, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || notes[0] != (Beside{ID: "f-n-now", Now: "theirs"}) {
		t.Errorf("notes %+v", notes)
	}
	if !strings.Contains(got, `name="version" value="5"`) ||
		!strings.Contains(got, `value="mine" aria-describedby="f-n-now"`) {
		t.Errorf("the page: %s", got)
	}
}
