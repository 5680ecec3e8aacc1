package main

import (
	"path"
	"strings"
)

// A kind says where a text is written, and with that, who reads it.
type kind string

const (
	message kind = "text"    // a string that users read
	logged  kind = "log"     // the message of a log line
	comment kind = "comment" // of Go, templates, scripts, style sheets and build files
	prose   kind = "doc"     // Markdown, without its code
	name    kind = "name"    // the name of a test
	failure kind = "failure" // what a failing test says
)

// A text is one run of words of a file. Its body has the length of the source that it was
// read from, with spaces for what is not words, so that an index in it is a place in the file.
type text struct {
	file   *source
	offset int
	kind   kind
	body   string
}

// A source is a file with the places where its lines begin.
type source struct {
	path    string
	content string
	lines   []int
}

func newSource(path, content string) *source {
	s := &source{path: path, content: content, lines: []int{0}}
	for i := range content {
		if content[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// position returns the line and the column of an offset, both from 1.
func (s *source) position(offset int) (line, column int) {
	line = len(s.lines)
	for line > 1 && s.lines[line-1] > offset {
		line--
	}
	return line, offset - s.lines[line-1] + 1
}

// text returns the text between two offsets, with masked parts.
func (s *source) text(k kind, from, to int, masks ...func(string) string) text {
	body := s.content[from:to]
	for _, mask := range masks {
		body = mask(body)
	}
	return text{file: s, offset: from, kind: k, body: body}
}

// extract returns the texts of a file, by the end of its name. Other files have none.
func extract(s *source) ([]text, error) {
	switch {
	case strings.HasSuffix(s.path, "_templ.go"):
		return nil, nil // generated
	case strings.HasSuffix(s.path, ".go"):
		return goTexts(s)
	case strings.HasSuffix(s.path, ".templ"):
		return templTexts(s), nil
	case strings.HasSuffix(s.path, ".js"):
		return scriptTexts(s), nil
	case strings.HasSuffix(s.path, ".css"):
		return styleTexts(s), nil
	case strings.HasSuffix(s.path, ".md"):
		return markdownTexts(s), nil
	case hashComments(s.path):
		return hashTexts(s), nil
	}
	return nil, nil
}

// hashComments reports whether comments of the file begin with #.
func hashComments(file string) bool {
	switch path.Base(file) {
	case "Makefile", "Dockerfile", ".gitignore", ".dockerignore", ".gitattributes":
		return true
	}
	switch path.Ext(file) {
	case ".yml", ".yaml":
		return true
	case "":
		return path.Dir(file) == ".ci"
	}
	return false
}

// line returns a text in one line, as a reader sees it.
func (t text) line() string { return strings.Join(strings.Fields(t.body), " ") }
