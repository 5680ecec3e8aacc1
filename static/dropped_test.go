package static_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a source can name, as .ci/purgecss/purge.js finds it.
var (
	goString = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`")
	word     = regexp.MustCompile(`[A-Za-z0-9_-]+`)
	variable = regexp.MustCompile(`--[A-Za-z0-9_-]+`)
)

// words returns what a file can name of a style sheet; of a file that is no source, nothing.
func words(name, text string) []string {
	switch {
	case strings.HasSuffix(name, "_templ.go"), strings.HasSuffix(name, "_test.go"):
		return nil
	case strings.HasSuffix(name, ".go"):
		return word.FindAllString(strings.Join(goString.FindAllString(text, -1), "\n"), -1)
	case strings.HasSuffix(name, ".css"):
		return variable.FindAllString(text, -1)
	case strings.HasSuffix(name, ".templ"), strings.HasSuffix(name, ".js"):
		return word.FindAllString(text, -1)
	}
	return nil
}

// purgedSheet returns the style sheet that is reduced to what its sources use, and the names of
// classes, data attributes and variables that it lost.
func purgedSheet(t *testing.T) (sheet vendored, dropped map[string]bool) {
	t.Helper()
	purged := slices.DeleteFunc(manifest(t), func(v vendored) bool { return v.Purge == nil })
	if len(purged) != 1 {
		t.Fatalf("%d purged style sheets, want 1", len(purged))
	}
	text, err := os.ReadFile(filepath.Join("..", purged[0].Purge.Dropped))
	if err != nil {
		t.Fatal(err)
	}
	dropped = map[string]bool{}
	for name := range strings.FieldsSeq(string(text)) {
		dropped[name] = true
	}
	return purged[0], dropped
}

func TestNoSourceUsesDroppedNames(t *testing.T) {
	sheet, dropped := purgedSheet(t)
	for _, dir := range sheet.Purge.Sources {
		files := 0
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, name := range words(path, string(text)) {
				if dropped[name] {
					t.Errorf("%s names %s, which %s lacks: run make vendor-static", path, name, sheet.To)
				}
			}
			return nil
		})
		if err != nil || files == 0 {
			t.Errorf("%s: %d files read: %v", dir, files, err)
		}
	}
}

// TestWords_FindsDroppedNames shows that TestNoSourceUsesDroppedNames can fail.
func TestWords_FindsDroppedNames(t *testing.T) {
	_, dropped := purgedSheet(t)
	for name, source := range map[string]string{
		"a.templ": `<div class="accordion"></div>`,
		"a.go":    "package a\n\nconst class = \"btn accordion\" // accordion",
		"b.go":    "package b\n\nconst class = `accordion`",
		"a.js":    `row.classList.add("accordion")`,
		"a.css":   `.accordion { color: var(--tblr-accordion-active-color) }`,
	} {
		var found []string
		for _, w := range words(name, source) {
			if dropped[w] {
				found = append(found, w)
			}
		}
		if len(found) != 1 {
			t.Errorf("%s: found %v, want one name", name, found)
		}
	}
}
