package draft

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// control is what a user sees as one field: an input, or the radio buttons of one name.
type control struct {
	name  string
	nodes []*html.Node
}

// controls returns the fields that a user can see and fill in, in their order.
func controls(part *html.Node) []control {
	var list []control
	radios := map[string]int{}
	for n := range part.Descendants() {
		name := attr(n, "name")
		if name == "" || has(n, "disabled") || !isControl(n) {
			continue
		}
		if attr(n, "type") != "radio" {
			list = append(list, control{name, []*html.Node{n}})
			continue
		}
		at, ok := radios[name]
		if !ok {
			at = len(list)
			radios[name] = at
			list = append(list, control{name: name})
		}
		list[at].nodes = append(list[at].nodes, n)
	}
	return list
}

func isControl(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Textarea, atom.Select:
		return true
	case atom.Input:
		return !slices.Contains([]string{"hidden", "submit", "button", "image", "reset"}, attr(n, "type"))
	default:
		return false
	}
}

// text returns the value of a control as a user reads it.
func (c control) text(doc *html.Node) string {
	n := c.nodes[0]
	switch {
	case n.DataAtom == atom.Textarea:
		return plain(textOf(n))
	case n.DataAtom == atom.Select:
		return chosen(n)
	case attr(n, "type") == "radio":
		for _, radio := range c.nodes {
			if has(radio, "checked") {
				return titleOf(doc, radio)
			}
		}
		return ""
	case attr(n, "type") == "checkbox":
		if has(n, "checked") {
			return "on"
		}
		return "off"
	case attr(n, "type") == "password", attr(n, "type") == "file":
		return ""
	}
	return plain(attr(n, "value"))
}

// chosen returns the labels of the selected options of a select element: browsers select the first by default.
func chosen(n *html.Node) string {
	var first *html.Node
	var labels []string
	for o := range n.Descendants() {
		if o.DataAtom != atom.Option {
			continue
		}
		if first == nil {
			first = o
		}
		if has(o, "selected") {
			labels = append(labels, strings.TrimSpace(textOf(o)))
		}
	}
	if len(labels) == 0 && first != nil {
		return strings.TrimSpace(textOf(first))
	}
	return strings.Join(labels, ", ")
}

// plain returns a text as it is compared: browsers send line breaks as CRLF.
func plain(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// label returns the name of a control as a user reads it.
func (c control) label(doc *html.Node) string {
	if len(c.nodes) == 1 && attr(c.nodes[0], "type") != "checkbox" {
		if title := titleOf(doc, c.nodes[0]); title != "" {
			return title
		}
	}
	for n := range c.nodes[0].Ancestors() {
		if n.DataAtom == atom.Fieldset {
			if legend := find(n, func(n *html.Node) bool { return n.DataAtom == atom.Legend }); legend != nil {
				return strings.TrimSpace(textOf(legend))
			}
		}
	}
	if title := titleOf(doc, c.nodes[0]); title != "" {
		return title
	}
	return c.name
}

// titleOf returns the text of the label of a field: in a choice the strong part, and never what is optional.
func titleOf(doc, field *html.Node) string {
	if title := attr(field, "aria-label"); title != "" {
		return title
	}
	label := find(doc, func(n *html.Node) bool {
		return n.DataAtom == atom.Label && attr(n, "for") != "" && attr(n, "for") == attr(field, "id")
	})
	if label == nil {
		return ""
	}
	if strong := find(label, func(n *html.Node) bool { return n.DataAtom == atom.B }); strong != nil {
		label = strong
	}
	var b strings.Builder
	for n := range label.Descendants() {
		if n.Type == html.TextNode && attr(n.Parent, "class") != "opt" {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// place returns where a note about a control is added: in the fieldset of a choice, and after a label around a
// field.
func (c control) place() (parent, before *html.Node) {
	last := c.nodes[len(c.nodes)-1]
	parent, before = last.Parent, nil
	for n := range last.Ancestors() {
		switch {
		case n.DataAtom == atom.Form:
			return parent, before
		case n.DataAtom == atom.Label:
			parent, before = n.Parent, n.NextSibling
		case n.DataAtom == atom.Fieldset && len(c.nodes) > 1:
			return n, nil
		}
	}
	return parent, before
}

// base returns the beginning of the ids of a control's notes. A control without an id gets one.
func (c control) base() string {
	n := c.nodes[0]
	if len(c.nodes) > 1 {
		return c.name
	}
	if attr(n, "id") == "" {
		set(n, "id", "field-"+c.name)
	}
	return attr(n, "id")
}

// describe binds a note to a control. wrong marks its value as invalid.
func (c control) describe(id string, wrong bool) {
	for _, n := range c.nodes {
		if ids := strings.Fields(attr(n, "aria-describedby")); !slices.Contains(ids, id) {
			set(n, "aria-describedby", strings.Join(append([]string{id}, ids...), " "))
		}
		if !wrong {
			continue
		}
		set(n, "aria-invalid", "true")
		if class := attr(n, "class"); strings.Contains(class, "form-control") && !strings.Contains(class, "is-invalid") {
			set(n, "class", class+" is-invalid")
		}
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
