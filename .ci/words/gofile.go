package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// goTexts returns the texts of a Go file: comments, strings for readers and help texts in
// struct tags. Of tests it has the comments, the names and what a failure says, since their
// other strings are made-up data or repeat a text of the product.
func goTexts(s *source) ([]text, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, s.path, s.content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	g := goFile{source: s, at: func(p token.Pos) int { return files.Position(p).Offset }, test: isTest(s.path)}
	names := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names[id.Name] = true
		}
		return true
	})
	for _, c := range f.Comments {
		g.comment(c, names)
	}
	for _, d := range f.Decls {
		if imports, ok := d.(*ast.GenDecl); ok && imports.Tok == token.IMPORT {
			continue
		}
		ast.Inspect(d, g.visit)
	}
	slices.SortFunc(g.texts, func(a, b text) int { return a.offset - b.offset })
	return g.texts, nil
}

// isTest reports whether a file is read by tests alone.
func isTest(path string) bool {
	return strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/")
}

type goFile struct {
	*source
	at    func(token.Pos) int
	test  bool
	texts []text
	seen  map[int]bool // the literals that their parent has read
}

// directives are comments for programs.
var directives = regexp.MustCompile(`^//(go:|nolint|line |lint:)`)

// comment reads a comment without the name that it documents.
func (g *goFile) comment(c *ast.CommentGroup, names map[string]bool) {
	from, to := g.at(c.Pos()), g.at(c.End())
	if directives.MatchString(g.content[from:to]) {
		return
	}
	t := g.text(comment, from, to, maskMarks, maskCode, maskLinks)
	if first := firstWord.FindString(t.body); names[first] {
		t.body = strings.Replace(t.body, first, blank(first), 1)
	}
	g.texts = append(g.texts, t)
}

var firstWord = regexp.MustCompile(`\w+`)

func (g *goFile) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if g.test && regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)`).MatchString(n.Name.Name) {
			g.texts = append(g.texts, g.text(name, g.at(n.Name.Pos()), g.at(n.Name.End())))
		}
	case *ast.CallExpr:
		g.call(n)
	case *ast.Field:
		g.tag(n.Tag)
		g.skip(n.Tag)
	case *ast.BasicLit:
		if !g.test && n.Kind == token.STRING && !g.seen[int(n.Pos())] {
			g.literal(message, n)
		}
	}
	return true
}

// failures are the methods of tests whose arguments readers see.
var failures = map[string]bool{
	"Fatal": true, "Fatalf": true, "Error": true, "Errorf": true, "Log": true, "Logf": true,
	"Run": true, "Skip": true, "Skipf": true,
}

// logging are the methods of a logger, with the place of the message.
var logging = map[string]int{
	"Debug": 0, "Info": 0, "Warn": 0, "Error": 0,
	"DebugContext": 1, "InfoContext": 1, "WarnContext": 1, "ErrorContext": 1, "Log": 2, "LogAttrs": 2,
}

// call reads the arguments of calls that say what their strings are for.
func (g *goFile) call(n *ast.CallExpr) {
	method, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if g.test {
		if failures[method.Sel.Name] && len(n.Args) > 0 {
			g.argument(failure, n.Args[0])
		}
		return
	}
	if i, ok := logging[method.Sel.Name]; ok && len(n.Args) > i {
		g.argument(logged, n.Args[i])
	}
}

func (g *goFile) argument(k kind, arg ast.Expr) {
	if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING && !g.seen[int(lit.Pos())] {
		g.literal(k, lit)
		g.skip(lit)
	}
}

func (g *goFile) skip(lit *ast.BasicLit) {
	if lit == nil {
		return
	}
	if g.seen == nil {
		g.seen = map[int]bool{}
	}
	g.seen[int(lit.Pos())] = true
}

func (g *goFile) literal(k kind, lit *ast.BasicLit) {
	s, err := strconv.Unquote(lit.Value)
	if err != nil || (k != logged && !isText(s)) {
		return
	}
	g.texts = append(g.texts, g.text(k, g.at(lit.Pos()), g.at(lit.End()), maskEscapes, maskLinks, maskHTML))
}

// tags are the keys of struct tags whose values are help texts: kong's and huma's.
var tags = regexp.MustCompile(`\b(help|doc|description|summary):"((?:[^"\\]|\\.)*)"`)

func (g *goFile) tag(lit *ast.BasicLit) {
	if lit == nil || g.test {
		return
	}
	start := g.at(lit.Pos())
	for _, at := range tags.FindAllStringSubmatchIndex(lit.Value, -1) {
		g.texts = append(g.texts, g.text(message, start+at[4], start+at[5], maskEscapes, maskLinks))
	}
}
