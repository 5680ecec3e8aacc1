package markdown

import (
	"net/url"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// restricted renders the nodes that could reach beyond the text: links, images, code with the name
// of a language; and headings, which would disturb those of the page.
type restricted struct{}

// RegisterFuncs registers the functions in place of the default ones.
func (restricted) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindLink, renderLink)
	r.Register(ast.KindAutoLink, renderAutoLink)
	r.Register(ast.KindImage, renderImage)
	r.Register(ast.KindHeading, renderHeading)
	r.Register(ast.KindFencedCodeBlock, renderCode)
	r.Register(ast.KindCodeBlock, renderCode)
}

// writer writes HTML. The buffer keeps an error, and returns it when it is flushed.
type writer struct{ util.BufWriter }

func (w writer) html(parts ...string) {
	for _, part := range parts {
		if _, err := w.WriteString(part); err != nil {
			return
		}
	}
}

// text writes a text with its characters escaped.
func (w writer) text(text []byte) { w.html(string(util.EscapeHTML(text))) }

// open begins a link if its address is of the web.
func (w writer) open(address []byte) bool {
	address = util.URLEscape(address, true)
	u, err := url.Parse(string(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return false
	}
	w.html(`<a href="`)
	w.text(address)
	w.html(`" rel="noopener noreferrer nofollow" target="_blank">`)
	return true
}

// closed ends a link. Readers of screens are notified of the new tab.
func (w writer) closed() {
	w.html(`<span class="visually-hidden">&nbsp;(in a new tab)</span></a>`)
}

// isOpen is the attribute of a link that has a tag.
var isOpen = []byte("open")

func renderLink(b util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	link, w := n.(*ast.Link), writer{b}
	if entering {
		if w.open(link.Destination) {
			link.SetAttribute(isOpen, true)
		}
	} else if _, ok := link.Attribute(isOpen); ok {
		w.closed()
	}
	return ast.WalkContinue, nil
}

func renderAutoLink(b util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	link, w := n.(*ast.AutoLink), writer{b}
	opened := link.AutoLinkType == ast.AutoLinkURL && w.open(link.URL(source))
	w.text(link.Label(source))
	if opened {
		w.closed()
	}
	return ast.WalkContinue, nil
}

// renderImage renders the text in place of an image.
func renderImage(b util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		writer{b}.text([]byte(textOf(n, source)))
	}
	return ast.WalkSkipChildren, nil
}

func renderHeading(b util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		writer{b}.html("<p><strong>")
	} else {
		writer{b}.html("</strong></p>\n")
	}
	return ast.WalkContinue, nil
}

func renderCode(b util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		w := writer{b}
		w.html("<pre><code>")
		w.text(n.Lines().Value(source))
		w.html("</code></pre>\n")
	}
	return ast.WalkSkipChildren, nil
}
