package main

import (
	"regexp"
	"strings"
)

// markdownTexts returns the paragraphs of a Markdown file, without code and addresses.
func markdownTexts(s *source) []text {
	body := s.content
	for _, mask := range []func(string) string{maskFence, maskHTML, maskCode, maskLinks} {
		body = mask(body)
	}
	var texts []text
	start := 0
	for _, end := range append(blankLine.FindAllStringIndex(body, -1), []int{len(body), len(body)}) {
		if strings.TrimSpace(body[start:end[0]]) != "" {
			texts = append(texts, text{file: s, offset: start, kind: prose, body: body[start:end[0]]})
		}
		start = end[1]
	}
	return texts
}

var blankLine = regexp.MustCompile(`\n[ \t]*\n`)

// hashTexts returns the comments of a build file, each run of lines as one.
func hashTexts(s *source) []text {
	return matching(s, comment, hashComment, maskHash, maskCode, maskLinks)
}

// styleTexts returns the comments of a style sheet.
func styleTexts(s *source) []text { return matching(s, comment, blockComment, maskMarks, maskCode) }

var (
	hashComment  = regexp.MustCompile(`(?m)^[ \t]*#[^!].*(\n[ \t]*#.*)*|[ \t]##? .*$`)
	blockComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
)

func matching(s *source, k kind, re *regexp.Regexp, masks ...func(string) string) []text {
	var texts []text
	for _, at := range re.FindAllStringIndex(s.content, -1) {
		texts = append(texts, s.text(k, at[0], at[1], masks...))
	}
	return texts
}

// scriptTexts returns the comments and strings of a script.
func scriptTexts(s *source) []text {
	var texts []text
	for _, at := range scriptParts.FindAllStringIndex(s.content, -1) {
		part := s.content[at[0]:at[1]]
		switch {
		case strings.HasPrefix(part, "/"):
			texts = append(texts, s.text(comment, at[0], at[1], maskMarks, maskCode))
		case isText(part[1 : len(part)-1]):
			texts = append(texts, s.text(message, at[0], at[1], maskEscapes))
		}
	}
	return texts
}

// scriptParts matches comments and strings. A script that divides strings or has patterns
// with quotes needs more than this.
var scriptParts = regexp.MustCompile(`(?m)//[^\n]*(\n[ \t]*//[^\n]*)*|(?s:/\*.*?\*/)|` +
	`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|` + "`(?:[^`\\\\]|\\\\.)*`")
