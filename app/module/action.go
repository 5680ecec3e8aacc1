package module

import "strings"

// Bounds of the actions of a message, so that they leave space for its texts.
const (
	maxActions     = 4
	maxActionLabel = 40  // characters
	maxActionLink  = 500 // bytes, of those behind the first
)

// Buttons returns the actions to show, with safe links and labels in a single line. For a message
// without actions it is the link to its page.
func (m Message) Buttons() []Action {
	all := m.Actions
	if len(all) == 0 {
		all = []Action{{"Open in Gatecrier", m.Link}}
	}
	var list []Action
	for _, a := range all {
		a = a.safe()
		if len(list) < maxActions && a.Link != "" && (len(list) == 0 || len(a.Link) <= maxActionLink) {
			list = append(list, a)
		}
	}
	return list
}

// safe returns the action with a safe link and a label in a single line, without a link if it has
// no such.
func (a Action) safe() Action {
	a = Action{Truncate(a.Label, maxActionLabel), SafeLink(a.Link)}
	if a.Label == "" {
		a.Link = ""
	}
	return a
}

// Safe returns the origin with texts in a single line, and with a safe link or none.
func (o Origin) Safe() Origin {
	o = Origin{Truncate(o.Text, maxOrigin), o.Manage.safe()}
	if len(o.Manage.Link) > MaxItemLink {
		o.Manage = Action{}
	}
	return o
}

// maxOrigin is the maximum length of the text of an origin, in characters.
const maxOrigin = 160

// Actions returns actions as links in one line of at most limit UTF-16 units. It leaves out those that
// do not fit.
func (c ChatText) Actions(all []Action, limit int) string {
	const gap = " · "
	var parts []string
	for _, a := range all {
		text := c.Link(c.Fit(a.Label, maxActionLabel), a.Link)
		if limit -= UTF16Len(text) + UTF16Len(gap); limit < 0 {
			break
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, gap)
}

// Origin returns why a receiver gets a message, with the link to the page where that is managed. It
// is "" if that is not known.
func (c ChatText) Origin(o Origin) string {
	o = o.Safe()
	if o.Text == "" {
		return ""
	}
	text := c.Fit(o.Text, maxOrigin) + "."
	if o.Manage.Link != "" {
		text += " " + c.Link(c.Fit(o.Manage.Label, maxActionLabel), o.Manage.Link)
	}
	return text
}
