package main

import (
	"fmt"
	"path"
	"strings"
)

// An exception allows words in files, for a reason.
type exception struct {
	line    int
	words   string
	pattern string // of paths, as path.Match has it; a folder ends in /
	used    bool
}

// parseExceptions reads one exception a line: words | path | reason.
func parseExceptions(content string) ([]*exception, error) {
	var list []*exception
	for i, line := range strings.Split(content, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: write words | path | reason", i+1)
		}
		for j := range fields {
			if fields[j] = strings.TrimSpace(fields[j]); fields[j] == "" {
				return nil, fmt.Errorf("line %d: write words | path | reason, none of them empty", i+1)
			}
		}
		if _, err := path.Match(fields[1], ""); err != nil {
			return nil, fmt.Errorf("line %d: path %q: %w", i+1, fields[1], err)
		}
		list = append(list, &exception{line: i + 1, words: fields[0], pattern: fields[1]})
	}
	return list, nil
}

// allows reports whether the exception is about a hit.
func (e *exception) allows(h hit) bool {
	if !strings.EqualFold(e.words, strings.Join(strings.Fields(h.words), " ")) {
		return false
	}
	if strings.HasSuffix(e.pattern, "/") {
		return strings.HasPrefix(h.text.file.path, e.pattern)
	}
	ok, err := path.Match(e.pattern, h.text.file.path)
	return err == nil && ok
}

// without returns the hits that no exception allows, and marks the exceptions that were used.
func without(hits []hit, exceptions []*exception) []hit {
	var rest []hit
	for _, h := range hits {
		allowed := false
		for _, e := range exceptions {
			if e.allows(h) {
				e.used, allowed = true, true
			}
		}
		if !allowed {
			rest = append(rest, h)
		}
	}
	return rest
}
