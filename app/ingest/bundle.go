package ingest

import (
	"slices"
	"strings"
	"time"

	"gatecrier/models"
)

// maxBundle bounds the tools that a source remembers.
const maxBundle = 100

// noticeMissing is how long an answer names a tool that the files of a source lack.
const noticeMissing = 7 * 24 * time.Hour

// bundle is what the tools of a SARIF file say about its place in a source.
type bundle struct {
	tools   []string             // of the source, with those of the file
	alone   []string             // of the source
	missing []models.MissingTool // if the file is whole
	unsure  []string             // the missing tools, if the file can be one that has come alone before
}

// bundleOf returns how a file with some tools changes what its source knows. A file without a tool
// of its source says that this tool found nothing, unless all tools of the file came alone before:
// it can be a file of another scan then.
func bundleOf(was models.SourceFacts, tools []string, now time.Time) bundle {
	b := bundle{tools: was.Tools, alone: was.Alone, missing: was.Missing}
	if len(tools) == 0 {
		return b
	}
	if len(tools) == 1 && len(was.Tools) == 0 {
		b.alone = tools
	}
	b.tools = slices.Clone(was.Tools)
	whole := len(was.Tools) == 0
	for _, tool := range tools {
		switch {
		case slices.Contains(was.Tools, tool):
			whole = whole || !slices.Contains(was.Alone, tool)
		case len(b.tools) < maxBundle:
			b.tools = append(b.tools, tool)
		}
	}
	var missing []models.MissingTool
	for _, tool := range was.Tools {
		if slices.Contains(tools, tool) {
			continue
		}
		since := now
		for _, m := range was.Missing {
			if m.Tool == tool {
				since = m.Since
			}
		}
		missing = append(missing, models.MissingTool{Tool: tool, Since: since})
	}
	if whole || len(missing) == 0 {
		b.missing = missing
		return b
	}
	for _, m := range missing {
		b.unsure = append(b.unsure, m.Tool)
	}
	return b
}

// warnings returns what the answer says about the tools of a file that resolves what it lacks.
func (b bundle) warnings(now time.Time) []string {
	var missing []string
	for _, m := range b.missing {
		if now.Sub(m.Since) <= noticeMissing {
			missing = append(missing, m.Tool)
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return []string{missing[0] + " is missing from the file: it counts as having found nothing, and its " +
			"observations are resolved"}
	}
	return []string{listed(missing) + " are missing from the file: they count as having found nothing, and their " +
		"observations are resolved"}
}

// unsureWarning says why a file without some tools resolves nothing.
func (b bundle) unsureWarning(tools []string) string {
	return listed(b.unsure) + ": missing from the file. " + listed(tools) + " also came without other tools, so this " +
		"can be another scan. Nothing was resolved. Name the source of each scan (--source)"
}

// twice returns the warning for tools of a file that also have a source of their own.
func twice(source models.Source, sources []models.Source, tools []string) []string {
	if len(tools) < 2 {
		return nil
	}
	var names []string
	for _, s := range sources {
		if s.ID == source.ID || s.Name != source.Name {
			continue
		}
		if slices.ContainsFunc(s.Facts.Decode().Alone, func(t string) bool { return slices.Contains(tools, t) }) {
			names = append(names, nameOf(s))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{"The file has a tool that also has a source of its own, whose observations count as well: " +
		listed(names) + ". If it is the same scan, remove that source on the page of the product; if not, name the " +
		"source of each scan (--source)"}
}

// maxListed bounds the names in a text.
const maxListed = 5

// listed returns names as a list in a sentence.
func listed(names []string) string {
	if len(names) > maxListed {
		names = append(slices.Clone(names[:maxListed-1]), "others")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
