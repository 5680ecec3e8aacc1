// Command words checks the words of all texts: strings that users read, comments, names of
// tests and docs. With -texts it prints the texts for users of the product in a row.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
)

const exceptionsFile = ".ci/words/exceptions.txt"

func main() {
	texts := flag.Bool("texts", false, "print all texts for users of the product")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reads the files of the repository, in whose root it is started.
func run(ctx context.Context, w io.Writer, listing bool) error {
	files, err := files(ctx)
	if err != nil {
		return err
	}
	var all []text
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		texts, err := extract(newSource(file, string(content)))
		if err != nil {
			return err
		}
		all = append(all, texts...)
	}
	if listing {
		return list(w, all)
	}
	content, err := os.ReadFile(exceptionsFile)
	if err != nil {
		return err
	}
	exceptions, err := parseExceptions(string(content))
	if err != nil {
		return fmt.Errorf("%s: %w", exceptionsFile, err)
	}
	return report(w, all, exceptions)
}

// report writes what is refused, and returns an error if that is anything.
func report(w io.Writer, all []text, exceptions []*exception) error {
	var hits []hit
	for _, t := range all {
		hits = append(hits, check(t)...)
	}
	hits = without(hits, exceptions)
	for _, h := range hits {
		line, column := h.text.file.position(h.offset)
		words := strings.Join(strings.Fields(h.words), " ")
		if _, err := fmt.Fprintf(w, "%s:%d:%d: %q in %s %q; write: %s\n",
			h.text.file.path, line, column, words, h.text.kind, around(h), h.write); err != nil {
			return err
		}
	}
	count := len(hits)
	for _, e := range exceptions {
		if !e.used {
			count++
			if _, err := fmt.Fprintf(w, "%s:%d:1: nothing needs this exception for %q: remove it\n",
				exceptionsFile, e.line, e.words); err != nil {
				return err
			}
		}
	}
	if count > 0 {
		return fmt.Errorf("%d texts need another word; if a word is right in its place, add a line to %s",
			count, exceptionsFile)
	}
	return nil
}

// around returns the part of a text that has the hit.
func around(h hit) string {
	const width = 40
	body := h.text.body
	at := min(max(0, h.offset-h.text.offset), len(body))
	return strings.Join(strings.Fields(ascii(body)[max(0, at-width):min(len(body), at+width)]), " ")
}

func isGo(file string) bool { return strings.HasSuffix(file, ".go") }

// files returns the files of the repository that were written here, in order.
func files(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	var list []string
	for file := range strings.Lines(string(out)) {
		file = strings.TrimSuffix(file, "\n")
		if _, err := os.Stat(file); err == nil && !excluded(file) {
			list = append(list, file)
		}
	}
	return list, nil
}

// excluded are files of others, samples, and this check, which has to name what it refuses.
func excluded(file string) bool {
	return strings.HasPrefix(file, "static/vendor/") || strings.HasPrefix(file, ".ci/words/") ||
		strings.Contains("/"+path.Dir(file)+"/", "/testdata/") || file == "LICENSE"
}
