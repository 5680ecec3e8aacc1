package draft

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text is the text of a field.
type Text struct{ Name, Value string }

// Filled says what Fill has done.
type Filled struct {
	Found  bool     // whether the page has the form
	Texts  int      // values that the form has taken
	Rest   []Text   // typed values that it has no field for
	Errors []string // errors of fields that it does not have
}

// Beside is a note about a single field.
type Beside struct {
	ID    string // of the note
	Error string // what is wrong with the value; "" = nothing
	Now   string // the saved value, if it is another one
}

// Options say what Fill adds to a page.
type Options struct {
	// Note returns the HTML before the fields.
	Note func(Filled) (string, error)
	// Beside returns the HTML beside a field, for the fields with an error or with another saved value.
	Beside func(Beside) (string, error)
	// Errors are the errors of fields, by name.
	Errors map[string]string
	// Compare keeps the version of the page, and notes the values that differ from the draft.
	Compare bool
	// Secrets keeps what was typed as a secret, apart from passwords.
	Secrets bool
}

// Fill returns a page with a draft in its form, and notes about it.
func Fill(text string, d Draft, o Options) (string, error) {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	left := url.Values{}
	for name, values := range d.Fields {
		left[name] = slices.Clone(values)
	}
	form := formOf(doc, d)
	done := Filled{Found: form != nil}
	errors := maps.Clone(o.Errors)
	at := find(doc, func(n *html.Node) bool { return n.DataAtom == atom.Main })
	if form != nil {
		fields := controls(form)
		saved := make([]string, len(fields))
		for i, c := range fields {
			saved[i] = c.text(doc)
		}
		done.Texts = fill(form, left, o)
		set(form, "data-unsaved", "")
		open(doc, form)
		at = form
		for i, c := range fields {
			note := Beside{Error: errors[c.name]}
			delete(errors, c.name)
			if o.Compare && c.text(doc) != saved[i] {
				note.Now = cmp.Or(saved[i], "empty")
			}
			if err := addBeside(c, note, o); err != nil {
				return "", err
			}
		}
	}
	done.Rest = rest(left)
	for _, name := range slices.Sorted(maps.Keys(errors)) {
		done.Errors = append(done.Errors, errors[name])
	}
	said, err := o.Note(done)
	if err != nil || at == nil {
		return text, err
	}
	if err := insert(at, at.FirstChild, said); err != nil {
		return "", err
	}
	var b strings.Builder
	err = html.Render(&b, doc)
	return b.String(), err
}

// addBeside adds a note beside a field, and binds it to that.
func addBeside(c control, note Beside, o Options) error {
	switch {
	case note.Error != "":
		note.ID = c.base() + "-error"
	case note.Now != "":
		note.ID = c.base() + "-now"
	default:
		return nil
	}
	text, err := o.Beside(note)
	if err != nil {
		return err
	}
	c.describe(note.ID, note.Error != "")
	parent, before := c.place()
	return insert(parent, before, text)
}

// formOf returns the form of a page that sends to the draft's action. Of several, it is the one with the most
// hidden values of the draft: some pages have a form per kind of target.
func formOf(doc *html.Node, d Draft) *html.Node {
	var best *html.Node
	most := -1
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Form || !strings.EqualFold(attr(n, "method"), "post") || !sendsTo(n, d.Action) {
			continue
		}
		same := 0
		for field := range n.Descendants() {
			switch {
			case attr(field, "name") == "" || IsMark(attr(field, "name")):
			case attr(field, "type") == "hidden" && slices.Contains(d.Fields[attr(field, "name")], attr(field, "value")):
				same += 2
			case d.Fields.Has(attr(field, "name")):
				same++
			}
		}
		if same > most {
			best, most = n, same
		}
	}
	return best
}

func sendsTo(form *html.Node, action string) bool {
	if pathOf(attr(form, "action")) == action {
		return true
	}
	for n := range form.Descendants() {
		if has(n, "formaction") && pathOf(attr(n, "formaction")) == action {
			return true
		}
	}
	return false
}

func pathOf(text string) string {
	path, _, _ := strings.Cut(text, "?")
	return path
}

// fill puts values into the fields of a form and takes them out of left. It returns how many values a user has
// typed.
func fill(form *html.Node, left url.Values, o Options) int {
	n := 0
	for field := range form.Descendants() {
		name := attr(field, "name")
		if name == "" || has(field, "disabled") {
			continue
		}
		switch field.DataAtom {
		case atom.Textarea:
			if text, ok := take(left, name); ok {
				setText(field, text)
				n++
			}
		case atom.Select:
			if choose(field, left) {
				n++
			}
		case atom.Input:
			n += fillInput(field, name, left, o)
		case atom.Button:
			delete(left, name)
		default:
		}
	}
	return n
}

func fillInput(field *html.Node, name string, left url.Values, o Options) int {
	switch attr(field, "type") {
	case "password":
		delete(left, name)
	case "file", "submit", "button":
	case "hidden":
		text, ok := take(left, name)
		// The version shows whether another user has saved a change meanwhile.
		if ok && !o.Compare && name == "version" {
			set(field, "value", text)
		}
	case "checkbox", "radio":
		value := "on"
		if has(field, "value") {
			value = attr(field, "value")
		}
		toggle(field, "checked", slices.Contains(left[name], value))
		if i := slices.Index(left[name], value); i >= 0 {
			left[name] = slices.Delete(left[name], i, i+1)
			return 1
		}
	default:
		if has(field, "data-secret") && !o.Secrets {
			delete(left, name)
			return 0
		}
		if text, ok := take(left, name); ok {
			set(field, "value", text)
			return 1
		}
	}
	return 0
}

// choose selects the options of a select element that the draft has.
func choose(field *html.Node, left url.Values) bool {
	name := attr(field, "name")
	found := false
	for n := range field.Descendants() {
		if n.DataAtom == atom.Option && slices.Contains(left[name], attr(n, "value")) {
			found = true
		}
	}
	if !found {
		return false
	}
	for n := range field.Descendants() {
		if n.DataAtom == atom.Option {
			i := slices.Index(left[name], attr(n, "value"))
			toggle(n, "selected", i >= 0)
			if i >= 0 {
				left[name] = slices.Delete(left[name], i, i+1)
			}
		}
	}
	return true
}

// take returns the next value of a field, and takes it out.
func take(left url.Values, name string) (string, bool) {
	values := left[name]
	if len(values) == 0 {
		return "", false
	}
	left[name] = values[1:]
	return values[0], true
}

// rest returns the values that are left, by name.
func rest(left url.Values) []Text {
	var list []Text
	for name, values := range left {
		for _, v := range values {
			if strings.TrimSpace(v) != "" {
				list = append(list, Text{Name: name, Value: v})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Text) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// open opens the folds around a form. Of folds with the same name, browsers show only one open.
func open(doc, form *html.Node) {
	for fold := range form.Ancestors() {
		if fold.DataAtom != atom.Details {
			continue
		}
		for n := range doc.Descendants() {
			if n.DataAtom == atom.Details && attr(n, "name") != "" && attr(n, "name") == attr(fold, "name") {
				toggle(n, "open", false)
			}
		}
		set(fold, "open", "")
	}
}

func find(doc *html.Node, is func(*html.Node) bool) *html.Node {
	for n := range doc.Descendants() {
		if is(n) {
			return n
		}
	}
	return nil
}

func setText(n *html.Node, text string) {
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func set(n *html.Node, name, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}

func toggle(n *html.Node, name string, on bool) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if on {
		set(n, name, "")
	}
}
