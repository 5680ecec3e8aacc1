// Package markdown renders the Markdown that reports contain. Its source is hostile: the HTML has
// no tag, attribute or address of the source's own, and no images.
package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Limits of what is rendered. The parser takes quadratic time for nested blocks and links, and a
// table fills up each of its rows.
const (
	maxSource  = 4 << 10 // bytes
	maxColumns = 64      // bars in a line
	maxDepth   = 24      // of blocks and spans within each other
	maxNodes   = 5000    // blocks and spans
)

// markdown is CommonMark with tables, strikethrough and links without markup. Raw HTML is text: no
// parser reads it. It is safe for concurrent use.
var markdown = goldmark.New(
	goldmark.WithParser(parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewEmphasisParser(), 500),
		),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)),
	goldmark.WithExtensions(
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)),
		extension.Strikethrough,
		extension.NewLinkify(extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"})),
	),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(restricted{}, 100))),
)

// HTML returns Markdown as HTML that a page can contain. ok is false for a text that is too long or
// too nested: show it as it is.
func HTML(source string) (html string, ok bool) {
	doc, data, ok := parse(source)
	if !ok {
		return "", false
	}
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, data, doc); err != nil {
		return "", false
	}
	return b.String(), true
}

// Text returns the text of Markdown as a single line, without its markup.
func Text(source string) string {
	doc, data, ok := parse(source)
	if !ok {
		return oneLine(source)
	}
	return oneLine(textOf(doc, data))
}

// textOf returns the text of a node without its markup.
func textOf(n ast.Node, data []byte) string {
	var b strings.Builder
	err := ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if n.Type() == ast.TypeBlock {
			b.WriteByte(' ')
		}
		if entering {
			writeText(&b, n, data)
		}
		return ast.WalkContinue, nil
	})
	if err != nil { // this walk has no errors
		return ""
	}
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// writeText writes the text of a node without its children.
func writeText(b *strings.Builder, n ast.Node, data []byte) {
	switch n := n.(type) {
	case *ast.Text:
		value := n.Value(data)
		if !n.IsRaw() {
			value = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(value)))
		}
		b.Write(value)
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte(' ')
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.AutoLink:
		b.Write(n.Label(data))
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		b.Write(n.Lines().Value(data))
	}
}

// parse parses a text; ok is false if it exceeds a limit.
func parse(source string) (doc ast.Node, data []byte, ok bool) {
	if len(source) > maxSource || hasWideTable(source) {
		return nil, nil, false
	}
	data = []byte(strings.ToValidUTF8(source, "\uFFFD"))
	doc = markdown.Parser().Parse(text.NewReader(data))
	depth, nodes, ok := 0, 0, true
	err := ast.Walk(doc, func(_ ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			depth--
			return ast.WalkContinue, nil
		}
		depth++
		nodes++
		if depth > maxDepth || nodes > maxNodes {
			ok = false
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return doc, data, ok && err == nil
}

func hasWideTable(source string) bool {
	for line := range strings.Lines(source) {
		if strings.Count(line, "|") > maxColumns {
			return true
		}
	}
	return false
}
