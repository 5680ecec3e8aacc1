package cli

import (
	"fmt"
	"path/filepath"
	"strings"
)

// named returns arguments that give each file a source name that is not taken, made from the name of
// the file: "image=out/image.json".
func named(files []*reportFile, taken map[string]bool) []string {
	args := make([]string, len(files))
	for i, f := range files {
		args[i] = shellWord(uniqueName(f, taken) + "=" + f.path)
	}
	return args
}

// uniqueName returns a name for a file that is not taken, and takes it: its own, with the names of
// the folders that it is in, or with a number.
func uniqueName(f *reportFile, taken map[string]bool) string {
	name := stem(f.path)
	for dir := filepath.Dir(f.path); taken[name] && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		name = filepath.Base(dir) + "-" + name
	}
	base := name
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	taken[name] = true
	return name
}

// stem returns the name of a file without the endings that say what is in it.
func stem(path string) string {
	if path == "-" {
		return "stdin"
	}
	name := filepath.Base(path)
	for {
		ending := strings.ToLower(filepath.Ext(name))
		switch ending {
		case ".json", ".jsonl", ".sarif", ".gz", ".cdx", ".bom":
			if rest := name[:len(name)-len(ending)]; rest != "" {
				name = rest
				continue
			}
		}
		return strings.ReplaceAll(name, "=", "-")
	}
}

// shellWord returns a word as it is written in a shell.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._/:@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
