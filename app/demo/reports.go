package demo

import (
	"embed"
	"encoding/json"
	"fmt"
)

// Each report runs from what a team lives with to what stops a release, so that
// its first findings are those of a better day.
//
//go:embed reports
var files embed.FS

// findingsPath is the list of findings in each report.
var findingsPath = map[string][]string{
	"checkout.grype.json":    {"matches"},
	"billing.cyclonedx.json": {"vulnerabilities"},
	"portal.trivy.json":      {"Results", "Vulnerabilities"},
	"mobile.sarif":           {"runs", "results"},
	"platform.gitlab.json":   {"vulnerabilities"},
}

// report is an embedded report with its first findings alone.
func report(name string, findings int) ([]byte, error) {
	text, err := files.ReadFile("reports/" + name)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !shorten(doc, findingsPath[name], findings) {
		return nil, fmt.Errorf("%s: no findings at %v", name, findingsPath[name])
	}
	return json.Marshal(doc)
}

// shorten shortens the list at a path; lists on the way have one element.
func shorten(at map[string]any, path []string, most int) bool {
	if len(path) == 0 {
		return false
	}
	list, ok := at[path[0]].([]any)
	switch {
	case !ok:
		return false
	case len(path) == 1:
		at[path[0]] = list[:min(most, len(list))]
		return true
	}
	inner, ok := list[0].(map[string]any)
	return ok && shorten(inner, path[1:], most)
}
