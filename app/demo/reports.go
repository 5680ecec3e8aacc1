package demo

import (
	"embed"
	"encoding/json"
	"fmt"
)

// Each report begins with the mildest findings, so that a part of it is the report of a better day.
//
//go:embed reports
var files embed.FS

// findingsPaths are the paths of the lists of findings in the reports.
var findingsPaths = map[string][]string{
	"checkout.grype.json":    {"matches"},
	"billing.cyclonedx.json": {"vulnerabilities"},
	"portal.trivy.json":      {"Results", "Vulnerabilities"},
	"mobile.sarif":           {"runs", "results"},
	"platform.gitlab.json":   {"vulnerabilities"},
}

// report returns an embedded report with its first findings only.
func report(name string, findings int) ([]byte, error) {
	text, err := files.ReadFile("reports/" + name)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !shorten(doc, findingsPaths[name], findings) {
		return nil, fmt.Errorf("%s: no findings at %v", name, findingsPaths[name])
	}
	return json.Marshal(doc)
}

// shorten shortens the list at a path to n elements. The lists on the path have one element. It
// reports whether it found the list.
func shorten(at map[string]any, path []string, n int) bool {
	if len(path) == 0 {
		return false
	}
	list, ok := at[path[0]].([]any)
	switch {
	case !ok:
		return false
	case len(path) == 1:
		at[path[0]] = list[:min(n, len(list))]
		return true
	}
	inner, ok := list[0].(map[string]any)
	return ok && shorten(inner, path[1:], n)
}
