package page

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"
)

// droppedClasses returns the names that the vendored style sheet lost because no source uses them.
var droppedClasses = sync.OnceValue(func() map[string]bool {
	text, err := os.ReadFile("../../static/dropped.txt")
	if err != nil {
		panic(err)
	}
	names := map[string]bool{}
	for name := range strings.FieldsSeq(string(text)) {
		names[name] = true
	}
	return names
})

// checker looks for faults of a page.
type checker struct {
	faults []string
	ids    map[string]int
	labels map[string]bool // ids that a label names
	refs   []string        // ids that are referred to
	tags   map[string]int
}

func (c *checker) say(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// collect notes ids and labels, which can come after their use.
func (c *checker) collect(n *html.Node) {
	if n.Type == html.ElementNode {
		if n.Namespace == "" {
			c.tags[n.Data]++
		}
		if id, ok := attr(n, "id"); ok {
			c.ids[id]++
		}
		if id, ok := attr(n, "for"); ok {
			c.labels[id] = true
			c.refs = append(c.refs, id)
		}
		for _, key := range []string{"aria-describedby", "aria-labelledby", "popovertarget"} {
			value, _ := attr(n, key)
			c.refs = append(c.refs, strings.Fields(value)...)
		}
	}
	for child := range n.ChildNodes() {
		c.collect(child)
	}
}

func (c *checker) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		c.attributes(n)
		c.element(n)
	}
	for child := range n.ChildNodes() {
		c.walk(child)
	}
}

// attributes checks attributes: the content policy allows no style and no handler; addresses are
// local, or of the web.
func (c *checker) attributes(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "class":
			for name := range strings.FieldsSeq(a.Val) {
				if droppedClasses()[name] {
					c.say("%s: no style sheet has class %s: run make vendor-static", n.Data, name)
				}
			}
		case a.Key == "style":
			c.say("%s: a style attribute", n.Data)
		case strings.HasPrefix(a.Key, "on"), strings.HasPrefix(a.Key, "hx-on"):
			c.say("%s: a handler %s", n.Data, a.Key)
		case a.Key == "href", a.Key == "action", a.Key == "src", a.Key == "formaction":
			u, err := url.Parse(a.Val)
			if err != nil || !slices.Contains([]string{"", "http", "https"}, u.Scheme) {
				c.say("%s: %s is %q", n.Data, a.Key, a.Val)
			}
		}
	}
}

func (c *checker) element(n *html.Node) {
	switch n.Data {
	case "script":
		if n.FirstChild != nil {
			c.say("script: it has a body")
		}
	case "style":
		c.say("style: not allowed")
	case "button":
		if _, ok := attr(n, "type"); !ok {
			c.say("button: no type")
		}
		c.named(n)
	case "a":
		c.named(n)
	case "input", "select", "textarea":
		c.input(n)
	}
}

func (c *checker) named(n *html.Node) {
	if label, _ := attr(n, "aria-label"); label == "" && strings.TrimSpace(inner(n)) == "" {
		c.say("%s: it has no name", n.Data)
	}
}

func (c *checker) input(n *html.Node) {
	if kind, _ := attr(n, "type"); kind == "hidden" {
		return
	}
	id, _ := attr(n, "id")
	if label, _ := attr(n, "aria-label"); label == "" && !c.labels[id] {
		c.say("%s %q: no label", n.Data, id)
	}
}

func (c *checker) references() {
	for id, n := range c.ids {
		if n > 1 {
			c.say("id %q: used %d times", id, n)
		}
	}
	for _, id := range c.refs {
		if c.ids[id] == 0 {
			c.say("id %q: referred to, but not there", id)
		}
	}
}

// balance finds end tags that are missing or surplus, which a parser would repair silently.
func (c *checker) balance(text string) {
	void := []string{"meta", "link", "input", "br", "hr", "img"}
	var open []string
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				c.say("%s: never closed", open[len(open)-1])
			}
			return
		case html.StartTagToken:
			if name, _ := z.TagName(); !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				c.say("%s: closed out of turn, open are %v", name, open)
				return
			}
			open = open[:len(open)-1]
		default:
		}
	}
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func inner(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := range n.ChildNodes() {
		b.WriteString(inner(child))
	}
	return b.String()
}
