package main

import (
	"fmt"
	"io"
	"strings"
)

// areas are the parts of the product whose texts a reader sees together, in order. A path
// belongs to the first area that has a prefix of it.
var areas = []struct {
	title    string
	prefixes []string
}{
	{"Pages", []string{"templates/", "admin/", "static/js/"}},
	{"Messages: notifications and emails", []string{
		"app/event/", "app/module/", "app/account/", "app/notify/", "app/feed/", "app/gate/", "app/explain/",
	}},
	{"Settings and jobs", []string{"app/settings/", "jobs/"}},
	{"Command line and configuration", []string{
		"app/cli/", "main.go", "app/config.go", "app/check.go", "app/doctor", "app/first.go", "app/key.go",
	}},
	{"API descriptions", []string{"app/api/"}},
	{"Demo", []string{"app/demo/"}},
	{"Errors and states", []string{"app/", "models/"}},
}

// list writes all texts for readers of the product in a row, per area and file, then the log.
func list(w io.Writer, texts []text) error {
	groups := make([][]text, len(areas)+1)
	for _, t := range texts {
		if isTest(t.file.path) {
			continue
		}
		switch t.kind {
		case comment, prose, name, failure:
		case message:
			if i := area(t.file.path); i >= 0 {
				groups[i] = append(groups[i], t)
			}
		case logged:
			groups[len(areas)] = append(groups[len(areas)], t)
		}
	}
	for i, group := range groups {
		title := "Log"
		if i < len(areas) {
			title = areas[i].title
		}
		if _, err := fmt.Fprintf(w, "# %s\n", title); err != nil {
			return err
		}
		for _, t := range group {
			line, _ := t.file.position(t.offset)
			if _, err := fmt.Fprintf(w, "%s:%d: %s\n", t.file.path, line, t.line()); err != nil {
				return err
			}
		}
	}
	return nil
}

func area(path string) int {
	for i, a := range areas {
		for _, prefix := range a.prefixes {
			if strings.HasPrefix(path, prefix) {
				return i
			}
		}
	}
	return -1
}
