package main

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// templTexts returns the texts of a template: what is between tags, the attributes that
// readers see or hear, strings of Go expressions, and comments. It relies on the form that
// "templ fmt" gives a file: each statement and each template begins a line.
func templTexts(s *source) []text {
	t := &templFile{source: s, run: -1}
	body := false
	for t.pos < len(s.content) {
		line := t.rest()
		switch {
		case !body && templStart.MatchString(line):
			t.pos += strings.IndexByte(line, '\n') + 1
			body = true
		case !body:
			t.goLines()
		case strings.HasPrefix(line, "}"):
			t.flush()
			t.pos++
			body = false
		default:
			t.markup()
		}
	}
	t.flush()
	return t.texts
}

type templFile struct {
	*source
	pos   int
	run   int // where the text between two tags began; -1 is nowhere
	texts []text
}

var (
	templStart = regexp.MustCompile(`^templ [^\n]*\{\n`)
	goOnly     = regexp.MustCompile(`^(if |for |switch |case |default:|\} else|\}\n|\}$|@|//|/\*|<!--)`)
	shown      = regexp.MustCompile(`^(title|alt|placeholder|aria-(label|description)|label|content|summary|` +
		`data-(confirm|text|label|title)[a-z-]*)$`)
	opening   = regexp.MustCompile(`^</?([a-zA-Z][\w-]*)|^<!`)
	attribute = regexp.MustCompile(`^([@:\w.-]+)(\?)?(?:=("[^"]*"|'[^']*'|[^\s{>"']+)?)?`)
)

func (t *templFile) rest() string { return t.content[t.pos:] }

// goLines reads Go code up to the next template.
func (t *templFile) goLines() {
	end := len(t.content)
	if at := regexp.MustCompile(`(?m)^templ `).FindStringIndex(t.rest()[1:]); at != nil {
		end = t.pos + 1 + at[0]
	}
	t.goCode(t.pos, end)
	t.pos = end
}

// markup reads one line, or one part of it, of a template's body.
func (t *templFile) markup() {
	for t.pos < len(t.content) && strings.ContainsRune(" \t\n", rune(t.content[t.pos])) {
		t.pos++
	}
	if goOnly.MatchString(t.rest()) && t.startsLine() {
		t.flush()
		t.statement()
		return
	}
	for t.pos < len(t.content) {
		switch c := t.content[t.pos]; {
		case c == '\n':
			t.pos++
			return
		case c == '<' && opening.MatchString(t.rest()):
			t.flush()
			t.tag()
		case c == '{':
			t.begin()
			t.expression()
		default:
			if c != ' ' && c != '\t' {
				t.begin()
			}
			t.pos++
		}
	}
}

func (t *templFile) startsLine() bool {
	before := t.content[:t.pos]
	return strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:]) == ""
}

func (t *templFile) begin() {
	if t.run < 0 {
		t.run = t.pos
	}
}

// flush ends the text between two tags.
func (t *templFile) flush() {
	if t.run < 0 {
		return
	}
	body := maskBraces(t.content[t.run:t.pos])
	if strings.ContainsAny(body, "abcdefghijklmnopqrstuvwxyz") {
		t.texts = append(t.texts, text{file: t.source, offset: t.run, kind: message, body: strings.TrimRight(body, " \t\n")})
	}
	t.run = -1
}

// statement reads a line of control flow, a call or a comment. A call can go on for lines,
// until its parentheses are closed.
func (t *templFile) statement() {
	start := t.pos
	rest := t.rest()
	switch {
	case strings.HasPrefix(rest, "//"):
		t.pos += strings.IndexByte(rest, '\n') + 1
		t.texts = append(t.texts, t.text(comment, start, t.pos, maskMarks, maskCode))
		return
	case strings.HasPrefix(rest, "/*"), strings.HasPrefix(rest, "<!--"):
		end := regexp.MustCompile(`\*/|-->`).FindStringIndex(rest)
		t.pos += end[1]
		t.texts = append(t.texts, t.text(comment, start, t.pos, maskMarks, maskCode))
		return
	}
	t.pos += lineEnd(rest)
	t.goCode(start, t.pos)
}

// tag reads a tag with its attributes.
func (t *templFile) tag() {
	t.pos += len(opening.FindString(t.rest()))
	for t.pos < len(t.content) {
		switch c := t.content[t.pos]; {
		case c == '>':
			t.pos++
			return
		case c == '{':
			t.expression()
		case strings.HasPrefix(t.rest(), "if "), strings.HasPrefix(t.rest(), "else "):
			start := t.pos
			t.pos += lineEnd(t.rest())
			t.goCode(start, t.pos)
		default:
			if at := attribute.FindStringSubmatchIndex(t.rest()); at != nil {
				t.attribute(at)
			} else {
				t.pos++
			}
		}
	}
}

// attribute reads an attribute and its constant value. An expression follows as one.
func (t *templFile) attribute(at []int) {
	rest := t.rest()
	key := rest[at[2]:at[3]]
	if at[6] >= 0 && shown.MatchString(key) {
		t.texts = append(t.texts, t.text(message, t.pos+at[6], t.pos+at[7], maskEscapes))
	}
	t.pos += at[1]
	if strings.HasPrefix(t.rest(), "{") && !shown.MatchString(key) && !strings.HasPrefix(key, "aria-") {
		_, t.pos = goBlock(t.content, t.pos)
	}
}

// expression reads { Go code }.
func (t *templFile) expression() {
	start := t.pos
	_, t.pos = goBlock(t.content, start)
	t.goCode(start+1, t.pos-1)
}

// goCode reads the strings and comments of Go code.
func (t *templFile) goCode(from, to int) {
	each(t.content[from:to], func(tok token.Token, at int, lit string) bool {
		start := from + at
		switch tok {
		case token.COMMENT:
			t.texts = append(t.texts, t.text(comment, start, start+len(lit), maskMarks, maskCode))
		case token.STRING:
			if s, err := strconv.Unquote(lit); err == nil && isText(s) {
				t.texts = append(t.texts, t.text(message, start, start+len(lit), maskEscapes))
			}
		default:
		}
		return true
	})
}

// each calls f with the tokens of Go code, which need not be whole, while f returns true.
func each(code string, f func(tok token.Token, at int, lit string) (goOn bool)) {
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(code))
	var s scanner.Scanner
	s.Init(file, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF || !f(tok, file.Offset(pos), lit) {
			return
		}
	}
}

// goBlock returns what { and its } enclose, and the offset after the }.
func goBlock(content string, start int) (block string, end int) {
	depth, end := 0, len(content)
	each(content[start:], func(tok token.Token, at int, _ string) bool {
		switch tok {
		case token.LBRACE:
			depth++
		case token.RBRACE:
			depth--
		default:
		}
		if depth == 0 {
			end = start + at + 1
		}
		return depth > 0
	})
	return content[start:end], end
}

// lineEnd returns the end of a statement: that of the line at which its parentheses and
// braces of values are closed.
func lineEnd(code string) int {
	end := 0
	for {
		next := strings.IndexByte(code[end:], '\n')
		if next < 0 {
			return len(code)
		}
		end += next + 1
		depth := 0
		each(code[:end], func(tok token.Token, _ int, _ string) bool {
			switch tok {
			case token.LPAREN, token.LBRACK:
				depth++
			case token.RPAREN, token.RBRACK:
				depth--
			default:
			}
			return true
		})
		if depth <= 0 {
			return end
		}
	}
}

// maskBraces blanks the Go expressions of a text.
func maskBraces(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '{' {
			b.WriteByte(s[i])
			i++
			continue
		}
		block, end := goBlock(s, i)
		for j := range len(block) {
			if j == 0 || (j == len(block)-1 && block[j] == '}') {
				b.WriteByte(block[j])
			} else {
				b.WriteString(blank(block[j : j+1]))
			}
		}
		i = end
	}
	return b.String()
}
