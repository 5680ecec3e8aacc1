package draft

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Wrong is a field with an invalid value.
type Wrong struct{ ID, Label, Message string }

// Summarize returns the page that answers a form, with a summary at the top of the form that has errors. It binds
// the errors to their fields, and names the address of the page in the attribute data-address. summary returns the
// HTML of the summary.
func Summarize(text, address string, summary func([]Wrong) (string, error)) (string, error) {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	if main := find(doc, func(n *html.Node) bool { return n.DataAtom == atom.Main }); main != nil && address != "" {
		set(main, "data-address", address)
	}
	for form := range doc.Descendants() {
		if form.DataAtom != atom.Form || !strings.EqualFold(attr(form, "method"), "post") {
			continue
		}
		list := wrongs(doc, form)
		if len(list) == 0 {
			continue
		}
		set(form, "data-unsaved", "")
		open(doc, form)
		said, err := summary(list)
		if err == nil {
			err = insert(form, form.FirstChild, said)
		}
		if err != nil {
			return "", err
		}
		break
	}
	var b strings.Builder
	err = html.Render(&b, doc)
	return b.String(), err
}

// wrongs returns the errors of a form, and binds each to its field.
func wrongs(doc, form *html.Node) []Wrong {
	fields := controls(form)
	var list []Wrong
	for n := range form.Descendants() {
		classes := strings.Fields(attr(n, "class"))
		id := attr(n, "id")
		if id == "" || !slices.Contains(classes, "gc-err") || slices.Contains(classes, "warn") {
			continue
		}
		w := Wrong{ID: id, Message: strings.TrimSpace(textOf(n))}
		if c, ok := fieldOf(form, n, fields); ok {
			c.base()
			c.describe(id, true)
			unfold(form, c.nodes[0])
			w.ID, w.Label = attr(c.nodes[0], "id"), c.label(doc)
		}
		list = append(list, w)
	}
	return list
}

// fieldOf returns the field that an error is about: the one that it describes, or else the nearest before it.
func fieldOf(form, wrong *html.Node, fields []control) (control, bool) {
	for _, c := range fields {
		if slices.Contains(strings.Fields(attr(c.nodes[0], "aria-describedby")), attr(wrong, "id")) {
			return c, true
		}
	}
	for n := wrong; n != form; n = n.Parent {
		for s := n.PrevSibling; s != nil; s = s.PrevSibling {
			for _, c := range fields {
				if c.nodes[0] == s || slices.Contains(slices.Collect(c.nodes[0].Ancestors()), s) {
					return c, true
				}
			}
		}
	}
	return control{}, false
}

// unfold opens the folds of a form around a field.
func unfold(form, field *html.Node) {
	for n := range field.Ancestors() {
		if n == form {
			return
		}
		if n.DataAtom == atom.Details {
			set(n, "open", "")
		}
	}
}

// insert adds HTML to a part of a page.
func insert(parent, before *html.Node, text string) error {
	nodes, err := html.ParseFragment(strings.NewReader(text), &html.Node{
		Type: html.ElementNode, Data: "div", DataAtom: atom.Div,
	})
	for _, n := range nodes {
		parent.InsertBefore(n, before)
	}
	return err
}
